# Shared by experiments/run, tests/run, benchmarks/compare and .ci/run: installs missing packages, configures and builds. It is sourced
# with the root of the repository in $root. All messages go to stderr, with the seconds each step took.

say() { echo "ebb: $*" >&2; }

# timed NAME COMMAND...: runs a command, and prints its name before and the time it took after.
timed() {
  local name=$1 start=$SECONDS code=0; shift
  say "$name ..."
  "$@" >&2 || code=$?
  [ $code = 0 ] && say "$name: done in $((SECONDS - start)) s" || say "$name: failed after $((SECONDS - start)) s"
  return $code
}

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }  # at_least WANTED FOUND

has_cmake() { command -v cmake >/dev/null && at_least 3.25 "$(cmake --version | sed -n '1s/.*version //p')"; }
has_make() { command -v ninja >/dev/null || command -v make >/dev/null; }
has_gxx() {
  local cxx=${CXX:-g++}
  command -v "$cxx" >/dev/null || return 1
  case $("$cxx" --version) in *clang*) ;; *) at_least 12 "$("$cxx" -dumpfullversion)" ;; esac &&
    echo '#include <cstdio>' | "$cxx" -x c++ -fsyntax-only - 2>/dev/null
}
has_file() {  # under any of the usual prefixes
  local prefix
  for prefix in /usr /usr/local ${CMAKE_PREFIX_PATH:+${CMAKE_PREFIX_PATH//:/ }}; do
    [ ! -e "$prefix/$1" ] || return 0
  done
  return 1
}

# Each line: a Debian package, and a check whether its contents are present, from whatever source.
ebb_needs='
g++ has_gxx
cmake has_cmake
ninja-build has_make
libxsimd-dev has_file include/xsimd/xsimd.hpp
librandom123-dev has_file include/Random123/philox.h
libeigen3-dev has_file include/eigen3/Eigen/Dense
libboost-dev has_file include/boost/math/distributions/non_central_t.hpp
libfmt-dev has_file include/fmt/format.h
libcli11-dev has_file include/CLI/CLI.hpp
nlohmann-json3-dev has_file include/nlohmann/json.hpp
libprotozero-dev has_file include/protozero/pbf_writer.hpp
zlib1g-dev has_file include/zlib.h
libminizip-dev has_file include/minizip/unzip.h
libsqlite3-dev has_file include/sqlite3.h
libkissfft-dev has_file include/kissfft/kissfft.hh
libjs-d3 has_file share/javascript/d3/d3.min.js'
tests_need='
libxtensor-dev has_file include/xtensor
catch2 has_file include/catch2
libsndfile1-dev has_file include/sndfile.h'
benchmarks_need='
libbenchmark-dev has_file include/benchmark/benchmark.h'
package_needs='
dpkg-dev command -v dpkg-shlibdeps
binutils command -v strings
libxtensor-dev has_file include/xtensor
libsndfile1-dev has_file include/sndfile.h'
mpi_needs='
libopenmpi-dev has_file lib/x86_64-linux-gnu/openmpi/include/mpi.h
openmpi-bin command -v mpirun.openmpi'
other_mpi_needs='
libmpich-dev has_file lib/x86_64-linux-gnu/mpich/include/mpi.h
mpich command -v mpiexec.mpich'
format_needs='
clang-format-19 command -v clang-format-19'
plot_needs='
gnuplot-nox command -v gnuplot'
clang_needs='
llvm-19 has_file lib/llvm-19/bin/llvm-symbolizer
clang-19 command -v clang++-19
libomp-19-dev has_file lib/llvm-19/lib/libomp.so
libclang-rt-19-dev has_file lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.tsan-x86_64.a'

# ensure_packages LIST...: installs the missing packages, or lists them and fails.
ensure_packages() {
  local package check missing=() sudo=()
  while read -r package check; do
    [ -z "$package" ] || $check >/dev/null 2>&1 || missing+=("$package")
  done <<<"$(printf '%s\n' "$@")"
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "these packages are missing (Debian's names): ${missing[*]}"
    say "this system has no apt-get: please install them with its package manager and run this again"
    return 1
  fi
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      say "these packages are missing, and installing them needs root. Please run"
      say "  sudo apt-get install --no-install-recommends ${missing[*]}"
      return 1
    fi
    sudo=(sudo -n)
  fi
  local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
             -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  timed "reading the package lists" quietly "${apt[@]}" -o Acquire::Languages=none -o APT::Get::List-Cleanup=false update ||
    return
  timed "installing ${missing[*]}" quietly "${apt[@]}" install --no-install-recommends "${missing[@]}" || return
  hash -r
  while read -r package check; do
    [ -z "$package" ] || $check >/dev/null 2>&1 ||
      { say "$package is installed, but is too old or is shadowed by another version earlier in PATH"; return 1; }
  done <<<"$(printf '%s\n' "$@")"
}

# quietly COMMAND...: shows the output only if the command fails, except for the download sizes that apt prints.
quietly() {
  local log code=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if [ $code != 0 ]; then cat "$log"; else grep -E '^(Need to get|Fetched)' "$log" || true; fi
  rm -f "$log"
  return $code
}

# build PRESET [cmake argument...]: configures if necessary, also for another processor than before (EBB_KERNELS=native), and builds
# whatever is out of date (only EBB_TARGET, if that is set).
build() {
  local preset=$1 dir=$root/build/$1 processor; shift
  usable "$dir" || rm -rf "$dir"
  processor=$(sed -n '/^flags/ { p; q; }' /proc/cpuinfo 2>/dev/null)
  if [ $# -gt 0 ] || [ ! -e "$dir" ] || [ "$processor" != "$(cat "$dir/processor" 2>/dev/null)" ]; then
    configure "$preset" "$dir" "$@" || return
    echo "$processor" >"$dir/processor"
  fi
  local start=$SECONDS code=0
  NINJA_STATUS='[%f/%t] ' cmake --build "$dir" ${EBB_TARGET:+--target "$EBB_TARGET"} -j "${EBB_JOBS:-$(nproc)}" 2>&1 |
    shown_if_any "building ($preset)" || code=$?
  [ $code = 0 ] || say "building ($preset): failed after $((SECONDS - start)) s"
  return $code
}

# usable DIR: whether it is completely configured, for this tree, with a build program that still exists.
usable() {
  local dir=$1
  cached() { sed -n "s/^$1:[A-Z]*=//p" "$dir/CMakeCache.txt"; }
  [ -e "$dir/build.ninja" ] || [ -e "$dir/Makefile" ] || return
  [ -e "$dir/CMakeCache.txt" ] && [ -x "$(cached CMAKE_MAKE_PROGRAM)" ] && [ "$(cached CMAKE_HOME_DIRECTORY)" = "$root" ]
}

# configure PRESET DIR [cmake argument...]: on failure, leaves no new folder behind and does not change one that was configured before.
configure() {
  local preset=$1 dir=$2 before=; shift 2
  if [ -e "$dir" ]; then
    before=$(mktemp)
    cp "$dir/CMakeCache.txt" "$before"
  elif command -v ninja >/dev/null; then
    export CMAKE_GENERATOR=Ninja
  fi
  if (cd "$root" && timed "configuring ($preset)" quietly cmake --preset "$preset" "$@"); then
    rm -f "$before"
  else
    if [ -n "$before" ]; then mv "$before" "$dir/CMakeCache.txt"; else rm -rf "$dir"; fi
    return 1
  fi
}

# shown_if_any NAME: forwards the output of a build except the names of the files, and shows its progress: in one updated line on a
# terminal, at each tenth elsewhere. Prints nothing if there was nothing to build.
shown_if_any() {
  local line start=$SECONDS any= tenth=0 clear=
  [ ! -t 2 ] || clear=$'\r\e[K'
  while IFS= read -r line; do
    case $line in *'Re-checking globbed'*|*'no work to do'*|*'Built target'*|*'Entering directory'*|*'Leaving directory'*) continue ;; esac
    [ -n "$any" ] || { any=1; say "$1 ..."; }
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ |^\[\ *([0-9]+)(%)\]\  ]]; then
      how_far "${BASH_REMATCH[1]:-${BASH_REMATCH[3]}}" "${BASH_REMATCH[2]:-100}" "${BASH_REMATCH[4]}"
    else
      printf '%s%s\n' "$clear" "$line" >&2
    fi
  done
  [ -z "$any" ] || { printf '%s' "$clear" >&2; say "$1: ended after $((SECONDS - start)) s"; }
}
how_far() {  # how_far DONE TOTAL UNIT, within shown_if_any
  if [ -n "$clear" ]; then
    local columns
    columns=$(tput cols 2>/dev/null) || columns=80
    printf '%s%s' "$clear" "${line:0:columns - 1}" >&2
  elif [ $((10 * $1 / $2)) -gt "$tenth" ]; then
    tenth=$((10 * $1 / $2))
    say "  $1${3:- of $2 steps} after $((SECONDS - start)) s"
  fi
}
