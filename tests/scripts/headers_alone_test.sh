# Every header compiles on its own, with only the include paths of its folder's dependencies. Those with which a source begins, in a build
# with EBB_HEADERS_FIRST, have been compiled so.
set -eu
export CXX
check() {  # check FOLDER HEADER
  echo "#include <$2>" | "$CXX" -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Werror \
    $(cat "$EBB_INCLUDES/$1.txt") $EBB_XTENSOR_OPTIONS -x c++ - || { echo "<$2> does not compile alone"; return 1; }
}
export -f check
proven() { [ -n "$EBB_HEADERS_FIRST" ] && [ -e "$EBB_SOURCE/${1%.hpp}.cpp" ]; }
for folder in ops data ranks autograd nn optim observe online experiments; do
  (cd "$EBB_SOURCE" && find "$folder" -name '*.hpp') | while read -r header; do proven "$header" || echo "$folder ebb/$header"; done
done | xargs -P 2 -L 1 bash -c 'check "$@"' --
