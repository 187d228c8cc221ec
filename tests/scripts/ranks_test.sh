# A training that mpirun shares among processes: 1, 2, 3 and 4 ranks on 1 and 2 threads end with the same bits, for an LSTM, a minLSTM and
# two layers of bidirectional GRUs over sentences of different lengths, all with dropout. A rank that is killed is named, the others end,
# and another number of ranks resumes; a signal to one rank stops all after the same update. What ranks cannot share is refused, once.
set -eu
export OMP_NUM_THREADS=1
fail() { echo "$*"; [ ! -e log ] || cat log; exit 1; }

# Without MPI, or if a launcher is not that of the MPI, several processes must not write one folder.
code=0; SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=0 timeout 60 "$EBB" train adding --quick --out alone >log 2>&1 || code=$?
[ $code = 2 ] || fail "four processes of srun that are alone: exit code $code"
alone='sees 1: use the launcher of that MPI'; [ -n "$EBB_MPIEXEC" ] || alone='built without MPI: install libopenmpi-dev or libmpich-dev'
grep -q "srun started 4 processes, but .*$alone" log || fail "does not say that the processes are alone, and the cure"
SLURM_STEP_NUM_TASKS=4 EBB_MPI=off "$EBB" train adding --quick --steps 2 --out alone >log 2>&1 || fail "EBB_MPI=off does not help"

[ -n "$EBB_MPIEXEC" ] || { echo "skipped: this build has no MPI (Debian: libopenmpi-dev)"; exit 77; }
options=()
case $("$EBB_MPIEXEC" --version 2>&1) in
  *"Open MPI"*|*open-mpi*|*OpenRTE*) options=(--oversubscribe --bind-to none); [ "$(id -u)" != 0 ] || options+=(--allow-run-as-root) ;;
esac
mpi() { timeout -k 10 600 "$EBB_MPIEXEC" "${options[@]}" "$@"; }   # mpi -n RANKS COMMAND...
curve() { cut -d, -f1,3- "$1/curve.csv"; }   # without the seconds
same() {
  cmp "$1/weights.safetensors" "$2/weights.safetensors" || fail "$1 and $2 differ in their weights"
  cmp <(curve "$1") <(curve "$2") || fail "$1 and $2 differ in their curves"
}
count() { grep -c -- "$1" log || true; }

long=(train chars --quick --cell lstm --dropout .2 --hidden 8 --length 8 --batch 64 --steps 400 --checkpoint-every 10 --threads 1)
lstm=(train chars --quick --cell lstm --dropout .2 --hidden 8 --length 8 --batch 64 --steps 20)
minlstm=(train adding --quick --cell minlstm --dropout .2 --hidden 8 --length 12 --batch 64 --steps 20)
two_ways=(train sentiment --quick --cell gru --layers 2 --direction both --dropout .2 --hidden 6 --batch 64 --steps 20)
for name in lstm minlstm two_ways; do
  declare -n words=$name
  "$EBB" "${words[@]}" --threads 1 --out "$name" >log || fail "$name in one process"
  for ranks in 1 2 4; do
    for threads in 1 2; do
      mpi -n $ranks "$EBB" "${words[@]}" --threads $threads --out "$name-$ranks-$threads" >log 2>&1 || fail "$name on $ranks ranks"
      same "$name-$ranks-$threads" "$name"
    done
  done
done
[ "$(count '^4 ranks on 1 host, 2 threads each$')" = 1 ] || fail "does not say once how many ranks there are"
[ "$(count '^seed 1: test ')" = 1 ] || fail "ranks other than 0 print"
mpi -n 3 "$EBB" "${lstm[@]}" --threads 1 --out three >log 2>&1 || fail "three ranks"
same three lstm

refused() {   # refused TEXT COMMAND...: exit code 2 and the text once
  local text=$1; shift
  code=0; "$@" >log 2>&1 || code=$?
  [ $code = 2 ] || fail "exit code $code: $*"
  [ "$(count "$text")" = 1 ] || fail "not said once: $text"
}
refused 'at most 4 of the 6 ranks would have work: start 4 ranks, or use --batch 128' mpi -n 6 "$EBB" "${lstm[@]}" --out six
[ ! -e six ] || fail "a refused run leaves a folder"
refused 'it runs in one process: start it without mpirun' mpi -n 2 "$EBB" vanish --quick
refused "unknown cell 'lstn'" mpi -n 2 "$EBB" train chars --quick --cell lstn
refused 'the checksum of the initial weights differs between ranks' \
  mpi -n 1 "$EBB" "${lstm[@]}" --out two : -n 1 "$EBB" "${lstm[@]}" --seed 2 --out two
if EBB_ISA=avx2 "$EBB" --version >/dev/null 2>&1; then
  refused 'the instruction set differs between ranks' \
    mpi -n 1 env EBB_ISA=sse2 "$EBB" "${lstm[@]}" --out two : -n 1 env EBB_ISA=avx2 "$EBB" "${lstm[@]}" --out two
fi
: >not-a-text
refused 'rank 1 .*not-a-text' mpi -n 1 "$EBB" "${lstm[@]}" --out two : -n 1 "$EBB" "${lstm[@]}" --text not-a-text --out two

pid_of_rank() {   # pid_of_rank N FOLDER: of the run that writes there
  local p
  for p in /proc/[0-9]*; do
    [ "$(readlink "$p/exe" 2>/dev/null)" = "$(readlink -f "$EBB")" ] || continue
    tr '\0' '\n' <"$p/cmdline" 2>/dev/null | grep -qx "$2" || continue
    tr '\0' '\n' <"$p/environ" 2>/dev/null | grep -qxE "(OMPI_COMM_WORLD_RANK|PMI_RANK)=$1" || continue
    basename "$p"
  done
}
in_the_middle() {   # in_the_middle SIGNAL RANK FOLDER: a run on four ranks, one of which gets the signal after its first checkpoint
  mpi -n 4 "$EBB" "${long[@]}" --out "$3" >log 2>&1 &
  local run=$!
  while [ ! -e "$3/checkpoint" ] && kill -0 $run 2>/dev/null; do sleep .02; done
  kill "$1" "$(pid_of_rank "$2" "$3")" || fail "rank $2 has ended already"
  code=0; wait $run || code=$?
}
"$EBB" "${long[@]}" --out long >log || fail "400 updates in one process"

in_the_middle -KILL 2 killed
[ $code != 0 ] && [ ! -e killed/summary.json ] || fail "the other ranks went on"
grep -q 'rank 2' log || fail "the killed rank is not named"
mpi -n 2 "$EBB" train --resume killed >log 2>&1 || fail "does not resume on two ranks"
grep -q 'resuming after' log || fail "did not resume from the checkpoint"
same killed long

in_the_middle -TERM 1 stopped
[ $code = 130 ] || fail "exit code $code after a signal"
[ "$(count 'to resume: ebb train --resume stopped')" = 1 ] || fail "does not say how to resume"
mpi -n 3 "$EBB" train --resume stopped >log 2>&1 || fail "does not resume on three ranks"
same stopped long
echo "ranks: all the same bits ($("$EBB_MPIEXEC" --version 2>&1 | head -n 1))"
