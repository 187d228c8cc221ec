# Every header compiles on its own, with only the include paths of its folder's dependencies.
set -eu
export CXX
check() {  # check FOLDER HEADER
  echo "#include <$2>" | "$CXX" -std=c++20 -fsyntax-only -Wall -Wextra -Wconversion -Werror \
    $(cat "$EBB_INCLUDES/$1.txt") $EBB_XTENSOR_OPTIONS -x c++ - || { echo "<$2> does not compile alone"; return 1; }
}
export -f check
for folder in ops data ranks autograd nn optim observe online experiments; do
  (cd "$EBB_SOURCE" && find "$folder" -name '*.hpp' | sed "s,.*,$folder ebb/&,")
done | xargs -P 2 -L 1 bash -c 'check "$@"' --
