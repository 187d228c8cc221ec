# The files written by `ebb new` compile unchanged in a separate project against the installed package: the cell passes
# `ebb check`, and the experiment runs and finds the cell.
# needs: prefix
set -eu
"$EBB" new cell leaky-unit --dir .
"$EBB" new experiment far_apart --dir .
cat >main.cpp <<'EOF'
#include <ebb/experiments/cli/main.hpp>
int main(int argc, char** argv) { return ebb::app::main(argc, argv); }
EOF
cat >CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
find_package(ebb REQUIRED)
add_executable(mine main.cpp)
target_compile_options(mine PRIVATE -Wall -Wextra -Wconversion -Werror)
ebb_add_cells(mine leaky-unit.cpp far_apart.cpp)
target_link_libraries(mine PRIVATE ebb::app)
EOF
cmake -S . -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build
./build/mine check leaky-unit --order 2
./build/mine far_apart --quick --cells rnn,leaky-unit --out out
for file in report.html summary.json; do [ -s out/$file ] || { echo "no out/$file"; exit 1; }; done
grep -q '"leaky-unit"' out/summary.json
