# A sweep that is stopped and resumed ends with the bits of one that was not: the same weights of every trial, the same
# trials.csv except its seconds, the same best.toml. It is killed (-9) twice, stopped by INT, TERM and HUP, and sees a
# trial killed; both a whole grid and successive halving. Nothing runs on after it. The long form: EBB_KILLS=20.
set -eu
export OMP_NUM_THREADS=2
RANDOM=7
kills=${EBB_KILLS:-4} signals=(KILL INT TERM HUP)
sweep=("$EBB" sweep train adding --quick --hidden 6 --steps 120 --grid cell=rnn,gru --grid lr=1e-3:1e-1:log:3 --seeds 2
       --checkpoint-every 10)
fail() { echo "$name: $*"; [ ! -e log ] || tail -n 20 log; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }
untimed() { sed 's/,[^,]*$//' "$1/trials.csv"; }

same_as_whole() {
  cmp <(untimed killed) <(untimed "$whole") || fail "trials.csv differs"
  cmp killed/best.toml "$whole/best.toml" || fail "best.toml differs"
  for trial in "$whole"/trials/*; do
    at=killed/trials/$(basename "$trial")
    [ ! -e "$trial/weights.safetensors" ] || cmp "$trial/weights.safetensors" "$at/weights.safetensors" || fail "weights differ"
    cmp <(cut -d, -f1,3- "$trial/curve.csv") <(cut -d, -f1,3- "$at/curve.csv") || fail "curves differ"
  done
  [ -z "$(find killed -name '*.tmp' -o -name '*.part')" ] || fail "unfinished files were left behind"
}

nobody_left() {   # children end with the sweep, after their update
  for ((wait = 0; wait < 200; ++wait)); do
    pgrep -f "ebb train .*$PWD/killed|ebb train .* killed/trials" >/dev/null || return 0
    sleep .05
  done
  fail "trials run on after the sweep"
}

stopped_at() {   # stopped_at PERMILLE SIGNAL COMMAND...
  local permille=$1 signal=$2 pid; shift 2
  "$@" >log 2>&1 &
  pid=$!
  sleep "$(printf '%d.%03d' $((took * permille / 1000000)) $((took * permille / 1000 % 1000)))"
  kill "-$signal" $pid 2>/dev/null || true
  outcome=0; wait $pid 2>/dev/null || outcome=$?
  nobody_left
}

again() { if [ -e killed/config.toml ]; then resume=("$EBB" sweep --resume killed); else resume=("${sweep[@]}" ${more[@]+"${more[@]}"} --out killed --force); fi; }

midway=0
for kind in grid halving; do
  more=(); [ $kind = grid ] || more=(--halving --eta 2)
  whole=whole-$kind name=$kind
  begun=$(milliseconds)
  "${sweep[@]}" ${more[@]+"${more[@]}"} --out "$whole" >log 2>&1 || fail "exit code $?"
  took=$(($(milliseconds) - begun))
  grep -q '"failed": 0' "$whole/summary.json" || fail "trials failed"

  for ((kill = 0; kill < kills; ++kill)); do
    signal=${signals[kill % 4]}
    rm -rf killed; name="$kind, stop $kill, $signal"
    stopped_at $((RANDOM % 500 + 200)) $signal "${sweep[@]}" ${more[@]+"${more[@]}"} --out killed
    if [ $signal != KILL ] && [ $outcome != 0 ]; then
      [ $outcome = 130 ] || fail "exit code $outcome"
      grep -q 'to resume: ebb sweep --resume killed' log || fail "does not say how to resume"
    fi
    [ $outcome = 0 ] || midway=$((midway + 1))
    again
    stopped_at $((RANDOM % 300)) KILL "${resume[@]}"
    again
    "${resume[@]}" >log 2>&1 || fail "does not resume"
    same_as_whole
  done
done
[ $midway -ge $kills ] || { echo "only $midway of $((2 * kills)) signals met a sweep midway"; exit 1; }
echo "$midway of $((2 * kills)) signals met a sweep midway"

# One trial is killed: the others are not disturbed, it is named, and it ends well when the sweep is resumed.
more=() whole=whole-grid name="a trial killed"; rm -rf killed
"${sweep[@]}" --out killed >log 2>&1 &
pid=$!
for ((wait = 0; wait < 400; ++wait)); do
  victim=$(pgrep -P $pid | head -n 1 || true)
  [ -z "$victim" ] || { kill -KILL "$victim" 2>/dev/null && break; }
  sleep .02
done
outcome=0; wait $pid || outcome=$?
[ $outcome = 1 ] || fail "exit code $outcome"
grep -q 'failed: killed by signal 9' log || fail "does not name the signal"
[ "$(grep -c ',failed,[0-9]' killed/trials.csv)" = 1 ] || fail "not one failed trial"
"$EBB" sweep --resume killed >log 2>&1 || fail "does not resume"
same_as_whole
