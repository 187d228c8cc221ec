# examples/ as a project of its own, outside the tree, against the installed package: it builds, every program
# of it runs, and its command knows the cell that it adds.
# needs: prefix
set -eu
cp -r "$EBB_SOURCE/examples" examples
cmake -S examples -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX"
cmake --build build -j2
ctest --test-dir build --output-on-failure --no-tests=error
