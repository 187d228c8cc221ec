# cmake/setup.sh, which all scripts use to build: a failed configure leaves nothing behind and does not damage a folder
# that was configured before, so that a second attempt works; a build reports its progress.
set -euo pipefail
root=$PWD/tree
. "$EBB_SOURCE/cmake/setup.sh"
unset CMAKE_GENERATOR
mkdir tree
cat >tree/CMakePresets.json <<'TXT'
{ "version": 6, "configurePresets": [ { "name": "toy", "binaryDir": "${sourceDir}/build/toy" } ] }
TXT
cat >tree/CMakeLists.txt <<'TXT'
cmake_minimum_required(VERSION 3.25)
project(toy LANGUAGES NONE)
option(HARM "fails" OFF)
if(HARM OR NOT EXISTS ${CMAKE_SOURCE_DIR}/package)
  message(FATAL_ERROR "the package is missing")
endif()
foreach(k RANGE 1 20)
  add_custom_command(OUTPUT made${k} COMMAND ${CMAKE_COMMAND} -E touch made${k})
  list(APPEND made made${k})
endforeach()
add_custom_target(all_made ALL DEPENDS ${made})
TXT
fail() { echo "$*"; cat log; exit 1; }

! build toy 2>log || fail "builds without its package"
grep -q 'the package is missing' log || fail "does not show why"
[ ! -e tree/build/toy ] || fail "a failed configure left its folder behind"

mkdir -p tree/build/toy/CMakeFiles   # as one leaves it that was killed: a cache, and nothing to build from
echo 'CMAKE_GENERATOR:INTERNAL=No such generator' >tree/build/toy/CMakeCache.txt
touch tree/package
build toy 2>log || fail "the second attempt fails"
[ -e tree/build/toy/made20 ] || fail "nothing was built"
grep -Eq '^ebb:   (1?[0-9]+ of [0-9]+ steps|[0-9]+%) after [0-9]+ s$' log || fail "does not report its progress"
[ "$(grep -c ' after [0-9]* s$' log)" -le 12 ] || fail "reports its progress too often"

build toy 2>log
[ ! -s log ] || fail "there was nothing to build"

! build toy -DHARM=ON 2>log || fail "HARM has no effect"
rm tree/build/toy/made3
build toy 2>log || fail "a failed configure changed the existing folder"
[ -e tree/build/toy/made3 ] || fail "made3 was not built"

mv tree moved
root=$PWD/moved
build toy 2>log || fail "does not build in a moved tree"

# No script configures in a different way.
if (cd "$EBB_SOURCE" && grep -nE 'cmake +(--preset|-S|-B)' experiments/run tests/run tests/fuzz/run .ci/run benchmarks/compare benchmarks/train); then
  echo "these configure without the setup script"; exit 1
fi
