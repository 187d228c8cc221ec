# compare, observe, vanish and a study that are stopped at pseudo-random moments, by KILL, TERM, HUP and INT in turn, and resumed
# (after a second stop) end with the same bits as ones that were not stopped, clocks aside, and leave no torn file.
# Four moments each; the long form, twenty: EBB_KILLS=20 ctest --test-dir build/dev -R '^survive$'
set -u
kills=${EBB_KILLS:-4}
signals=(KILL TERM HUP INT)
fail() { echo "$name, stop $kill (SIG$signal): $*"; cat log; ls -lR run | head -60; exit 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

cat >same.py <<'END'
# same.py                    every file of run/ is whole
# same.py whole              and run/ holds the bits of whole/
import csv, json, pathlib, re, sys
# What is measured of a process: its clocks, and the memory of a tape, of which the first in a thread has 128 bytes more.
clock = re.compile(r"seconds|started|speed|per second|time$|kept|writer|^threads$|^out$")
def load(path):
    return json.loads(path.read_text())
def without_clocks(x):
    if isinstance(x, dict):
        return {k: without_clocks(v) for k, v in x.items() if not clock.search(k)}
    return [without_clocks(v) for v in x] if isinstance(x, list) else x
def table(path):
    rows = list(csv.reader(path.open()))
    kept = [k for k, name in enumerate(rows[0]) if not clock.search(name)]
    return [[row[k] for k in kept] for row in rows]
run = pathlib.Path("run")
for path in run.rglob("*.json"):
    load(path)
for path in run.rglob("*.csv"):
    assert path.read_bytes().endswith(b"\n"), f"{path} ends within a line"
if len(sys.argv) > 1:
    whole = pathlib.Path(sys.argv[1])
    names = lambda folder: sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    assert names(run) == names(whole), set(names(run)) ^ set(names(whole))
    for name in names(whole):
        a, b = whole / name, run / name
        if name.startswith("figures") or name == "report.html":
            continue   # of the numbers in the other files, with clocks among them
        if name == "run.json":   # when, where and in how many processes
            assert load(b)["status"] == "finished", load(b)["status"]
            continue
        if name.endswith(".json"):
            assert without_clocks(load(a)) == without_clocks(load(b)), name
        elif name.endswith(".csv"):
            assert table(a) == table(b), name
        elif "tfevents" in name:
            assert a.stat().st_size == b.stat().st_size, name
        elif name != "config.toml":
            assert a.read_bytes() == b.read_bytes(), name
END

stopped() {   # stopped PERMILLE COMMAND...: after that part of the time of a whole job
  local permille=$1; shift
  "$@" >log 2>&1 &
  local pid=$!
  sleep "$(printf '%d.%03d' $((took * permille / 1000000)) $((took * permille / 1000 % 1000)))"
  kill -"$signal" $pid 2>/dev/null || true
  code=0; wait $pid 2>/dev/null || code=$?
  case $code in
    0|130) ;;
    129|137|143) ! grep -q 'interrupted after' log || fail "exit code $code" ;;   # before it had begun, or by KILL
    *) fail "exit code $code" ;;
  esac
  ! grep -q 'interrupted after' log || grep -q "to resume: ebb $name --resume run" log || fail "does not say how to resume"
  [ ! -d run ] || python3 same.py || fail "a torn file"
}
again() {   # resume, or begin where nothing had begun
  if [ -e run/config.toml ]; then resume=("$EBB" "$name" --resume run); else resume=("${job[@]}" --out run --force); fi
}

survives() {   # survives COMMAND...
  name=$1
  job=("$EBB" "$@" --quick --threads 2)
  rm -rf whole
  local begun; begun=$(milliseconds)
  kill=none signal=none
  "${job[@]}" --out whole >log 2>&1 || fail "does not run"
  took=$(($(milliseconds) - begun))
  local midway=0
  for ((kill = 1; kill <= kills; ++kill)); do
    signal=${signals[(kill - 1) % 4]}
    rm -rf run
    stopped $((kill * 7919 % 950 + 20)) "${job[@]}" --out run
    [ ! -d run/parts ] || [ $code = 0 ] || midway=$((midway + 1))
    again
    stopped $((kill * 104729 % 500)) "${resume[@]}"
    again
    "${resume[@]}" >log 2>&1 || fail "does not resume"
    [ -z "$(find run -name '*.part' -o -name '*.tmp' -o -name '*.checkpoint')" ] || fail "unfinished files were left behind"
    python3 same.py whole || fail "the resumed job differs"
  done
  [ $midway -gt 0 ] || fail "no signal interrupted a job midway"
  echo "$name: $midway of $kills stopped midway; a whole job takes $took ms"
}

survives compare --cells rnn,gru:update_bias=1 --lengths 0 --seeds 3 --steps 150
survives clip --thresholds 0,1 --values none --steps 200 --seeds 3
survives vanish --tasks adding,temporal-order --cells rnn,lstm --remedy none,clip:.5 --hidden 6 --length 12 --steps 25 --every 5 --lags 20 --rows 4
survives observe --cell rnn,lstm --task adding --seeds 2 --hidden 8 --measure lyapunov,norms,gates,jacobians --export 5
