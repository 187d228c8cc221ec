# ops <- ranks <- autograd <- nn <- optim, observe <- online <- experiments, and ops <- data <- experiments: with a
# folder's compile options, headers of folders that it must not depend on are not found, and its own headers and those of
# its dependencies are.
set -eu
(cd "$EBB_SOURCE" && find ops data ranks autograd nn optim observe online experiments -name '*.hpp' | sort | sed 's,^,ebb/,') >headers
sed 's,.*,#if __has_include(<&>)\nfound "&"\n#endif,' headers >ask.cpp
while read -r folder sees; do
  "$CXX" -std=c++20 -E -P $(cat "$EBB_INCLUDES/$folder.txt") ask.cpp | sed -n 's/^found "\(.*\)"$/\1/p' >"$folder.found"
  grep -E "^ebb/($folder${sees:+|${sees// /|}})/" headers >"$folder.expected"
  [ -s "$folder.expected" ]
  diff "$folder.expected" "$folder.found" || { echo "$folder: < expected and not found; > found and not expected"; exit 1; }
done <<'END'
ops
data ops
ranks ops
autograd ops ranks
nn ops ranks autograd
optim ops ranks autograd nn
observe ops ranks autograd nn
online ops ranks autograd nn observe
experiments ops data ranks autograd nn optim observe online
END

# Dependencies of the subfolders of nn and experiments: core <- sequence <- layers <- cells, with losses, decoding and
# files beside them; report <- cli <- train <- tasks, studies, sweep, runs <- commands; sweep <- papers <- commands.
# Subfolders of tasks and studies do not depend on each other. statistics sees no other folder, and is seen by all that say what was found.
sees() {  # sees ROOM: the rooms whose headers it may include
  case $1 in
    nn) ;; nn/sequence) echo nn ;; nn/layers) echo nn nn/sequence ;; nn/cells) echo nn nn/sequence nn/layers ;;
    nn/losses|nn/decoding|nn/files) echo nn ;;
    experiments/statistics|experiments/report) ;; experiments/cli) echo experiments/report ;; experiments/train) echo experiments/report experiments/cli ;;
    experiments/atlas|experiments/tasks|experiments/studies|experiments/remedies|experiments/sweep|experiments/runs)
      echo experiments/statistics experiments/report experiments/cli experiments/train ;;
    experiments/tasks/*|experiments/studies/*) echo experiments/statistics experiments/report experiments/cli experiments/train "${1%/*}" ;;
    experiments/papers|experiments/lengths) echo experiments/statistics experiments/report experiments/cli experiments/train experiments/sweep ;;
    experiments/commands) echo experiments/atlas experiments/papers experiments/lengths experiments/statistics experiments/report experiments/cli experiments/train experiments/sweep experiments/studies/observe ;;  # train --observe
    experiments/commands/runs) echo experiments/statistics experiments/report experiments/cli experiments/train experiments/runs ;;
    experiments/cells) echo nn nn/sequence nn/layers ;;
    *) echo "unknown folder $1" >&2; exit 1 ;;
  esac
}
(cd "$EBB_SOURCE" && grep -rnoE '#include <ebb/(nn|experiments)/[^>]+>' nn experiments --include='*.cpp' --include='*.hpp') |
  sed -E 's,^([^:]+):([0-9]+):#include <ebb/([^>]+)>,\1 \2 \3,' >includes
[ "$(wc -l <includes)" -gt 300 ]
while read -r file line header; do
  room=$(dirname "$file") other=$(dirname "$header")
  [ "${room%%/*}" = "${other%%/*}" ] && [ "$room" != "$other" ] || continue
  case " $(sees "$room") " in *" $other "*) ;; *) echo "$file:$line: $room may not include <ebb/$header>"; touch bad ;; esac
done <includes
[ ! -e bad ]

# SQLite: one file, and no header.
(cd "$EBB_SOURCE" && grep -rlE '#include [<"]sqlite3' ops data autograd nn optim observe online experiments) >sqlite.found || true
echo experiments/runs/database.cpp | diff - sqlite.found ||
  { echo "files that include SQLite: < expected and not found; > found and not expected"; exit 1; }

# Eigen: two files, with the same macros before it, because they share its inline functions; no header. Neither is a
# kernel file, so its functions are compiled for the baseline architecture.
cat >eigen.expected <<'END'
observe/dense/factors.cpp
ops/linalg.cpp
END
(cd "$EBB_SOURCE" && grep -rlE '#include [<"](eigen3/)?(unsupported/)?Eigen/' ops data ranks autograd nn optim observe online experiments) | sort >eigen.found
diff eigen.expected eigen.found || { echo "files that include Eigen: < expected and not found; > found and not expected"; exit 1; }
while read -r file; do
  sed '/#include <Eigen/q' "$EBB_SOURCE/$file" | grep '^#define' | sort >macros
  printf '#define EIGEN_DONT_PARALLELIZE\n#define EIGEN_MPL2_ONLY\n' | diff - macros ||
    { echo "$file: macros before Eigen: < expected and not found; > found and not expected"; exit 1; }
done <eigen.expected

# MPI: one file; no header, and so no user of Ebb needs it to compile.
(cd "$EBB_SOURCE" && grep -rlE '#include [<"]mpi' ops data ranks autograd nn optim observe online experiments) >mpi.found || true
echo ranks/mpi_ranks.cpp | diff - mpi.found || { echo "files that include MPI: < expected; > found and not expected"; exit 1; }
# Boost: one file, because its headers take seconds to compile. The statistics use the library for random keys only.
(cd "$EBB_SOURCE" && grep -rlE '#include [<"]boost/' ops data autograd nn optim observe online experiments) | sort >boost.found
echo experiments/statistics/distributions.cpp | diff - boost.found || { echo "files that include Boost: < expected and not found; > found and not expected"; exit 1; }
if grep -rhoE '#include <ebb/[^>]+>' "$EBB_SOURCE/experiments/statistics" | grep -vE '<ebb/(experiments/statistics/|ops/random.hpp)'; then
  echo "experiments/statistics may not include these"
  exit 1
fi
