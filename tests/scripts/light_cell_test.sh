# A cell's file includes neither xtensor nor xsimd, nor the standard headers that are slowest to compile.
set -eu
cell=$EBB_SOURCE/experiments/cells/mgu.cpp
"$CXX" -std=c++20 -M $(cat "$EBB_INCLUDES/nn.txt") "$cell" | tr -d '\\' | tr ' ' '\n' >headers
[ "$(wc -l <headers)" -gt 10 ]
heavy='/(xtensor|xsimd)/|/c\+\+/[0-9]+/(vector|string|memory|functional)$'
if grep -E "$heavy" headers; then echo "included by $cell"; exit 1; fi
