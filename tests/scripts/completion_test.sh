# `ebb completion SHELL` prints a script that the shell accepts, and bash completes with it: commands, options, tasks,
# cells, one of several cells, optimisers, files. If zsh and fish are installed, they read theirs without errors.
set -eu
for shell in bash zsh fish; do "$EBB" completion $shell >ebb.$shell; done
touch some.csv
cat >try.bash <<'END'
source ./ebb.bash
try() {   # try WORD...: what completes the last of them
  COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
  _ebb
  echo "${COMPREPLY[*]}"
}
expect() { local want=$1 got; shift; got=$(try "$@"); [ "$got" = "$want" ] || { echo "'$*' is completed to '$got', not '$want'"; exit 1; }; }
among() { local want=$1 got; shift; got=$(try "$@"); [[ " $got " = *" $want "* ]] || { echo "'$*' is completed to '$got', without '$want'"; exit 1; }; }
expect "vanish" ebb van
among "train" ebb ""
expect "--checkpoint-every" ebb train adding --checkpoint-
among "--help" ebb train adding --he
expect "adding" ebb train add
among "mgu" ebb train adding --cell mg
expect "transformer" ebb train adding --cell transf
expect "rnn,lstm,transformer" ebb compare --cells rnn,lstm,transf
expect "adamax" ebb train adding --optimizer adama
among "one-cycle" ebb train adding --schedule one
expect "images" ebb results im
expect "some.csv" ebb train series --data some
expect "some.csv" ebb train sentiment --embedding some
expect "" ebb train series --column some   # the name of a column
expect "" ebb train adding --hidden 3
among "lstm" ebb train adding --cell = ls
expect "permuted" ebb train pixels --order perm
expect "" ebb check mgu --order p        # which takes a number there
expect "none,naive" ebb dropout --ways none,nai
expect "optimizer optimiser" ebb new opti
expect "remedy" ebb new rem
expect "omega" ebb train adding --remedy ome
expect "train" ebb help trai
expect "both" ebb compare --direction bo
expect "bptt,snap1" ebb online --gradient bptt,sna
expect "test" ebb evaluate --weights w --split te
END
bash -u try.bash
! "$EBB" completion tcsh 2>err || { echo "tcsh is accepted"; exit 1; }
grep -q "unknown SHELL 'tcsh'" err
if command -v zsh >/dev/null; then zsh -n ebb.zsh; zsh -fc 'autoload -Uz compinit && compinit -u -D && source ./ebb.zsh && [[ -n $_comps[ebb] ]]'; fi
if command -v fish >/dev/null; then
  fish --no-execute ebb.fish
  HOME=$PWD fish -c 'source ebb.fish; complete -C "ebb train adding --cell transf"' | grep -q '^transformer'
  HOME=$PWD fish -c 'source ebb.fish; complete -C "ebb van"' | grep -q '^vanish'
fi
