# Counts the places that an addition touches: an optimiser, a schedule, a layer, a cell, a task with its own option and
# a study are one new file each, which no other file names. An elementwise op is three places in three files, and does
# not compile if one is missing. The files are built into one program against the installed package, the op in a scratch
# copy of the tree.
# needs: prefix
set -eu

mkdir own
cat >own/optimiser.cpp <<'EOF'
#include <cmath>
#include <ebb/optim/optimizer_list.hpp>
namespace {
struct StepsOptions {
  double lr = 1e-3, decay = 0, power = 0;
  void declare(ebb::GivenOptions& given) { given("power", power, "of a gradient's size in its step"); }
};
class Steps final : public ebb::Optimizer {
 public:
  using Options = StepsOptions;
  explicit Steps(const ebb::LeafSet& set, StepsOptions o = {}) : Optimizer("steps", set, o.lr, o.decay, 0), o_(o) {}
 private:
  void update(const ebb::Slice<float>& s) override { run(s); }
  void update(const ebb::Slice<double>& s) override { run(s); }
  template <class T> void run(const ebb::Slice<T>& s) const {
    for (std::int64_t i = 0; i < s.size; ++i) {
      const double g = static_cast<double>(s.g[i]);
      s.w[i] -= static_cast<T>(s.lr * std::copysign(std::pow(std::abs(g), o_.power), g));
    }
  }
  StepsOptions o_;
};
EBB_OPTIMIZER(steps, Steps, "steps by a power of each gradient");
}  // namespace
EOF
cat >own/schedule.cpp <<'EOF'
#include <ebb/optim/schedule_list.hpp>
namespace {
ebb::Schedule halving(ebb::GivenOptions& o, const ebb::ScheduleSpan& s) {
  return ebb::step_decay(s.lr, .5, o.whole("every", 100, 1, 1'000'000, "updates from one halving to the next"));
}
EBB_SCHEDULE(halving, halving, "halves the rate periodically");
}  // namespace
EOF
cat >own/layer.cpp <<'EOF'
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
namespace {
/// Each step by itself.
class Pointwise final : public ebb::WholeLayer {
 public:
  Pointwise(const ebb::Builder& o, const ebb::Builder& p, const ebb::LayerSizes& s)
      : width_(s.hidden), scale_(o.whole("scale", 1, 1, 9, "of what is put out")), in_(p / "in", s.input, s.hidden) {}
  int width() const override { return width_; }
 protected:
  ebb::Var run(const ebb::Sequence& x, const ebb::Lengths&, const ebb::StepContext&) const override { return tanh(in_(x.all())) * double(scale_); }
 private:
  int width_, scale_;
  ebb::Linear in_;
};
EBB_LAYER(stepwise, Pointwise, false, "each step by itself");
}  // namespace
EOF
cat >own/task.cpp <<'EOF'
#include <algorithm>
#include <ebb/experiments/train/simple_task.hpp>
namespace {
using namespace ebb;
using namespace ebb::app;
class Recall final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {{.name = "which", .help = "which number is asked for", .takes = WholeNumber{0, 9}}};
  explicit Recall(Inputs& in) : which_(in.own.choose_whole("which", 0)) {}
  TaskInfo info() const override { return {.baseline = 1.0 / 12, .baseline_about = "the mean"}; }
  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }
  TaskSettings settings(Size) const override { return {.hidden = 4, .length = 10, .batch = 4, .steps = 20, .lr = 1e-2}; }
  Batch batch(const BatchRequest& r) const override {
    const Key key = Key{r.seed}.named(r.split == Split::train ? "train" : "held out").at(r.number);
    const Array x = uniform({r.length, r.rows, 1}, key, 0, 1);
    return SimpleBatch{.inputs = x, .targets = LastStep{x[std::min(which_, r.length - 1)].copy()}};
  }
  int batches(Split, int, int rows) const override { return 64 / rows; }
 private:
  int which_;
};
EBB_TASK(recall, Recall, "one of ten numbers");
}  // namespace
EOF
cat >own/remedy.cpp <<'EOF'
#include <ebb/experiments/train/remedy.hpp>
namespace {
using namespace ebb;
using namespace ebb::app;
class Small final : public Remedy, public PenaltyOnRun {
 public:
  static constexpr const char* first = "weight";
  explicit Small(GivenOptions& given) : weight_(given.number("weight", 1, "factor of the penalty")) {}
  PartialLoss penalty(Shard& s, const UnrolledRun& u) const override { return weight_ * s.mean_rows(sum(square(u.run.last()), -1)); }
 private:
  double weight_;
};
EBB_REMEDY(small, Small, "keeps the last state small");
}  // namespace
EOF
"$EBB" new cell drawn --dir own
"$EBB" new experiment looked-at --dir own
[ "$(ls own | wc -l)" = 7 ]

