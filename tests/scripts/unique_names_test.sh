# The sources of a folder may be compiled as one, in any order and number (CMAKE_UNITY_BUILD), and so may the kernels of
# one instruction set: no name in an unnamed namespace occurs in two of them, and no `using namespace` or macro leaks
# into the next. Cells are always compiled separately.
set -eu
alone='_(sse2|avx2|avx512)\.cpp$|/cells/|^ops/linalg\.cpp$|^observe/dense/factors\.cpp$|^experiments/cli/(main|version)\.cpp$'
whole() {  # whole FOLDER
  (cd "$EBB_SOURCE" && find "$1" -name '*.cpp' | grep -vE "$alone" | sort | sed "s,.*,#include \"$EBB_SOURCE/&\",") >"$1.cpp"
  [ "$(wc -l <"$1.cpp")" -gt 3 ]
  "$CXX" -std=c++20 -fsyntax-only '-DEBB_VERSION="0"' $(cat "$EBB_INCLUDES/$1.txt") "$1.cpp" >"$1.log" 2>&1 ||
    { echo "$1/ does not compile as one:"; grep -m 10 'error' "$1.log"; exit 1; }
  ! grep 'whose type uses the anonymous namespace' "$1.log"
}
for folder in ops data autograd nn optim observe experiments; do whole $folder; done

kernels() {  # kernels ISA FLAG...
  local isa=$1; shift
  (cd "$EBB_SOURCE" && find ops -name "*_$isa.cpp" | sort | sed "s,.*,#include \"$EBB_SOURCE/&\",") >"$isa.cpp"
  [ "$(wc -l <"$isa.cpp")" -gt 3 ]
  "$CXX" -std=c++20 -fsyntax-only "$@" $(cat "$EBB_INCLUDES/ops.txt") "$isa.cpp" >"$isa.log" 2>&1 ||
    { echo "the kernels for $isa do not compile as one:"; grep -m 10 'error' "$isa.log"; exit 1; }
}
if [ "$(uname -m)" = x86_64 ]; then
  kernels sse2 -msse2
  kernels avx2 -mavx2 -mfma
  kernels avx512 -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl -mfma
fi

# Checks that a clash is detected.
mkdir -p tree/optim
for name in one two; do echo 'namespace { int twice() { return 1; } } int use_'$name'() { return twice(); }' >tree/optim/$name.cpp; done
for k in $(seq 10); do echo "int more_$k;" >tree/optim/$k.cpp; done
EBB_SOURCE=$PWD/tree
if (whole optim) >found; then echo "does not report the clash"; exit 1; fi
grep -q twice found
