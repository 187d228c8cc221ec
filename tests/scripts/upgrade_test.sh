# tools/upgrade rewrites files that were written for 0.1.0: the result compiles against the installed package, a second
# run changes nothing, and --check reports whether anything would change.
# needs: prefix
set -eu
mkdir mine
cat >mine/CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
find_package(ebb REQUIRED)
add_executable(mine main.cpp)
ebb_add_cells(mine short.cpp)
target_link_libraries(mine PRIVATE ebb::ebb)
END
cat >mine/main.cpp <<'END'
#include <ebb/experiments/main.hpp>
#include <ebb/nn/linear.hpp>
#include <ebb/nn/lstm.hpp>
#include <ebb/autograd/pass.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <ebb/optim/truncated.hpp>
[[maybe_unused]] static ebb::Part loss(ebb::Shard& s, const ebb::Cell& cell, const ebb::Array& x, ebb::EarlyStopping& stop) {
  const ebb::Pass at = s.pass("loss");  // Pass in a comment
  stop.see(1);
  return s.mean_rows(sum(unroll(cell, s.sequence(x), at).last(), -1));
}
int main(int argc, char** argv) { return ebb::main(argc, argv); }
END
cat >mine/short.cpp <<'END'
#include <ebb/experiments/experiment.hpp>
#include <ebb/experiments/train.hpp>
namespace {
using namespace ebb;
struct Short {
  int steps = 5;
  void options(ebb::Options& o) { o.add("--steps", steps, "updates").at_least(1); }
  void run(Job& job) {
    const auto task = ebb::make_task("adding");
    ebb::Model model{*task, "gru", 4, 1};
    job.start(1);
    job.print(std::to_string(train(model, *task, {.hidden = 4, .length = 5, .batch = 2, .steps = steps, .lr = 1e-3}, 1).curve.size()) + "\n");
  }
};
EBB_EXPERIMENT(short, Short, "as written for 0.1.0");
}
END
sed -i 's/EBB_EXPERIMENT(short/EBB_EXPERIMENT_NAMED(brief, "short"/' mine/short.cpp
upgrade=$EBB_SOURCE/tools/upgrade
if "$upgrade" --check mine >said; then echo "--check found nothing to do"; exit 1; fi
grep -q 'CMakeLists.txt:6:.*links ebb::app' said
grep -q '<ebb/experiments/main.hpp>' mine/main.cpp || { echo "--check changed a file"; exit 1; }
"$upgrade" mine >said
grep -qx 'mine/main.cpp' said && grep -qx 'mine/short.cpp' said
"$upgrade" --check mine/main.cpp mine/short.cpp >said || { cat said; exit 1; }
if "$upgrade" nowhere 2>said; then exit 1; fi
grep -q 'nowhere: no such file' said
sed -i 's/PRIVATE ebb::ebb/PRIVATE ebb::app/' mine/CMakeLists.txt   # as it said
cmake -S mine -B build -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build
./build/mine short --steps 3 --out out | grep -q 3

# Every path in its table is an installed header.
grep -v '^#' "$EBB_SOURCE/tools/upgrade_includes.tsv" | cut -f2 | while read -r path; do
  [ -e "$EBB_PREFIX/include/ebb/$path" ] || { echo "<ebb/$path> is not installed"; exit 1; }
done
