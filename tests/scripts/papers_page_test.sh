# Every `ebb` command in docs/paper-protocols.md works unchanged, in order, in one folder, with the protocol that the page
# shows. Long ones are shortened: --quick makes 20 updates of each row. Commands that name a folder of an earlier day are
# left out.
set -eu
mkdir bin docs && ln -s "$EBB" bin/ebb
export PATH=$PWD/bin:$PATH OMP_NUM_THREADS=2
page=$EBB_SOURCE/docs/paper-protocols.md

awk '/^<!-- file: .* -->$/ { file = $3; next }
     /^```/ { if (open) { open = 0; file = "" } else open = file != ""; next }
     open { print > file }' "$page"
[ -s mine.toml ] || { echo "the page shows no mine.toml"; exit 1; }

grep -E '^ {4}ebb ' "$page" | sed 's/^ *//; s/ *#.*//' | grep -v -e --resume >commands
count=0
while IFS= read -r line; do
  case $line in
    *--quick* | "ebb papers"*) ;;
    *--record*) line="ebb paper mine.toml --record" ;;   # the reduced rows of the page's own protocol
    *) line="${line/bai2018/mine.toml}" ;;
  esac
  count=$((count + 1))
  bash -c "$line" >output 2>&1 </dev/null || { echo "$line: exit $?"; tail -n 5 output; exit 1; }
done <commands
[ "$count" -ge 5 ] || { echo "only $count commands were found"; exit 1; }

for file in report.html records.json protocol.toml config.toml summary.json; do
  [ -e "runs/mine/$file" ] || { echo "runs/mine/$file is missing"; exit 1; }
done
[ "$(ls runs/mine/trials | wc -l)" = 2 ]
grep -q '## Roe & Doe 2020' docs/papers.md
grep -q '| adding | RNN | loss | not solved |' docs/papers.md
