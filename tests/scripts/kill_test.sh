# A run that is killed (-9) and resumed ends with the same bits: equal weights, an equal curve except its seconds, and
# no truncated file. Ten runs are killed twice each, at pseudo-random moments, every other time while saving;
# EBB_KILLS=1000 kills more. One more run is interrupted with Ctrl-C.
set -eu
export OMP_NUM_THREADS=1
train=("$EBB" train chars --quick --cell lstm --layers 2 --dropout .1 --zoneout .1 --hidden 8 --length 8 --steps 60
       --optimizer nadam --schedule cosine --patience 9 --checkpoint-every 2)

curve() { cut -d, -f1,3- "$1/curve.csv"; }   # without the seconds
fail() { echo "kill $kill: $*"; ls -l run; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

begun=$(milliseconds)
"${train[@]}" --out whole >log
took=$(($(milliseconds) - begun))

whole_or_absent() {   # after a kill: what is there under its own name is complete
  [ ! -e run/weights.safetensors ] || cmp -s run/weights.safetensors whole/weights.safetensors || fail "the weights are incomplete"
  [ ! -s run/curve.csv ] || [ -z "$(tail -c 1 run/curve.csv)" ] || fail "the curve ends within a line"
  [ ! -e run/curve.csv ] || cmp -s <(curve run) <(curve whole | head -n "$(wc -l <run/curve.csv)") || fail "the curve differs"
}

killed_at() {   # killed_at PERMILLE SIGNAL COMMAND...: the signal after that part of a whole run, or the next time that it saves
  local permille=$1 signal=$2 pid; shift 2
  "$@" >log 2>&1 &
  pid=$!
  sleep "$(printf '%d.%03d' $((took * permille / 1000000)) $((took * permille / 1000 % 1000)))"
  if [ $((permille % 2)) = 0 ]; then
    while kill -0 $pid 2>/dev/null && ! compgen -G 'run/checkpoint.*.tmp' >/dev/null; do :; done
  fi
  kill "$signal" $pid 2>/dev/null || true
  outcome=0; wait $pid 2>/dev/null || outcome=$?
}

again() {   # go on, or begin where nothing had begun
  if [ -e run/config.toml ]; then resume=("$EBB" train --resume run); else resume=("${train[@]}" --out run --force); fi
}

same_as_whole() {
  cmp run/weights.safetensors whole/weights.safetensors || fail "the weights differ"
  cmp <(curve run) <(curve whole) || fail "the curve differs"
  [ "$(wc -c <run/tensorboard/events.out.tfevents.ebb)" = "$(wc -c <whole/tensorboard/events.out.tfevents.ebb)" ] || fail "the events differ"
  [ -z "$(find run -name '*.tmp' -o -name '*.part')" ] || fail "unfinished files were left behind"
}

in_the_middle=0
for ((kill = 1; kill <= ${EBB_KILLS:-10}; ++kill)); do
  rm -rf run
  killed_at $((kill * 7919 % 1000)) -KILL "${train[@]}" --out run
  [ ! -e run/curve.csv ] || [ -e run/summary.json ] || in_the_middle=$((in_the_middle + 1))
  whole_or_absent
  again
  killed_at $((kill * 104729 % 600)) -KILL "${resume[@]}"
  whole_or_absent
  again
  "${resume[@]}" >log 2>&1 || { cat log; fail "does not resume"; }
  same_as_whole
done
[ $in_the_middle -gt 0 ] || { echo "no kill interrupted a run midway"; exit 1; }

rm -rf run; kill=Ctrl-C
killed_at 400 -INT "${train[@]}" --out run
[ $outcome != 130 ] || grep -q 'ebb train --resume run' log || fail "does not say how to resume"
again
"${resume[@]}" >log 2>&1 || { cat log; fail "does not resume"; }
same_as_whole
echo "$in_the_middle of ${EBB_KILLS:-10} interrupted a run midway; a complete run takes $took ms"
