# EBB_KERNELS=native compiles the kernels for the best instruction set of this processor; EBB_ISA cannot select others.
set -eu
cmake -S "$EBB_SOURCE" -B build -DCMAKE_BUILD_TYPE=Debug -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=64 \
  -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER="$CXX" -DEBB_KERNELS=native >log 2>&1 || { cat log; exit 1; }
cmake --build build --target ebb_ops -j 2 >log 2>&1 || { cat log; exit 1; }

cat >which.cpp <<'END'
#include <cstdio>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/isa.hpp>
#include <exception>

int main() try {
  const ebb::Isa used = ebb::isa();
  for (const ebb::Isa i : {ebb::Isa::sse2, ebb::Isa::avx2, ebb::Isa::avx512})
    if (ebb::has_kernels(i)) std::printf("%s ", ebb::name_of(i));
  const double e = ebb::exp(ebb::Array::full({3}, 1, ebb::f64)).at({2});
  std::printf("best %s, used %s, e = %.4f\n", ebb::name_of(ebb::best_isa()), ebb::name_of(used), e);
} catch (const std::exception& e) { std::printf("%s\n", e.what()); }
END
"$CXX" -std=c++20 -fopenmp $(cat "$EBB_INCLUDES/ops.txt") which.cpp build/ops/libebb_ops.a -lfmt -o which

best=$(./which | sed 's/.*best \([a-z0-9]*\),.*/\1/')
expect() {  # expect ISA TEXT
  EBB_ISA=$1 ./which >out
  grep -qxF "$2" out || { echo "EBB_ISA=$1: $(cat out), expected: $2"; exit 1; }
}
expect "" "$best best $best, used $best, e = 2.7183"
expect "$best" "$best best $best, used $best, e = 2.7183"
for other in sse2 avx2 avx512; do
  [ "$other" != "$best" ] || continue
  case "$other $best" in
    "sse2 "*|"avx2 avx512") expect $other "EBB_ISA=$other: not in this build; configure it with -DEBB_KERNELS=all" ;;
    *) expect $other "EBB_ISA=$other: this processor does not support it" ;;
  esac
done
