#!/usr/bin/env bash
# Files written by Ebb 0.1.0, which later versions read or reject (tests/experiments/version_test.cpp). Created once,
# with its command:
#
#     tests/goldens/v0_1_0/make.sh PATH/TO/ebb-0.1.0
set -euo pipefail
ebb=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"

"$ebb" train adding --cell lstm --hidden 8 --length 20 --batch 16 --steps 60 --threads 1 --out adding
"$ebb" train chars --cell gru --hidden 12 --length 40 --batch 16 --steps 200 --threads 1 --out chars
cp adding/weights.safetensors "$here/adding_lstm.safetensors"
cp chars/weights.safetensors "$here/chars_gru.safetensors"
for split in valid test; do
  "$ebb" evaluate --weights adding/weights.safetensors --split "$split" --json "$here/adding_$split.json"
done
"$ebb" evaluate --weights chars/weights.safetensors --split valid --json "$here/chars_valid.json"
"$ebb" generate --weights chars/weights.safetensors --prompt 'ROMEO:' --length 120 --greedy >"$here/chars_greedy.txt"
"$ebb" generate --weights chars/weights.safetensors --prompt 'ROMEO:' --length 120 --seed 7 >"$here/chars_seed7.txt"

"$ebb" train adding --cell rnn --hidden 4 --length 6 --batch 4 --steps 9 --threads 1 --out run
mkdir -p "$here/run"
cp run/checkpoint run/config.toml "$here/run/"
