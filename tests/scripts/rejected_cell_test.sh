# A cell whose step or output has a wrong signature is rejected with the correct signatures in the first error; the same
# cell without the mistake compiles.
set -eu
flags="-std=c++20 -fsyntax-only $(cat "$EBB_INCLUDES/nn.txt")"

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
