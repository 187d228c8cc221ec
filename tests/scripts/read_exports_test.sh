# What `ebb runs export` writes is read by the real packages: pandas, TensorBoard, MLflow and wandb, in python3 or the one
# in EBB_PYTHON. Those that are missing are skipped.
set -eu
export OMP_NUM_THREADS=1
python=${EBB_PYTHON:-python3}
"$EBB" train adding --quick --cell gru --steps 40 --seeds 2 --out runs/gru >log
"$EBB" train adding --quick --cell lstm --steps 700 --hidden 4 --length 8 --out runs/sets/lstm >log   # several blocks of wandb's log
"$EBB" runs tag gru baseline final >log
"$EBB" runs note gru "50 %: a note, with \"quotes\"" >log
mkdir exports
"$EBB" runs export --to csv --out exports/runs.csv >log
for tool in wandb mlflow tensorboard; do "$EBB" runs export --to $tool --out exports/$tool >log; done
code=0
"$python" "$EBB_SOURCE/tools/read_exports.py" runs exports >report || code=$?
cat report
[ $code = 0 ] || exit $code
# A value that was changed is noticed.
if "$python" -c 'import pandas' 2>/dev/null; then
  sed -i '2s/,0\./,9./g' exports/runs.csv
  ! "$python" "$EBB_SOURCE/tools/read_exports.py" runs exports >report || { cat report; exit 1; }
fi
