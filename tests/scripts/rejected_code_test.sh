# Plausible but wrong code is rejected by the compiler with a message that says what to write instead; the corrected
# code compiles.
set -eu
. "$EBB_SOURCE/tests/scripts/precompile.sh"
precompile "$(cat "$EBB_INCLUDES/autograd.txt")" ebb/autograd/fuse.hpp ebb/autograd/functions.hpp ebb/autograd/shards.hpp \
  ebb/ops/elementwise.hpp ebb/ops/linalg.hpp ebb/ops/reduce.hpp
flags="-std=c++20 -fsyntax-only -include common.hpp $(cat "$EBB_INCLUDES/autograd.txt")"

program() {  # program STATEMENTS: a file with the function that has them
  cat <<END_OF_FILE
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/reduce.hpp>
using namespace ebb;
void tried(const Var& x, const Array& a, const LeafSet& w) {
  $1
  (void)x, (void)a, (void)w;
}
END_OF_FILE
}
compiles() {  # compiles STATEMENTS
  program "$1" >right.cpp
  "$CXX" $flags right.cpp >right.log 2>&1 || { echo "does not compile: $1"; cat right.log; exit 1; }
}
rejected() {  # rejected STATEMENTS MESSAGE
  program "$1" >wrong.cpp
  ! "$CXX" $flags wrong.cpp >wrong.log 2>&1 || { echo "compiles: $1"; exit 1; }
  grep 'error' wrong.log | grep -qF -- "$2" || { echo "no error of '$1' says '$2'"; cat wrong.log; exit 1; }
}

# Ambiguous calls
rejected '(void)max(x, -1);' 'amax(x, 1) is along axis 1, max(x, 1.0) elementwise'
rejected '(void)max(a, -1);' 'amax(x, 1) is along axis 1, max(x, 1.0) elementwise'
rejected '(void)min(x, 0);' 'min(x, 1.0) elementwise'
rejected '(void)min(a, 0);' 'min(x, 1.0) elementwise'
rejected '(void)fuse([](auto v) { return max(v, 0); }, x);' 'write max(x, 1.0)'
rejected 'Var y = x; y = exp(y - max(y, -1)); y = y / sum(y, -1, Keep::yes);' 'amax(x, 1) is along axis 1'
compiles '(void)max(x, -1.); (void)max(a, -1.); (void)min(x, 0.); (void)amax(x, -1); (void)amax(a, -1); (void)max(0, x); (void)max(a, a);'
compiles '(void)fuse([](auto v) { return max(v, 0.) + min(0, v); }, x);'

# An Array in place of a Var
rejected '(void)(x + a);' 'use constant(array)'
rejected '(void)(a * x);' 'use constant(array)'
rejected '(void)where(x, x, a);' 'use constant(array)'
rejected '(void)matmul(x, a);' 'use constant(array)'
rejected '(void)fuse([](auto v, auto w) { return v * w; }, x, a);' 'use constant(array)'
rejected '(void)fuse([](auto v, auto w) { return v * w; }, a, x);' 'use constant(array)'
compiles '(void)(x + constant(a)); (void)matmul(x, constant(a)); (void)(a + a); (void)tanh(a); (void)pow(a, 2);'

# A function in fuse that is not elementwise
rejected '(void)fuse([](auto v) { return v - sum(v); }, x);' 'the lambda may only call elementwise functions'
rejected '(void)fuse([](auto v) { return softmax(v) * 2; }, x);' 'the lambda may only call elementwise functions'
rejected '(void)fuse([](auto v, auto w) { return matmul(v, w); }, x, x);' 'the lambda may only call elementwise functions'
rejected '(void)fuse([](auto v) { return concat({v, v}); }, x);' 'the lambda may only call elementwise functions'
compiles '(void)(fuse([](auto v, auto total) { return v - total; }, x, sum(x)));'

# A loss that was not created by its shard
rejected '(void)backward(w, {.rows = 8}, [&](Shard& s) { return mean(s.rows(a)); });' 's.mean_rows(each)'
rejected '(void)evaluate(w, {.rows = 8}, [&](Shard& s) { return mean(s.rows(a)); });' 's.mean_rows(each)'
rejected '(void)backward(w, {.rows = 8}, [&](Shard&) { return 1.5; });' 's.mean_rows(each)'
rejected '(void)backward(w, {.rows = 8}, [&](Shard& s) { return s.sum(x) + x; });' 'PartialLoss'
compiles '(void)backward(w, {.rows = 8}, [&](Shard& s) { return s.mean_rows(sum(s.rows(a), 1)); });'
compiles '(void)backward(w, {.rows = 8}, [&](Shard& s) { return s.sum(x) + .5 * s.mean_rows(x); });'

# A Var in place of an Array
rejected 'Array b(x); (void)b;' 'for the values of a Var or a parameter, write .value()'
rejected 'Array b; b = x;' 'for the values of a Var or a parameter, write .value()'
rejected 'Array b(w[0]); (void)b;' 'for the values of a Var or a parameter, write .value()'
rejected '(void)singular_values(x);' 'singular_values(x.value())'
rejected '(void)eigenvalues(x);' 'eigenvalues(x.value())'
compiles 'Array b(x.value()); b = x.value(); b = Array{}; b = Array(w[0].value()); (void)singular_values(x.value()); (void)eigenvalues(a);'

# A comparison as a condition
rejected 'if (x > 0) return;' 'write where(x > 0, a, b), or if (x.item() > 0)'
rejected 'while (x >= 1.) {}' 'write where('
rejected '(void)(x < 2 ? x : -x);' 'write where('
rejected 'bool b(x > 2); (void)b;' 'write where('
compiles '(void)where(x > 0, x, -x); if (x.item() > 0) return; if (x) return; Var y = x > 2; (void)y;'
