# Builds examples/ as a separate project outside the tree against the installed package, and runs every program; its
# command has the cell that it adds.
# needs: prefix
set -eu
cp -r "$EBB_SOURCE/examples" examples
cmake -S examples -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX"
cmake --build build -j2
ctest --test-dir build --output-on-failure --no-tests=error

# It has its page, with the equation of its docstring, and is tested at longer sequences like any other.
build/my_ebb atlas --cells leaky --quick --out atlas >log || { cat log; exit 1; }
grep -F "h' = " atlas/cells/leaky.md
build/my_ebb length --cells leaky --tasks parity --quick --out lengths >log || { cat log; exit 1; }
grep '^parity,"leaky",1,ended,128,' lengths/lengths.csv

# The same cell in a static library, from which a linker takes only referenced objects.
mkdir library
cat >library/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(library LANGUAGES CXX)
find_package(ebb REQUIRED)
add_library(mine STATIC empty.cpp)
ebb_add_cells(mine ../examples/my_cell.cpp)
add_executable(command ../examples/main.cpp)
target_link_libraries(command PRIVATE mine ebb::app)
END
echo 'int nothing_of_use;' >library/empty.cpp
cmake -S library -B build_library -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build_library -j2
build/my_ebb cells >one
build_library/command cells >two
diff one two
build_library/command atlas --cells leaky --quick --out atlas_of_library >log || { cat log; exit 1; }
grep -F "h' = " atlas_of_library/cells/leaky.md

# The readers only: the package provides what ebb::data links.
mkdir readers
cat >readers/CMakeLists.txt <<'TXT'
cmake_minimum_required(VERSION 3.25)
project(readers LANGUAGES CXX)
find_package(ebb REQUIRED)
add_executable(readers main.cpp)
target_link_libraries(readers PRIVATE ebb::data)
TXT
cat >readers/main.cpp <<'CPP'
#include <ebb/data/audio.hpp>
#include <ebb/data/features.hpp>
#include <ebb/data/npy.hpp>
#include <iostream>

int main(int, char** argv) {
  const std::string folder = argv[1];
  std::cout << ebb::read_npz(folder + "/stored.npz").at("f4").values.shape() << "\n";
  if (!ebb::can_read_wav()) return 0;
  const ebb::Audio a = ebb::read_wav(folder + "/i16.wav");
  std::cout << ebb::mfcc(a.samples, a.rate).shape() << "\n";
}
CPP
cmake -S readers -B build_readers -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_COMPILER="$CXX" \
  -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build_readers -j2
build_readers/readers "$EBB_SOURCE/tests/goldens/data"
