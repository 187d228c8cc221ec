# Every command in docs/runs.md works unchanged, in order, in one folder, and so does its Python, where pandas and numpy
# are installed.
set -eu
mkdir bin && ln -s "$EBB" bin/ebb
export PATH=$PWD/bin:$PATH OMP_NUM_THREADS=1
page=$EBB_SOURCE/docs/runs.md
grep -E '^    ebb ' "$page" >commands
count=0
while IFS= read -r line; do
  count=$((count + 1))
  bash -c "$line" >"output$count" 2>&1 </dev/null || { echo "$line: exit $?"; tail -n 5 "output$count"; exit 1; }
done <commands
[ "$count" -ge 20 ] || { echo "only $count commands were found"; exit 1; }
grep -q 'lstm-fast' output4 || { echo "the list lacks a run"; cat output4; exit 1; }
grep -q 'the same bits' "output$count" || { echo "the run is not reproduced"; cat "output$count"; exit 1; }
for file in compared/report.html compared/figures.json loss.csv runs.csv runs.json mlruns/1/meta.yaml; do
  [ -s $file ] || { echo "$file is missing"; exit 1; }
done
compgen -G 'wandb/offline-run-*/run-*.wandb' >/dev/null
[ -e runs/lstm-fast/summary.json ] || { echo "rm removed a run without --yes"; exit 1; }
if python3 -c 'import numpy, pandas' 2>/dev/null; then
  awk '/^```python/ { open = 1; next } /^```/ { open = 0 } open && !/plot/ { print }' "$page" >page.py
  python3 page.py >read || { echo "the page's Python fails"; exit 1; }
  grep -q lstm-fast read
else
  echo "the page's Python was not run: no numpy or pandas"
fi
echo "$count commands"
