# The engine is to be read in an hour. Its reading path is what a reader of tape.hpp, sweep.cpp and op.hpp comes to, within autograd/:
# every header of autograd/ that they include, the .cpp of the same name beside each header, what those include in turn, and so on. All
# their lines are counted, comments and empty ones too. At most 2,500; and no file in autograd/ has more than 300.
set -eu
cd "$EBB_SOURCE"
most=2500 most_file=300

printf 'autograd/%s\n' tape.hpp sweep.cpp op.hpp | sort >"$OLDPWD/path"
while :; do
  while read -r file; do
    echo "$file"
    sed -n 's,^ *#include <ebb/\(autograd/[^>]*\)>.*,\1,p' "$file"
    case $file in *.hpp) [ ! -e "${file%.hpp}.cpp" ] || echo "${file%.hpp}.cpp" ;; esac
  done <"$OLDPWD/path" | sort -u >"$OLDPWD/longer"
  cmp -s "$OLDPWD/path" "$OLDPWD/longer" && break
  mv "$OLDPWD/longer" "$OLDPWD/path"
done

code=0
xargs wc -l <"$OLDPWD/path"
lines=$(xargs cat <"$OLDPWD/path" | wc -l)
[ "$lines" -gt 1000 ] || { echo "the reading path has only $lines lines: something was not found"; code=1; }
[ "$lines" -le $most ] || { echo "the reading path has $lines lines, more than $most"; code=1; }
for file in autograd/*; do
  n=$(wc -l <"$file")
  [ "$n" -le $most_file ] || { echo "$file has $n lines, more than $most_file"; code=1; }
done
exit $code
