# ops <- autograd <- nn <- optim <- experiments, and ops <- data <- experiments: with the options that a folder is
# compiled with, no header of a folder that it may not see is found, and every header of its own and of those it sees is.
set -eu
(cd "$EBB_SOURCE" && find ops data autograd nn optim experiments -name '*.hpp' | sort | sed 's,^,ebb/,') >headers
sed 's,.*,#if __has_include(<&>)\nfound "&"\n#endif,' headers >ask.cpp
while read -r folder sees; do
  "$CXX" -std=c++20 -E -P $(cat "$EBB_INCLUDES/$folder.txt") ask.cpp | sed -n 's/^found "\(.*\)"$/\1/p' >"$folder.found"
  grep -E "^ebb/($folder${sees:+|${sees// /|}})/" headers >"$folder.expected"
  [ -s "$folder.expected" ]
  diff "$folder.expected" "$folder.found" || { echo "< what $folder should find and does not; > what it may not see"; exit 1; }
done <<'END'
ops
data ops
autograd ops
nn ops autograd
optim ops autograd nn
experiments ops data autograd nn optim
END
