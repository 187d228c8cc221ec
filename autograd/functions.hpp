#pragma once
#include <array>
#include <ebb/autograd/var.hpp>

/// Every function of Vars. Elementwise ones broadcast by numpy's rule; axes may be negative. Each returns a new Var and
/// records its gradient. Errors: ShapeError naming the op, the shapes and the caller's line.
namespace ebb {

// ---- elementwise (formulas and gradients: ops/pointwise_list.hpp)
Var exp(At x);
Var log(At x);
Var log1p(At x);
Var expm1(At x);
Var sqrt(At x);
Var square(At x);
Var pow(Arg x, Arg exponent);
Var abs(At x);
Var sign(At x);                          // no gradient
Var min(Arg a, Arg b);
Var max(Arg a, Arg b);
Var where(At condition, Arg yes, Arg no);  // condition != 0 ? yes : no
Var clip(At x, Arg low, Arg high);
Var tanh(At x);
Var sigmoid(At x);
Var relu(At x);
Var softplus(At x);
Var elu(At x, Arg alpha = 1.0);
Var gelu(At x);                          // exact: x Phi(x)
Var sin(At x);
Var cos(At x);
Var erf(At x);
Var equal(Arg a, Arg b);                 // 1 where true, else 0; no gradient
Var not_equal(Arg a, Arg b);

// ---- products
/// [M, K] x [K, N]; [..., M, K] x [K, N]; [B, M, K] x [B, K, N]. A transposed operand is read without a copy.
Var matmul(At a, At b);
/// Last two axes swapped, lazily: matmul reads the original.
Var transpose(At x);
Var transpose(At x, std::initializer_list<int> order);

// ---- reductions
Var sum(At x, Axes axes = {}, Keep keep = Keep::no);
Var mean(At x, Axes axes = {}, Keep keep = Keep::no);
Var amax(At x, Axes axes = {}, Keep keep = Keep::no);    // equal largest ones share the gradient
Tokens argmax(At x, int axis = -1);
Var cumsum(At x, int axis = -1);
Var logsumexp(At x, int axis = -1, Keep keep = Keep::no);
Var softmax(At x, int axis = -1);
Var log_softmax(At x, int axis = -1);
/// -log softmax(logits)[target], in nats: logits [..., V], targets [...], result [...].
Var cross_entropy(At logits, const Tokens& targets);
Var row_norm(At x);                      // sqrt(sum of squares over the last axis); gradient zero at zero

// ---- shape and place
Var reshape(At x, Shape shape);          // one extent may be -1
Var broadcast_to(At x, Shape shape);
Var sum_to(At x, Shape shape);           // sums broadcast axes away
Var slice(At x, int axis, int begin, int end);
Var range(At x, int begin, int end);     // entries [begin, end) of the first axis: a view
Var concat(VarList parts, int axis = -1);
Var stack(VarList parts, int axis = 0);
Var flip(At x, int axis);
Var pad(At x, int axis, int before, int after, double value = 0);
Var gather(At table, const Tokens& tokens);               // table [V, ...], result [tokens..., ...]
Var scatter_add(At rows, const Tokens& tokens, int table_rows);
Var pick(At x, const Tokens& tokens);                     // x[..., tokens[...]]
Var one_hot(const Tokens& tokens, int depth, std::source_location where = std::source_location::current());

/// The last axis cut into N blocks of equal width, views of one buffer: `auto [i, f, g, o] = split<4>(pre);`
void split_into(At x, Var* blocks, int count);
template <int N> std::array<Var, N> split(At x) {
  std::array<Var, N> blocks;
  split_into(static_cast<At&&>(x), blocks.data(), N);
  return blocks;
}

/// The value without its history.
Var detach(At x);
/// Numbers that need no gradient, on the current tape and in its element type.
Var constant(const Array& numbers, std::source_location where = std::source_location::current());
/// Numbers whose gradient is wanted.
Var variable(const Array& numbers, std::source_location where = std::source_location::current());
Var zeros(Shape shape, std::source_location where = std::source_location::current());
Var full(Shape shape, double x, std::source_location where = std::source_location::current());

}  // namespace ebb
