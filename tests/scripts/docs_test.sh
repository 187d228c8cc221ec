# Every ```cpp block in README.md, CONTRIBUTING.md and docs/ is compiled against the installed package. A comment
# in the line before the block says how:
#   <!-- compile: file -->             a whole file: compiled
#   <!-- compile: program -->          a whole file with a main: also linked and run, must exit with 0
#   <!-- compile: command ARG... -->   a whole file that registers something: linked into a separate command,
#                                      and `ebb ARG...` must exit with 0, e.g. command check mgu
#   <!-- compile: body -->             statements: the body of a main that includes everything; linked and run
#   <!-- compile: more -->             continues the previous block
#   <!-- compile: no, REASON -->       not compiled
# A block without one is an error. Lines like <!-- with: #include <ebb/nn/cell.hpp> --> before it are inserted
# at the top of the file, invisible to the reader.
# needs: prefix
set -eu
mkdir src
cd "$EBB_SOURCE"
find README.md CONTRIBUTING.md docs -name '*.md' 2>/dev/null | sort | while read -r page; do
  awk -v page="$page" -v out="$OLDPWD/src" '
    function fail(message) { print page ":" FNR ": " message > "/dev/stderr"; bad = 1 }
    function close_body() { if (kind == "body") print "}" > file; if (file != "") close(file); file = "" }
    /^[ \t]*<!-- with: .* -->[ \t]*$/ && !open {
      line = $0; sub(/^[ \t]*<!-- with: /, "", line); sub(/ -->[ \t]*$/, "", line)
      with = with line "\n"; next
    }
    /^[ \t]*<!-- compile: .* -->[ \t]*$/ && !open {
      mark = $0; sub(/^[ \t]*<!-- compile: /, "", mark); sub(/ -->[ \t]*$/, "", mark); next
    }
    /^[ \t]*```(cpp|c\+\+)/ && !open {
      open = 1; indent = match($0, /`/) - 1
      word = mark; sub(/[ ,].*/, "", word)
      if (mark == "") fail("a cpp block that does not say how it is compiled (tests/scripts/docs_test.sh)")
      else if (word == "more") { if (file == "") fail("nothing to go on from") }
      else if (word ~ /^(file|program|command|body)$/) {
        close_body(); kind = word
        name = page; gsub(/[^A-Za-z0-9]/, "_", name)
        file = out "/" name "_" FNR "." kind ".cpp"
        if (kind == "command") { arg = mark; sub(/^command */, "", arg); print arg > (file ".args"); close(file ".args") }
        printf "%s", with > file
        if (kind == "body") print "#include \"everything.hpp\"\nint main() {" > file
      }
      else if (word == "no") close_body()
      else fail("unknown: compile: " mark)
      if (file != "") print "#line " FNR + 1 " \"" page "\"" > file
      skip = (word == "no" || mark == ""); mark = ""; with = ""; next
    }
    /^[ \t]*```/ { if (open) open = 0; else open = skip = 1; next }
    open && !skip && file != "" { print substr($0, indent + 1) > file }
    END { close_body(); exit bad }
  ' "$page" || echo "$page" >>"$OLDPWD/bad"
done
cd "$OLDPWD"
[ ! -e bad ] || exit 1

for folder in ops data ranks autograd nn optim observe online; do
  (cd "$EBB_PREFIX/include" && find "ebb/$folder" -name '*.hpp' | sort | sed 's,.*,#include <&>,')
done >src/everything.hpp
echo '#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>
using namespace ebb;' >>src/everything.hpp
echo '#include <ebb/experiments/cli/main.hpp>
int main(int argc, char** argv) { return ebb::app::main(argc, argv); }' >src/command_main.cc

cat >src/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(blocks LANGUAGES CXX)
find_package(ebb REQUIRED)
file(GLOB blocks *.cpp)
foreach(block IN LISTS blocks)
  string(REGEX REPLACE "^.*/(.*)\\.(.*)\\.cpp$" "\\1" name ${block})
  set(kind ${CMAKE_MATCH_2})
  if(kind STREQUAL "file")
    add_library(${name} OBJECT ${block})
  else()
    add_executable(${name} ${block})
  endif()
  if(kind STREQUAL "command")
    target_sources(${name} PRIVATE command_main.cc)
  endif()
  file(STRINGS ${block} of_experiments REGEX "ebb/experiments/" LIMIT_COUNT 1)
  if(of_experiments OR kind STREQUAL "command")
    target_link_libraries(${name} PRIVATE ebb::xtensor ebb::app)
  else()
    target_link_libraries(${name} PRIVATE ebb::xtensor ebb::ebb)
  endif()
  if(kind STREQUAL "body")   # they all begin with the same headers
    if(first_body)
      target_precompile_headers(${name} REUSE_FROM ${first_body})
    else()
      set(first_body ${name})
      target_precompile_headers(${name} PRIVATE everything.hpp)
    endif()
  endif()
endforeach()
END
cmake -S src -B build -DCMAKE_BUILD_TYPE= -DCMAKE_EXE_LINKER_FLAGS="$EBB_LINK_OPTIONS" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log ||
  { cat log; exit 1; }
cmake --build build -j2

code=0 count=0
for block in src/*.cpp; do
  [ -e "$block" ] || continue
  count=$((count + 1))
  name=${block#src/}; name=${name%.*.cpp}
  args=(); [ ! -e "$block.args" ] || read -r -a args <"$block.args"
  [ -x "build/$name" ] || continue
  mkdir "$name"
  (cd "$name" && "../build/$name" "${args[@]}" >output 2>&1) ||
    { echo "$name ${args[*]}: exit $?"; tail -n 30 "$name/output"; code=1; }
done
echo "$count blocks"
exit $code
