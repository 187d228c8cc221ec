#!/bin/sh
# with_isa.sh ISA COMMAND...: runs the command with Ebb's kernels held to ISA; exits 77 where the processor lacks it.
isa=$1; shift
case $isa in
  sse2) need=sse2 ;;
  avx2) need="avx2 fma" ;;
  avx512) need="avx512f avx512cd avx512dq avx512bw avx512vl" ;;
  *) echo "with_isa.sh: unknown instruction set $isa" >&2; exit 2 ;;
esac
flags=" $(sed -n '/^flags/ { s/^[^:]*: *//; p; q; }' /proc/cpuinfo) "
for flag in $need; do
  case $flags in *" $flag "*) ;; *) echo "skipped: this processor has no $flag"; exit 77 ;; esac
done
EBB_ISA=$isa exec "$@"
