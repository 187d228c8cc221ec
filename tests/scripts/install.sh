# Installs Ebb and moves the result: the package must be relocatable.
set -eu
cmake --install "$EBB_BUILD" --prefix "$PWD/first" >log || { cat log; exit 1; }
if grep -rlF -e "$PWD/first" -e "$EBB_BUILD" -e "$EBB_SOURCE" first --include='*.cmake' --include='*.hpp'; then
  echo "these contain a path of the build machine"; exit 1
fi
# Neither may binaries contain the original path. Exceptions are debug information, which a release does not have, and
# the locations of OpenMP regions (";file;function;line;column;;"), which clang writes with it to sections that strip
# keeps.
find first -type f \( -path '*/bin/*' -o -name '*.a' -o -name '*.so*' \) >binaries
[ -s binaries ]
while read -r binary; do
  strip --strip-debug -o stripped "$binary"
  if strings -a stripped | grep -vE '^.?;[^;]*;[^;]*;[0-9]+;[0-9]+;;$' | grep -F -e "$EBB_BUILD" -e "$EBB_SOURCE"; then
    echo "$binary contains a path of the build machine"; exit 1
  fi
done <binaries
rm -f stripped
for page in README.md LICENSE docs/index.md docs/decisions/README.md examples/CMakeLists.txt; do
  [ -s "first/share/doc/ebb/$page" ] || { echo "$page is not installed"; exit 1; }
done
first/bin/ebb cells >cells
grep -q '^mgu ' cells || { echo "the installed command does not know the README's cell"; exit 1; }
rm -rf "$EBB_PREFIX"
mv first "$EBB_PREFIX"
