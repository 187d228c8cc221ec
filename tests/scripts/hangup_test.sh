# Results of an interrupted study are kept: after kill -9 the finished runs are in summary.json, report and tables;
# after SIGHUP (a closed terminal), SIGTERM or a closed pipe the study ends as after Ctrl-C. Under nohup SIGHUP has no
# effect.
set -u
fail() { echo "$*"; ls -l run; exit 1; }

started() {   # started COMMAND...: in the background; waits for the first results
  rm -rf run
  setsid "$EBB" "$@" --quick --threads 1 --out run >log 2>&1 &
  pid=$!
  for ((wait = 0; wait < 1200; ++wait)); do
    [ ! -e run/summary.json ] || return 0
    kill -0 $pid 2>/dev/null || break
    sleep .05
  done
  cat log; fail "ebb $*: no results before it ended"
}
ended() { code=0; wait $pid 2>/dev/null || code=$?; }
holds() {   # holds PYTHON: true of the summary
  python3 -c "import json, sys; s = json.load(open('run/summary.json')); sys.exit(not ($1))" || fail "summary.json: not $1"
}
many="--seeds 200"

started vanish --tasks adding --cells rnn,gru $many
kill -KILL $pid; ended
holds 's["interrupted"] and s["tasks"]["adding"]["cells"]["rnn"]["runs"]["1"]["begun"]'
holds 's["tasks"]["adding"]["cells"]["rnn"]["runs"]["200"]["begun"] is False'
grep -q UNFINISHED run/report.html || fail "the report does not say that it is unfinished"
[ "$(grep -c '^adding,"rnn",1,trained' run/gradients.csv)" -gt 10 ] || fail "no gradients of the first run"
[ "$(wc -l <run/training.csv)" -gt 10 ] || fail "no curve of the first run"

for study in "clip --thresholds 0,1 --values none" "compare --cells rnn,gru --lengths 0" "tbptt --windows 5,10 --tasks echo" \
             "dropout --ways none,variational" "forcing --ways forcing,free"; do
  started $study $many
  kill -KILL $pid; ended
  holds 's["interrupted"] and len(s) > 9'
done

started train adding --cell rnn $many
kill -KILL $pid; ended
holds 's["interrupted"] and "loss" in s["runs"]["1"] and "200" not in s["runs"]'

for signal in HUP TERM; do
  started vanish --tasks adding --cells rnn $many
  kill -$signal $pid; sleep .1; [ $signal = TERM ] || kill -HUP $pid 2>/dev/null; ended
  [ $code = 130 ] || fail "SIG$signal: exit code $code"
  holds 's["interrupted"]'
  grep -q INTERRUPTED run/report.html || fail "SIG$signal: the report does not say INTERRUPTED"
  tail -n 1 log | grep -q "^file://.*/run/report.html$" || fail "SIG$signal: the address of the report is not the last line"
done

rm -rf run
code=$( { "$EBB" vanish --tasks adding --cells rnn $many --quick --threads 1 --out run; echo $? >code; } 2>/dev/null | head -c 1 >/dev/null; cat code)
[ "$code" = 0 ] || [ "$code" = 130 ] || fail "a closed pipe: exit code $code"
[ -s run/summary.json ] || fail "a closed pipe: no results"

rm -rf run
nohup "$EBB" vanish --tasks adding --cells rnn --seeds 3 --quick --threads 1 --out run >log 2>&1 &
pid=$!
sleep .3; kill -HUP $pid 2>/dev/null; ended
[ $code = 0 ] || fail "nohup: exit code $code"
holds 'not s["interrupted"]'
