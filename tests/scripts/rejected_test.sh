# Wrong code does not compile, and the corrected lines do: an Array in place of a Var, a shard's loss that is not a
# PartialLoss.
set -eu
flags="-std=c++20 -fsyntax-only $(cat "$EBB_INCLUDES/autograd.txt")"

try() {  # try NAME RIGHT WRONG: two statements; x is a Var, a an Array, w a LeafSet
  local name=$1 right=$2 wrong=$3 statement outcome
  for statement in right wrong; do
    cat >"$statement.cpp" <<END
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/elementwise.hpp>
void body(const ebb::Var& x, const ebb::Array& a, const ebb::LeafSet& w) {
  ${!statement}
  (void)x; (void)a; (void)w;
}
END
    outcome=compiles
    "$CXX" $flags "$statement.cpp" >"$statement.log" 2>&1 || outcome=rejected
    case $statement-$outcome in
      right-compiles|wrong-rejected) ;;
      *) echo "$name: the $statement line is $outcome: ${!statement}"; cat "$statement.log"; exit 1 ;;
    esac
  done
}

try "Var + Array" '(void)(x + constant(a));' '(void)(x + a);'
try "Array + Var" '(void)(constant(a) * x);' '(void)(a * x);'
try "loss of a shard" 'backward(w, {.rows = 8}, [&](ebb::Shard& s) { return s.mean_rows(s.rows(a)); });' \
  'backward(w, {.rows = 8}, [&](ebb::Shard& s) { return mean(s.rows(a)); });'
try "parts of different losses" 'backward(w, {.rows = 8}, [&](ebb::Shard& s) { return s.sum(x) + .5 * s.mean_rows(x); });' \
  'backward(w, {.rows = 8}, [&](ebb::Shard& s) { return s.sum(x) + x; });'
