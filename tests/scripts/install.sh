# Installs Ebb and moves the result: the package must not remember where it was.
set -eu
cmake --install "$EBB_BUILD" --prefix "$PWD/first" >log || { cat log; exit 1; }
if grep -rlF -e "$PWD/first" -e "$EBB_BUILD" -e "$EBB_SOURCE" first --include='*.cmake' --include='*.hpp'; then
  echo "these name a path of the machine that built them"; exit 1
fi
rm -rf "$EBB_PREFIX"
mv first "$EBB_PREFIX"
