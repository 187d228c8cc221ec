# The README's cell is the one shipped with Ebb: each of its lines of code is in experiments/cells/mgu.cpp, in the same
# order.
set -eu
sed -n '/^struct Mgu {/,/^EBB_CELL/p' "$EBB_SOURCE/README.md" | grep -vE '^ *(//.*)?$' >lines
[ "$(wc -l <lines)" -ge 10 ]
awk 'NR == FNR { want[NR] = $0; count = NR; next }
     found < count && $0 == want[found + 1] { found++ }
     END { if (found < count) { print "experiments/cells/mgu.cpp lacks, in this place: " want[found + 1]; exit 1 } }' \
    lines "$EBB_SOURCE/experiments/cells/mgu.cpp"
