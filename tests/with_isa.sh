#!/bin/sh
# with_isa.sh ISA COMMAND...: runs the command with Ebb's kernels held to ISA. Exits 77 where the processor lacks it, and where it is the
# best set of the processor, which the command chooses anyway.
isa=$1; shift
flags=" $(sed -n '/^flags/ { s/^[^:]*: *//; p; q; }' /proc/cpuinfo) "
missing() {  # missing ISA: the first flag of the set that the processor lacks
  case $1 in
    sse2) need=sse2 ;;
    avx2) need="avx2 fma" ;;
    avx512) need="avx512f avx512cd avx512dq avx512bw avx512vl" ;;
    *) echo "with_isa.sh: unknown instruction set $1" >&2; exit 2 ;;
  esac
  for flag in $need; do
    case $flags in *" $flag "*) ;; *) echo "$flag"; return ;; esac
  done
}
best=sse2
[ -n "$(missing avx2)" ] || best=avx2
[ -n "$(missing avx512)" ] || best=avx512
lacks=$(missing "$isa") || exit
[ -z "$lacks" ] || { echo "skipped: this processor has no $lacks"; exit 77; }
[ "$isa" != $best ] || { echo "skipped: the best set of this processor, which the tests use without EBB_ISA"; exit 77; }
EBB_ISA=$isa exec "$@"
