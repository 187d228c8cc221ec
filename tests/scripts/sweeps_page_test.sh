# Every `ebb` command in docs/sweeps.md works unchanged, in order, in one folder, with the file that the page shows; the
# Python example runs if pandas is installed. `mpirun` lines are covered by sweep_ranks_test.sh.
set -eu
mkdir bin && ln -s "$EBB" bin/ebb
export PATH=$PWD/bin:$PATH OMP_NUM_THREADS=2
page=$EBB_SOURCE/docs/sweeps.md

awk '/^<!-- file: .* -->$/ { file = $3; next }
     /^```/ { if (open) { open = 0; file = "" } else open = file != ""; next }
     open { print > file }' "$page"
[ -s sweep.toml ] || { echo "the page shows no sweep.toml"; exit 1; }

grep -E '^ {4,6}ebb ' "$page" | sed 's/^ *//' >commands
count=0
while IFS= read -r line; do
  count=$((count + 1))
  bash -c "$line" >output 2>&1 </dev/null || { echo "$line: exit $?"; tail -n 5 output; exit 1; }
done <commands
[ "$count" -ge 4 ] || { echo "only $count commands were found"; exit 1; }

for file in report.html trials.csv trials.json best.toml config.toml summary.json; do
  [ -e "runs/sweep/$file" ] || { echo "runs/sweep/$file is missing"; exit 1; }
done
[ "$(wc -l <runs/sweep/trials.csv)" = 19 ]
[ "$(ls runs/sweep/trials | wc -l)" = 18 ]
if python3 -c 'import pandas' 2>/dev/null; then
  awk '/^```python/ { open = 1; next } /^```/ { open = 0 } open' "$page" >example.py
  python3 example.py >output || { cat output; exit 1; }
  grep -q '^gru\|^rnn\|^lstm' output
fi
