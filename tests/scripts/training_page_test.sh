# Every command in docs/training.md works unchanged: `ebb` and `cmp` lines are run in order, in one folder, with the
# files that the page shows. The results that the page states are checked, too.
set -eu
mkdir bin && ln -s "$EBB" bin/ebb
export PATH=$PWD/bin:$PATH OMP_NUM_THREADS=1
page=$EBB_SOURCE/docs/training.md

awk '/^<!-- file: .* -->$/ { file = $3; next }
     /^```/ { if (open) { open = 0; file = "" } else open = file != ""; next }
     open { print > file }' "$page"
[ -s small.toml ] || { echo "the page shows no small.toml"; exit 1; }

grep -E '^    (ebb|cmp) ' "$page" >commands
count=0
while IFS= read -r line; do
  count=$((count + 1))
  bash -c "$line" >output 2>&1 </dev/null || { echo "$line: exit $?"; tail -n 5 output; exit 1; }
done <commands
[ "$count" -ge 10 ] || { echo "only $count commands were found"; exit 1; }

for file in weights.safetensors curve.csv checkpoint config.toml report.html summary.json tensorboard; do
  [ -e "runs/adding/$file" ] || { echo "runs/adding/$file is missing"; exit 1; }
done
[ "$(head -n 1 runs/long/curve.csv)" = step,seconds,loss,gradient_norm,clipped,lr,valid ]
grep -q '"split": "valid"' valid.json
grep -q '^To be' output
echo "$count commands"
