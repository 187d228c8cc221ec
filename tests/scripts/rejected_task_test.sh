# Tasks without a network or with two, batches whose arrays contradict each other, and batches and experiments whose
# optional members have a wrong form do not compile; corrected they do.
set -eu
. "$EBB_SOURCE/tests/scripts/precompile.sh"
precompile "$(cat "$EBB_INCLUDES/experiments.txt")" ebb/experiments/train/abilities.hpp ebb/experiments/train/network.hpp \
  ebb/experiments/train/simple_task.hpp ebb/experiments/cli/experiment.hpp
flags="-std=c++20 -fsyntax-only -include common.hpp $(cat "$EBB_INCLUDES/experiments.txt")"

program() {  # program BASES BATCH
  cat <<END_OF_FILE
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/simple_task.hpp>
namespace {
using namespace ebb;
using namespace ebb::app;
class Tried final : public $1 {
 public:
  explicit Tried(const Inputs&) {}
  TaskInfo info() const override { return {}; }
  SimpleSizes sizes() const { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override { return {}; }
  Batch batch(const BatchRequest& r) const override {
    const Array x = Array::zeros({r.length, r.rows, 1}, f32);
    const Tokens tokens({r.length, r.rows});
    (void)tokens;
    return $2;
  }
  int batches(Split, int, int) const override { return 1; }
  std::unique_ptr<Network> network(const Builder&, const Recurrence&) const { return nullptr; }
};
EBB_TASK(tried, Tried, "");
}  // namespace
END_OF_FILE
}
values='SimpleBatch{.inputs = x, .targets = LastStep{x[0]}}'
compiles() {
  program "$1" "$2" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile: $1, $2"; cat right.log; exit 1; }
}
rejected() {  # rejected BASES BATCH MESSAGE
  program "$1" "$2" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles: $1, $2"; exit 1; }
  grep 'error' wrong.log | grep -qF -- "$3" || { echo "no error of '$1, $2' says '$3'"; cat wrong.log; exit 1; }
}

rejected Task "$values" 'a task has one network'
rejected 'SimpleTask, public HasNetwork' "$values" 'a task has one network'
compiles SimpleTask "$values"
compiles 'Task, public HasNetwork' "$values"
rejected SimpleTask 'SimpleBatch{.inputs = x, .targets = x}' 'error'
rejected SimpleTask 'SimpleBatch{.inputs = x, .targets = LastStep{tokens}}' 'error'
rejected SimpleTask 'SimpleBatch{.inputs = tokens, .targets = EveryStep{x}}' 'error'
compiles SimpleTask 'SimpleBatch{.inputs = tokens, .targets = EveryStep{tokens}}'
rejected SimpleTask 'x' 'error'

member() {  # member DEFINITIONS: a file with these
  cat <<END_OF_FILE
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/train/batch.hpp>
using namespace ebb::app;
struct Mine {
  int rows() const { return 1; }
  int steps() const { return 1; }
  $1
};
Batch made() { return Mine{}; }
struct Run {
  void run(Job&) {}
  $2
};
EBB_EXPERIMENT(mine, Run, "");
END_OF_FILE
}
member_compiles() {  # member_compiles OF_BATCH OF_EXPERIMENT
  member "$1" "$2" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile: $1, $2"; cat right.log; exit 1; }
}
member_rejected() {  # member_rejected OF_BATCH OF_EXPERIMENT MESSAGE
  member "$1" "$2" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles: $1, $2"; exit 1; }
  grep 'error' wrong.log | grep -qF -- "$3" || { echo "no error of '$1, $2' says '$3'"; cat wrong.log; exit 1; }
}
member_compiles 'double weight() const { return 1; } bool continues = true; std::vector<int> items;' \
  'void options(Options&) {} void prepare(SharedOptions&, Options&) {}'
member_compiles '' ''
member_rejected 'double weight = 1;' '' "a batch's weight is"
member_rejected 'bool continues() const { return true; }' '' 'a batch continues the previous one if'
member_rejected 'std::vector<long> items;' '' "a batch's rows in the data set are"
member_rejected '' 'void options(int) {}' "an experiment's options are declared by"
member_rejected '' 'void prepare(Options&) {}' 'an experiment prepares its options by'
