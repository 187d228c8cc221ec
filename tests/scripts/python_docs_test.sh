# The Python blocks of docs/results-in-python.md run, on the runs that its first block of commands makes, and agree with what
# ebb compare found. Skipped where python3 has no numpy or pandas.
set -eu
python3 -c 'import numpy, pandas' 2>error || { echo "skipped: python3 lacks numpy or pandas ($(tail -1 error))"; exit 77; }
page=$EBB_SOURCE/docs/results-in-python.md
sed -n 's,^    ebb ,,p' "$page" >commands
[ "$(wc -l <commands)" -eq 2 ]
while read -r words; do "$EBB" $words >out 2>&1 || { cat out; exit 1; }; done <commands
sed -n '/^```python$/,/^```$/p' "$page" | grep -v '^```' >blocks.py
[ "$(grep -c . blocks.py)" -gt 40 ]
python3 blocks.py >printed || { cat printed; exit 1; }
grep -q 'mean loss' printed
grep -q '95 % interval' printed
