# An optimiser, a schedule or a layer that is registered with a wrong form is rejected with a message that states the fix.
set -eu
. "$EBB_SOURCE/tests/scripts/precompile.sh"
precompile "$(cat "$EBB_INCLUDES/optim.txt")" ebb/optim/optimizer_list.hpp
flags="-std=c++20 -fsyntax-only -include common.hpp $(cat "$EBB_INCLUDES/optim.txt")"

optimizer() {  # optimizer BASE MEMBERS OPTIONS NAME: a file that registers an optimiser of them
  cat <<END
#include <ebb/optim/optimizer_list.hpp>
using namespace ebb;
struct MineOptions {
  double lr = .1;
  $3
};
class Mine final : public $1 {
 public:
  $2
};
EBB_OPTIMIZER($4, Mine, "");
END
}
base=Optimizer
make='explicit Mine(const LeafSet& set, MineOptions o = {}) : Optimizer("mine", set, o.lr, 0, 1) {}'
options='using Options = MineOptions;'
update='void update(const Slice<float>& s) override { run(s); } void update(const Slice<double>& s) override { run(s); }
  template <class T> void run(const Slice<T>& s) const {
    T* const m = s.memory[0];
    for (std::int64_t i = 0; i < s.size; ++i) s.w[i] -= static_cast<T>(s.lr) * (m[i] = T(.9) * m[i] + s.g[i]);
  }'
declare='void declare(GivenOptions& given) { given("lr2", lr, ""); }'

right() {
  optimizer "$@" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile:"; cat right.cpp right.log; exit 1; }
}
wrong() {  # wrong MESSAGE BASE MEMBERS OPTIONS NAME
  local message=$1
  shift
  optimizer "$@" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles:"; cat wrong.cpp; exit 1; }
  grep -m1 'error' wrong.log | grep -qF -- "$message" || { echo "the first error does not say '$message'"; cat wrong.cpp wrong.log; exit 1; }
}

right "$base" "$options $make $update" "$declare" mine
right "$base" "$options $make $update" '' mine
right "$base" "$options $make $update" 'double beta = .9; void declare(GivenOptions& given) { given("beta", beta, ""); }' mine
for declare in 'void declares(GivenOptions& given) { given("beta", beta, ""); }' 'void declare(GivenOptions given) const;' ''; do
  wrong 'declared by `void declare(GivenOptions& given)`' "$base" "$options $make $update" "double beta = .9; $declare" mine
done
wrong 'an optimiser names the struct of its options: `using Options = MyOptions;`' "$base" "$make $update" '' mine
wrong 'an optimiser overrides update(const Slice<float>&) and update(const Slice<double>&)' "$base" "$options $make" '' mine
wrong 'an optimiser is constructed from parameters and options' "$base" "$options $update
  explicit Mine(const LeafSet& set) : Optimizer(\"mine\", set, .1, 0, 1) {}" '' mine
wrong 'declared by `void declare(GivenOptions& given)`' "$base" "$options $make $update" 'void declare(int) {}' mine
wrong 'EBB_OPTIMIZER_NAMED(my_sgd' "$base" "$options $make $update" '' my-mine

other() {  # other LINES: a file with the registrations
  cat <<END
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/optim/schedule_list.hpp>
using namespace ebb;
Schedule half(GivenOptions& o, const ScheduleSpan& s) { $1 }
struct Each final : WholeLayer {
  Each(const Builder&, const Builder&, const LayerSizes& s) : width_(s.hidden) {}
  int width() const override { return width_; }
  Var run(const Sequence& x, const Lengths&, const StepContext&) const override { return x.all(); }
  int width_;
};
$2
END
}
right_other() {
  other "$1" "$2" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile:"; cat right.cpp right.log; exit 1; }
}
wrong_other() {  # wrong_other MESSAGE BODY REGISTRATION
  other "$2" "$3" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles:"; cat wrong.cpp; exit 1; }
  grep -m1 'error' wrong.log | grep -qF -- "$1" || { echo "the first error does not say '$1'"; cat wrong.cpp wrong.log; exit 1; }
}
body='return step_decay(s.lr, o.number("factor", .5, ""), 100);'
right_other "$body" 'EBB_SCHEDULE(half, half, ""); EBB_SCHEDULE_NAMED(a_half, "a-half", half, ""); EBB_LAYER(each, Each, false, ""); EBB_LAYER_NAMED(one_each, "one-each", Each, false, "");'
wrong_other 'EBB_SCHEDULE_NAMED(' "$body" 'EBB_SCHEDULE(a-half, half, "");'
wrong_other 'EBB_LAYER_NAMED(' "$body" 'EBB_LAYER(one-each, Each, false, "");'
wrong_other 'p.whole(name, default, low, high, help)' 'int n = o.number("every", 1, ""); return step_decay(s.lr, .5, n);' ''
