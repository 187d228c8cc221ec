# A long measurement of ebb observe ends at its next step after Ctrl-C or SIGTERM: what was measured before is kept and
# reported, and --resume measures only the rest, with the same values.
set -u
fail() { echo "SIG$signal: $*"; cat log; ls -l run; exit 1; }
holds() {   # holds PYTHON: true of the summary
  python3 -c "import json, sys; s = json.load(open('run/summary.json')); sys.exit(not ($1))" || fail "summary.json: not $1"
}
first=run/observed-lyapunov-1.json second=run/observed-lyapunov-2.json
steps=100000   # about a second for each of two seeds

interrupted() {   # in the second seed's measurement
  rm -rf run
  "$EBB" observe --cell rnn --free --hidden 2 --rows 1 --length $steps --measure lyapunov --seeds 2 --threads 1 --out run >log 2>&1 &
  pid=$!
  while [ ! -e $first ] && kill -0 $pid 2>/dev/null; do sleep .02; done
  kill -$signal $pid 2>/dev/null
  code=0; wait $pid 2>/dev/null || code=$?
}

for signal in INT TERM; do
  interrupted
  while [ $code = 0 ] && [ $steps -lt 6000000 ]; do   # the signal came too late
    steps=$((4 * steps)); rm -f whole.json; interrupted
  done
  [ $code = 130 ] || fail "exit code $code"
  [ -s $first ] || fail "the completed measurement was not kept"
  [ ! -e $second ] || fail "the measurement went on to its end"
  holds 's["interrupted"] and ["lyapunov" in x for x in s["subjects"].values()] == [True, False]'
  grep -q INTERRUPTED run/report.html || fail "the report does not say INTERRUPTED"
  grep -q "to resume: ebb observe --resume run" log || fail "does not say how to resume"

  before=$(stat -c %y $first)
  "$EBB" observe --resume run >log 2>&1 || fail "does not resume"
  [ "$before" = "$(stat -c %y $first)" ] || fail "measured again what was complete"
  holds 'not s["interrupted"] and all("lyapunov" in x for x in s["subjects"].values())'
  [ -e whole.json ] || cp $second whole.json
  cmp $second whole.json || fail "the resumed measurement differs"
done
