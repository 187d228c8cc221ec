# ops <- autograd <- nn <- optim <- experiments: with the options that a folder is compiled with, no header of a
# folder above it is found, and every header of its own and below is.
set -eu
folders="ops autograd nn optim experiments"
ls "$EBB_SOURCE"/{ops,autograd,nn,optim,experiments}/*.hpp | sed "s,^$EBB_SOURCE/,ebb/," >headers
sed 's,.*,#if __has_include(<&>)\nfound "&"\n#endif,' headers >ask.cpp
visible=""
for folder in $folders; do
  visible="$visible|$folder"
  "$CXX" -std=c++20 -E -P $(cat "$EBB_INCLUDES/$folder.txt") ask.cpp | sed -n 's/^found "\(.*\)"$/\1/p' >"$folder.found"
  grep -E "^ebb/(${visible#|})/" headers >"$folder.expected"
  [ -s "$folder.expected" ]
  diff "$folder.expected" "$folder.found" || { echo "< what $folder should find and does not; > what stands above it"; exit 1; }
done
