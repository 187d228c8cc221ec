# `ebb vanish` that is killed (-9, TERM, INT, HUP) at pseudo-random moments and resumed ends with the same bits: equal
# gradients before, during and after training, equal curves except their seconds, and no truncated file.
# EBB_KILLS=1000 kills more often.
set -eu
export OMP_NUM_THREADS=1
job=("$EBB" vanish --quick --tasks adding,temporal-order --cells rnn,lstm --remedy none,clip:.5 --hidden 6 --length 12
     --steps 25 --every 5 --lags 20 --rows 4)

curves() { cut -d, -f1-7,9- "$1/training.csv"; }   # without the seconds
fail() { echo "kill $kill: $*"; ls -l run run/parts || true; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

begun=$(milliseconds)
"${job[@]}" --out whole >log
took=$(($(milliseconds) - begun))

killed_at() {   # killed_at PERMILLE SIGNAL COMMAND...: the signal after that part of a whole run
  local permille=$1 signal=$2 pid; shift 2
  "$@" >log 2>&1 &
  pid=$!
  sleep "$(printf '%d.%03d' $((took * permille / 1000000)) $((took * permille / 1000 % 1000)))"
  kill "$signal" $pid 2>/dev/null || true
  wait $pid 2>/dev/null || true
}

again() {   # go on, or begin where nothing had begun
  if [ -e run/config.toml ] && [ -e run/parts/job.json ]; then resume=("$EBB" vanish --resume run)
  else resume=("${job[@]}" --out run --force); fi
}

whole_parts() {   # after a kill: a part that is there under its own name is complete
  for part in run/parts/*.json; do
    [ ! -e "$part" ] || [ "$(tail -c 1 "$part" | tr -d '\n')" = "}" ] || [ "$(tail -c 2 "$part")" = "}" ] || fail "$part is incomplete"
  done
}

in_the_middle=0 signals=(-KILL -KILL -TERM -INT -HUP)
for ((kill = 1; kill <= ${EBB_KILLS:-4}; ++kill)); do
  rm -rf run
  killed_at $((kill * 7919 % 900 + 50)) "${signals[kill % 5]}" "${job[@]}" --out run
  [ -z "$(compgen -G 'run/parts/*seed*.json' || true)" ] || in_the_middle=$((in_the_middle + 1))
  whole_parts
  again
  killed_at $((kill * 104729 % 600)) "${signals[(kill + 2) % 5]}" "${resume[@]}"
  whole_parts
  again
  "${resume[@]}" >log 2>&1 || { cat log; fail "does not resume"; }
  cmp run/gradients.csv whole/gradients.csv || fail "the gradients differ"
  cmp run/gradients-in-training.csv whole/gradients-in-training.csv || fail "the gradients during training differ"
  cmp <(curves run) <(curves whole) || fail "the curves differ"
  [ -z "$(find run -name '*.tmp' -o -name '*.part' -o -name '*.checkpoint')" ] || fail "unfinished files were left behind"
done
[ $in_the_middle -gt 0 ] || { echo "no kill interrupted a run midway"; exit 1; }
echo "$in_the_middle of ${EBB_KILLS:-4} were stopped midway; a complete job takes $took ms"
