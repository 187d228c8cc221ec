# No source file of the tree, script or test has more than 400 lines: longer ones are split by idea. Pages and data are exempt.
set -eu
cd "$EBB_SOURCE"
most=400
find . \( -path ./.git -o -path ./build \) -prune -o -type f \( -name '*.[ch]pp' -o -name '*.inl' -o -name '*.py' -o -name '*.sh' \
  -o -name '*.cmake' -o -name CMakeLists.txt -o -perm -u+x \) -print >"$OLDPWD/sources"
[ "$(wc -l <"$OLDPWD/sources")" -gt 500 ] || { echo "found only $(wc -l <"$OLDPWD/sources") source files"; exit 1; }
xargs wc -l <"$OLDPWD/sources" | awk -v most=$most '
  $2 != "total" && $1 > most { print $2 " has " $1 " lines, more than " most; code = 1 }
  END { exit code }'
