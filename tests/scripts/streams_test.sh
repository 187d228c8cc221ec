# Lost output is an error: on a full device every command exits with 2 and a message. Standard descriptors that were
# closed by the caller are not reused for files. In a removed folder, and with names that no file system accepts, errors
# are reported as the user's (2) and name the problem.
set -u
fail() { echo "$*"; exit 1; }
quiet() { "$@" >log 2>&1 || { cat log; fail "failed: $*"; }; }

quiet "$EBB" train adding --quick --steps 20 --cell rnn --out run
quiet "$EBB" train chars --quick --steps 20 --cell rnn --out text
weights=run/weights.safetensors
full() {   # full ARG...: into /dev/full
  local code=0
  "$EBB" "$@" >/dev/full 2>err || code=$?
  [ $code = 2 ] || fail "ebb $* > /dev/full: exit code $code"
  [ "$(grep -c 'cannot write to standard output: No space left on device' err)" = 1 ] || { cat err; fail "ebb $* > /dev/full: no message"; }
}
full --help
full --version
full vanish --help
full cells
full cells lstm                          # less than a buffer
full tasks
full check rnn
full completion bash
full results --list --page none/results.md
full new cell some-cell --dir written
full evaluate --weights $weights
full generate --weights text/weights.safetensors --length 10
full generate --weights text/weights.safetensors --length 10000
full train adding --quick --steps 3 --out full-train
[ -s full-train/weights.safetensors ] || fail "a training run that cannot print writes no weights"
full vanish --quick --steps 3 --cells rnn --tasks adding --seeds 1 --out full-vanish
[ -s full-vanish/summary.json ] || fail "a study that cannot print writes no results"

for closed in '>&-' '2>&-' '<&-' '>&- 2>&-' '>&- 2>&- <&-'; do
  rm -rf closed
  { eval '"$EBB" train adding --quick --steps 60 --out closed '"$closed"; } >log || fail "$closed: exit code $?"
  [ "$(wc -l <closed/curve.csv)" = 61 ] || fail "$closed: curve.csv has $(wc -l <closed/curve.csv) lines"
  grep -vq '^[0-9.,e+-]*$' <(tail -n +2 closed/curve.csv) && fail "$closed: something else was printed into curve.csv"
done

mkdir gone; cd gone; rmdir ../gone
for words in "train adding --quick" "vanish --quick" "evaluate --weights $weights" "new cell another" "train music --data here.json" \
             "generate --weights $weights --out there.mid"; do
  code=0; "$EBB" $words >/dev/null 2>../err || code=$?
  [ $code = 2 ] || { cat ../err; fail "in a removed folder: ebb $words: exit code $code"; }
  grep -q 'internal error' ../err && { cat ../err; fail "in a removed folder: ebb $words"; }
done
"$EBB" cells >/dev/null || fail "ebb cells fails in a removed folder"
cd ..

long=$(printf 'n%.0s' {1..300})
for words in "train adding --quick --out $long" "train adding --quick --out runs/$long/x" "train adding --config $long" "train --resume $long" \
             "train chars --text $long --quick" "train series --data $long" "train music --data $long" "train images --data $long" \
             "evaluate --weights $long" "evaluate --weights $weights --json $long" "generate --weights $weights --out $long" \
             "results images --page $long" "results images --runs $long --page new.md" "new cell another --dir $long" "new cell $long"; do
  code=0; "$EBB" $words >/dev/null 2>err || code=$?
  [ $code = 2 ] || { cat err; fail "a name too long: ebb ${words//$long/LONG}: exit code $code"; }
  grep -q 'nnnnnnnn' err || { cat err; fail "a name too long: ebb ${words//$long/LONG} does not name it"; }
done

width_of() { awk '{ if (length($0) > most) most = length($0) } END { print most }'; }
[ "$(COLUMNS=60 "$EBB" vanish --help | sed '/^Examples/,$d' | width_of)" -le 60 ] || fail "help is wider than COLUMNS"
[ "$(COLUMNS=60 "$EBB" --help | sed '/^Examples/,$d' | width_of)" -le 60 ] || fail "the list of commands is wider than COLUMNS"
[ "$(COLUMNS=200 "$EBB" vanish --help | width_of)" -gt 100 ] || fail "help does not use a wide terminal"
[ "$(env -u COLUMNS "$EBB" vanish --help | sed '/^Examples/,$d' | width_of)" -le 80 ] || fail "help is wider than 80 columns"
for isa in sse2 avx2 avx512; do
  EBB_ISA=$isa "$EBB" --version >out 2>&1 || true
  grep -qE "$isa kernels|EBB_ISA=$isa: (not in this build|this processor)" out || fail "--version does not name the instruction set in use"
done
