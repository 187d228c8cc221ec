# The files written by `ebb new` compile unchanged in a separate project against the installed package: the cell passes
# `ebb check`, the experiment runs, and the task trains with the cell, the optimiser and the remedy.
# needs: prefix
set -eu
"$EBB" new cell leaky-unit --dir .
"$EBB" new task say-again --dir .
"$EBB" new optimizer running-mean --dir .
"$EBB" new remedy steady-norm --dir .
"$EBB" new experiment far_apart --dir .
for name in batch simple; do "$EBB" new task $name --dir .; done   # also a name that the file itself uses
for name in slice optimizer; do "$EBB" new optimizer $name --dir .; done
"$EBB" new remedy remedy --dir .
"$EBB" new experiment job --dir .
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
ebb_add_cells(mine leaky-unit.cpp say-again.cpp running-mean.cpp steady-norm.cpp far_apart.cpp
  batch.cpp simple.cpp slice.cpp optimizer.cpp remedy.cpp job.cpp)
target_link_libraries(mine PRIVATE ebb::app)
EOF
cmake -S . -B build -DCMAKE_BUILD_TYPE= -DCMAKE_EXE_LINKER_FLAGS="$EBB_LINK_OPTIONS" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build
./build/mine check leaky-unit --order 2
./build/mine far_apart --quick --cells rnn,leaky-unit --out out
for file in report.html summary.json; do [ -s out/$file ] || { echo "no out/$file"; exit 1; }; done
grep -q '"leaky-unit"' out/summary.json

./build/mine train say-again --quick --lag 5 --cell leaky-unit --optimizer running-mean:beta=.5 --lr .5 \
  --remedy steady-norm:.1 --out trained
grep -q '^lag = "5"' trained/config.toml
grep -q '^remedy = "steady-norm:.1"' trained/config.toml
./build/mine remedies >said; grep -q '^steady-norm ' said
./build/mine evaluate --weights trained/weights.safetensors >said
./build/mine vanish --tasks adding,say-again --lag 5 --cells leaky-unit --optimizer running-mean --quick --steps 5 --out measured
for command in clip dropout; do
  ./build/mine $command --task say-again --lag 5 --cell leaky-unit --quick --steps 20 --seeds 1 --out $command
done
rejected() {   # rejected MESSAGE ARG...
  local code=0 message=$1; shift
  ./build/mine "$@" --quick --out none >said 2>&1 || code=$?
  [ $code = 2 ] && grep -qF -e "$message" said || { cat said; echo "'$*' exits with $code and does not say '$message'"; exit 1; }
}
rejected "--length must be greater than --lag" train say-again --lag 20
rejected "--length must be greater than --lag" vanish --tasks say-again --lag 20
rejected "--length must be greater than --lag; gradients are measured over --lags + 1 = 5 steps" vanish --tasks say-again --lags 4 --lag 6
rejected "--lag does not apply to the tasks 'adding', 'chars'" vanish --lag 3
rejected "--lag does not apply to the task 'chars'" clip --lag 3
rejected "steady-norm: the weight must be at least 0" train say-again --remedy steady-norm:-1
rejected "a change from step to step needs a --length of at least 2" train chars --cell rnn --length 1 --remedy steady-norm
[ ! -e none ]