cat >main.cpp <<'EOF'
#include <ebb/experiments/cli/main.hpp>
int main(int argc, char** argv) { return ebb::app::main(argc, argv); }
EOF
cat >CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(mine LANGUAGES CXX)
find_package(ebb REQUIRED)
file(GLOB own own/*.cpp)
add_executable(mine main.cpp)
target_compile_options(mine PRIVATE -O1 -Wall -Wextra -Wconversion -Werror)
ebb_add_cells(mine ${own})
target_link_libraries(mine PRIVATE ebb::app)
EOF
cmake -S . -B build -DCMAKE_BUILD_TYPE= -DCMAKE_EXE_LINKER_FLAGS="$EBB_LINK_OPTIONS" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build
run() { ./build/mine "$@" >output 2>&1 || { echo "mine $*: exit $?"; cat output; exit 1; }; }
run train recall --which 3 --cell drawn --optimizer steps:power=.5 --schedule warmup:5+halving:every=4 --remedy small:.5 --seeds 1 --threads 1 --out trained
for line in 'which = "3"' 'optimizer = "steps:power=.5"' 'schedule = "warmup:5+halving:every=4"'; do
  grep -qxF "$line" trained/config.toml || { echo "config.toml lacks: $line"; cat trained/config.toml; exit 1; }
done
run evaluate --weights trained/weights.safetensors
run train recall --cell stepwise:scale=2 --seeds 1 --threads 1 --out by_layer
run looked-at --quick --cells rnn,drawn --out studied
for list in "remedies small" "optimizers steps" "schedules halving" "cells stepwise" "cells drawn" "tasks"; do run $list; done
grep -q 'recall' output

# The op. Its folders include from the scratch copy, everything else from its original place.
mkdir copy inc
cp -r "$EBB_SOURCE/ops" "$EBB_SOURCE/autograd" copy
mkdir copy/tests; cp -r "$EBB_SOURCE"/tests/ops "$EBB_SOURCE"/tests/*.hpp copy/tests
for folder in ops autograd; do mkdir -p inc/ebb; ln -s "$PWD/copy/$folder" inc/ebb/$folder; done
others=$(tr ' ' '\n' <"$EBB_INCLUDES/autograd.txt" | grep -v "/include/\(ops\|autograd\)$" | tr '\n' ' ')
add_struct() {
  awk '/^template <class... Ops> struct TypeList/ && !done {
    print "struct Softsign : Op {"
    print "  static constexpr auto name = \"softsign\";"
    print "  static constexpr unsigned needs = inputs;"
    print "  static constexpr auto value = [](auto x) { return x / (1 + abs(x)); };"
    print "  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { auto d = 1 + abs(x); return g / (d * d); }};"
    print "};"; print ""; done = 1 }
    { print }' "$EBB_SOURCE/ops/pointwise_list.hpp" >copy/ops/pointwise_list.hpp
}
add_line() {
  sed '/^EBB_UNARY(Exp,/a EBB_UNARY(Softsign, softsign, x)                // x / (1 + |x|) | softsign | soft_sign' \
    "$EBB_SOURCE/ops/pointwise_functions.inl" >copy/ops/pointwise_functions.inl
}
add_reference() {
  sed '0,/^inline Real exact(pw::Neg/s//inline Real exact(pw::Softsign, Real x) { return x \/ (1 + std::fabs(x)); }\n&/' \
    "$EBB_SOURCE/tests/ops/pointwise_reference.hpp" >copy/tests/ops/pointwise_reference.hpp
}
compiles() { "$CXX" -std=c++20 -fsyntax-only -Iinc $others -Icopy/tests "$@" >output 2>&1; }
cat >uses.cpp <<'EOF'
#include <ebb/autograd/fuse.hpp>
#include <ebb/ops/elementwise.hpp>
ebb::Var of_var(const ebb::Var& x) { return softsign(x); }
ebb::Array of_array(const ebb::Array& x) { return softsign(x); }
ebb::Var fused(const ebb::Var& x) { return fuse([](auto v) { return softsign(v); }, x); }
EOF
cat >reference.cpp <<'EOF'
#include "ops/pointwise_reference.hpp"
template <class... Ops> constexpr bool each(ebb::pointwise::TypeList<Ops...>) {
  return ([] {
    if constexpr (ebb::pointwise::arity<Ops> == 1) return requires(reference::Real x) { reference::exact(Ops{}, x); };
    else return true;
  }() && ...);
}
static_assert(each(ebb::pointwise::List{}));
EOF
add_struct; add_line; add_reference
changed=$(for f in ops autograd tests/ops; do diff -rq "$EBB_SOURCE/$f" "copy/$f" || true; done | grep -c differ)
[ "$changed" = 3 ] || { echo "an elementwise op touches $changed files"; exit 1; }
for file in uses.cpp reference.cpp copy/ops/elementwise.cpp copy/autograd/pointwise.cpp; do
  compiles $file || { echo "$file:"; head -n 30 output; exit 1; }
done
cp "$EBB_SOURCE/tests/ops/pointwise_reference.hpp" copy/tests/ops
if compiles reference.cpp; then echo "a forgotten reference compiles"; exit 1; fi
cp "$EBB_SOURCE/ops/pointwise_functions.inl" copy/ops
if compiles uses.cpp; then echo "a forgotten line compiles"; exit 1; fi
echo "six additions of one file each, and an op of three places in three files"
