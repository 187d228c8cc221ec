# ops <- autograd <- nn <- optim <- experiments: with the options that a folder is compiled with, no header of a
# folder above it is found, and every header of its own and below is.
set -eu
folders="ops autograd nn optim experiments"
code=0
finds() {  # finds FOLDER HEADER
  echo "#if !__has_include(<$2>)
#error
#endif" | "$CXX" -std=c++20 $(cat "$EBB_INCLUDES/$1.txt") -x c++ -E - >/dev/null 2>&1
}
seen=0
for folder in $folders; do
  above=no
  for other in $folders; do
    for path in "$EBB_SOURCE/$other"/*.hpp; do
      [ -e "$path" ] || continue
      header=ebb/$other/${path##*/}
      if [ $above = no ]; then
        finds $folder "$header" || { echo "$folder does not find <$header>"; code=1; }
      else
        ! finds $folder "$header" || { echo "$folder finds <$header>, which stands above it"; code=1; }
        seen=$((seen + 1))
        break  # they share one root
      fi
    done
    [ $other != $folder ] || above=yes
  done
done
[ $seen -gt 0 ] || { echo "no forbidden include was tried"; code=1; }
exit $code
