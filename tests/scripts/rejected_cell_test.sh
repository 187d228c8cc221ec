# A cell whose step or output has a wrong signature is rejected with the correct signatures in the first error; the same
# cell without the mistake compiles.
set -eu
. "$EBB_SOURCE/tests/scripts/precompile.sh"
precompile "$(cat "$EBB_INCLUDES/nn.txt")" ebb/nn/cell.hpp
flags="-std=c++20 -fsyntax-only -include common.hpp $(cat "$EBB_INCLUDES/nn.txt")"

cell() {  # cell STEP OUTPUT: a file that registers a cell of them
  cat <<END
#include <ebb/nn/cell.hpp>
using namespace ebb;
struct Mine {
  Param W;
  Mine(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step($1 { return {tanh(matmul(x, W) + s.h)}; }
  $2
};
EBB_CELL(mine, Mine, "");
END
}

right='const Var& x, const Hidden& s) const'
compiles() {
  cell "$1" "$2" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile: $1 $2"; cat right.log; exit 1; }
}
rejected() {  # rejected STEP OUTPUT MESSAGE
  cell "$1" "$2" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles: $1 $2"; exit 1; }
  grep -m1 'error' wrong.log | grep -qF -- "$3" || { echo "the first error of '$1 $2' does not say '$3'"; cat wrong.log; exit 1; }
}

compiles "$right" ''
compiles 'const Var& x, const Hidden& s, const StepContext&) const' ''
compiles "$right" 'Var output(const Var&, const Hidden& s) const { return s.h; }'
compiles "$right" 'Hidden step(const Var& x, const Hidden& s, const StateDrop& d) const { return step(x, {d.state(s.h)}); }'
compiles "$right" 'Hidden step(const Var& x, const Hidden& s, const CandidateDrop&) const { return s; }'
compiles "$right" 'Hidden step(const Var& x, const Hidden& s, const Drop& d) const { return step(x, {d.state(s.h)}); }'
compiles "$right" 'Param output;   // a parameter of that name'
for step in 'const Var& x, Hidden s) const' 'const Var& x, const Hidden& s)' 'const Var& x, const Hidden& s, StepContext) const'; do
  rejected "$step" '' 'a cell needs `State step(const Var& x, const State& s) const`'
done
rejected "$right" 'Var output(const Hidden& s) const { return s.h; }' 'a cell'\''s output is `Var output(const Var& x, const State& s) const`'
rejected "$right" 'Var output(const Var&, const Hidden& s) { return s.h; }' 'a cell'\''s output is `Var output('
for last in 'StateDrop& d' 'double d'; do
  rejected "$right" "Hidden step(const Var& x, const Hidden& s, $last) const { return s; }" 'a cell'\''s additional overload of step, for dropout, is `State step('
done

# Wrong constructors, names and results
made() {  # made CONSTRUCTOR STEP NAME: a file that registers a cell of them
  cat <<END
#include <ebb/nn/cell.hpp>
using namespace ebb;
struct Mine {
  Param W;
  int groups = 1;
  double leak = 1;
  $1
  $2
};
EBB_CELL($3, Mine, "");
END
}
constructor='Mine(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}'
step='Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }'
made_right() {
  made "$1" "$2" "$3" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile: $1 $2 $3"; cat right.log; exit 1; }
}
made_wrong() {  # made_wrong CONSTRUCTOR STEP NAME MESSAGE
  made "$1" "$2" "$3" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles: $1 $2 $3"; exit 1; }
  grep -m1 'error' wrong.log | grep -qF -- "$4" || { echo "the first error of '$1 $2 $3' does not say '$4'"; cat wrong.log; exit 1; }
}
with() { echo 'Mine(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) { (void)s; '"$1"' }'; }

made_right "$constructor" "$step" mine
made_right "$(with 'leak = p.option("leak", 1, ""); groups = p.whole("groups", 4, 1, 9, "");')" "$step" mine
made_right "$(with 'float f = 2 * p.option("leak", 1, "") - 1; leak = p.option("a", 1, "") > 0 ? double(f) : 1;')" "$step" mine
made_wrong "$(with 'groups = p.option("groups", 4, "");')" "$step" mine 'p.whole(name, default, low, high, help) for an integer'
made_wrong "$(with 'int g = p.option("groups", 4, ""); groups = g;')" "$step" mine 'p.whole('
made_wrong "$(with 'groups = static_cast<int>(p.option("groups", 4, ""));')" "$step" mine 'p.whole('
made_wrong "$(with 'if (p.option("on", 0, "")) groups = 2;')" "$step" mine 'p.flag(name, default, help) for true or false'
made_wrong 'Mine(Builder p) : W(p.matrix("W", 2, 2)) {}' "$step" mine 'a cell needs a constructor `Mine(Builder p, CellSizes s)`'
made_wrong "$constructor" "$step" my-cell 'EBB_CELL_NAMED(my_cell'
made_wrong "$constructor" 'Hidden step(const Var& x, const Hidden& s) const { return tanh(matmul(x, W) + s.h); }' mine Hidden
made_wrong "$constructor" 'Var step(const Var& x, const Hidden& s) const { return tanh(matmul(x, W) + s.h); }' mine \
  'a cell needs `State step(const Var& x, const State& s) const`'
made_wrong "$constructor" 'Hidden step(const Var& x, const Hidden& s) const { return {fuse([](auto a, auto b) { return tanh(a + b); }, x, s.h)}; }' \
  mine 'include <ebb/autograd/fuse.hpp>'
