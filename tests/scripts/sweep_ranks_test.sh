# A sweep that mpirun deals to ranks ends with the bits of one on a single process; a rank that is killed ends the job,
# which another number of ranks resumes; a signal to one rank stops all.
set -eu
export OMP_NUM_THREADS=1
fail() { echo "$*"; [ ! -e log ] || tail -n 20 log; exit 1; }
[ -n "${EBB_MPIEXEC:-}" ] || { echo "skipped: this build has no MPI (Debian: libopenmpi-dev)"; exit 77; }
options=()
case $("$EBB_MPIEXEC" --version 2>&1) in
  *"Open MPI"*|*open-mpi*|*OpenRTE*) options=(--oversubscribe --bind-to none); [ "$(id -u)" != 0 ] || options+=(--allow-run-as-root) ;;
esac
mpi() { timeout -k 10 300 "$EBB_MPIEXEC" "${options[@]}" "$@"; }
sweep=("$EBB" sweep train adding --quick --hidden 6 --grid cell=rnn,gru --grid lr=1e-3:1e-1:log:3 --seeds 2 --threads 1)
untimed() { sed 's/,[^,]*$//' "$1/trials.csv"; }
same() {
  cmp <(untimed "$1") <(untimed whole) || fail "trials.csv of $1 differs"
  cmp "$1/best.toml" whole/best.toml || fail "best.toml of $1 differs"
}

"${sweep[@]}" --steps 60 --out whole >log 2>&1 || fail "one process"
for ranks in 2 3; do
  mpi -n $ranks "${sweep[@]}" --steps 60 --out "run-$ranks" >log 2>&1 || fail "$ranks ranks"
  same "run-$ranks"
done
[ "$(grep -c '^trials used' log)" = 1 ] || fail "ranks other than 0 print"
code=0; mpi -n 2 "$EBB" sweep train adding --grid lrr=1,2 >log 2>&1 || code=$?
[ $code = 2 ] && [ "$(grep -c "did you mean 'lr'" log)" = 1 ] || fail "bad input: exit code $code"

ranks_of() { pgrep -f "^$EBB sweep.* ranked" || true; }
for signal in KILL TERM; do
  rm -rf ranked
  mpi -n 3 "${sweep[@]}" --steps 2000 --out ranked >log 2>&1 &
  pid=$!
  for ((wait = 0; wait < 200; ++wait)); do [ ! -e ranked/trials ] || [ -z "$(ls ranked/trials)" ] || break; sleep .05; done
  sleep .5
  kill -$signal "$(ranks_of | tail -n 1)"
  outcome=0; wait $pid || outcome=$?
  [ $outcome != 0 ] || fail "SIG$signal to a rank: exit code 0"
  [ -z "$(ranks_of)" ] || fail "ranks run on"
done
mpi -n 2 "$EBB" sweep --resume ranked >log 2>&1 || fail "does not resume on two ranks"
"${sweep[@]}" --steps 2000 --out whole-2000 >log 2>&1
cmp <(untimed ranked) <(untimed whole-2000) || fail "the resumed sweep differs"
