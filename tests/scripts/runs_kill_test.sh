# A run that is killed (-9) is listed as killed, with its options and how far it came, and as finished once it was
# resumed; three series of trainings, two sweeps and three writers of one index at once lose nothing, and the index that was kept
# has the same runs as a new one.
set -eu
export OMP_NUM_THREADS=1
runs() { "$EBB" runs "$@"; }
train=("$EBB" train adding --quick --cell rnn --hidden 4 --length 10 --threads 1)
fail() { echo "$*"; exit 1; }

mkdir runs
"${train[@]}" --steps 1000000 --checkpoint-every 20 --out runs/killed >log 2>&1 &
pid=$!
for _ in $(seq 600); do [ -e runs/killed/checkpoint ] && break; sleep .1; done
[ "$(runs list --where "run = 'killed'" --columns status | tail -n 1)" = running ] || fail "a run is not listed as running"
! runs rm killed --yes 2>error || fail "a running run was removed"
grep -q "'killed' is running" error || fail "$(cat error)"
kill -KILL $pid
wait $pid || true
[ "$(runs list --where "status = 'killed' and cell = 'rnn' and updates >= 20 and steps = 1000000" --columns run | tail -n 1)" = killed ] ||
  { runs show killed; fail "a killed run is not listed as killed"; }

pids=()
for k in 1 2 3; do
  { for j in 1 2 3 4; do "${train[@]}" --steps 3 --seed $k$j --out runs/set$k/run$j >/dev/null 2>&1 || exit 1; done; } & pids+=($!)
  { for j in $(seq 8); do runs list >/dev/null && runs tag killed t$k$j >/dev/null || exit 1; done; } & pids+=($!)
done
for k in 1 2; do
  "$EBB" sweep train adding --quick --cell rnn --hidden 4 --length 10 --steps 3 --grid lr=1e-3,1e-2 --seeds 2 --jobs 1 \
    --out runs/sweep$k >sweep$k.log 2>&1 & pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid" || { cat sweep?.log; fail "a process failed"; }; done
# one that was killed, three times four, two sweeps with four trials each
[ "$(runs list --columns run --json | grep -c '"run"')" = 23 ] || { runs list; fail "a run is missing"; }
[ "$(runs show killed --json | grep -o 't[1-3][1-8]' | sort -u | wc -l)" = 24 ] || { runs show killed; fail "a tag was lost"; }

runs list --json --sort run >kept
runs rebuild >log
runs list --json --sort run >rebuilt
cmp kept rebuilt || fail "the index that was kept differs from a new one"
rm runs/.ebb-runs.sqlite*
runs list --json --sort run | cmp kept || fail "the index differs after it was removed"
echo "no database" >runs/.ebb-runs.sqlite
runs list --json --sort run | cmp kept || fail "a damaged index is not made anew"
