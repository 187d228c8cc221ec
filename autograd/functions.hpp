#pragma once
#include <array>
#include <concepts>
#include <ebb/autograd/var.hpp>

/// The functions of Vars. Elementwise functions broadcast by NumPy's rules; axes may be negative. Each returns a new
/// Var and records its gradient. Errors: ShapeError with op, shapes and line. After the bars: names in PyTorch and JAX.
namespace ebb {

// ---- elementwise: every function of ops/pointwise_functions.inl (formulas and gradients: ops/pointwise_list.hpp)
#define EBB_UNARY(Op, function, x) Var function(At x);
#define EBB_BINARY(Op, function, a, b) Var function(Arg a, Arg b);
#define EBB_TERNARY(Op, function, a, b, c) Var function(At a, Arg b, Arg c);
#define EBB_COMPARISON(Op, function, a, b) Comparison function(Arg a, Arg b);
#include <ebb/ops/pointwise_functions.inl>
Var elu(At x);

/// max(x, -1) could be mistaken for a maximum over an axis, so an integer as the second argument does not compile.
Var max(const At&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "max(x, 1) is ambiguous: amax(x, 1) is along axis 1, max(x, 1.0) elementwise");
  return {};
}
Var min(const At&, std::integral auto number) {
  static_assert(sizeof(number) == 0, "min(x, 1) is ambiguous: -amax(-x, 1) is along axis 1, min(x, 1.0) elementwise");
  return {};
}

// clang-format off: tables, one function a line with PyTorch's and JAX's names beside it; docs/functions.md is made of them
// ---- products
/// [M, K] x [K, N]; [..., M, K] x [K, N]; [B, M, K] x [B, K, N]. A transposed operand is read without a copy.
Var matmul(At a, At b);                                       // | matmul | matmul
/// Last two axes swapped, lazily: matmul reads the original.
Var transpose(At x);                                          // | x.mT | matrix_transpose
Var transpose(At x, std::initializer_list<int> order);        // axes in the given order | permute | transpose
/// Outer product over the last axes: a [..., M], b [..., N] -> [..., M, N]; leading axes broadcast.
Var outer(At a, At b);                                        // | outer; einsum("...m,...n->...mn") | outer; einsum("...m,...n->...mn")

// ---- reductions
Var sum(At x, Axes axes = {}, Keep keep = Keep::no);          // over the axes, or all | sum | sum
Var mean(At x, Axes axes = {}, Keep keep = Keep::no);         // over the axes, or all | mean | mean
Var amax(At x, Axes axes = {}, Keep keep = Keep::no);         // maximum; ties share the gradient | amax | max
Tokens argmax(At x, int axis = -1);                           // position of the maximum, the first of ties | argmax | argmax
Var cumsum(At x, int axis = -1);                              // cumulative sum | cumsum | cumsum
Var logsumexp(At x, int axis = -1, Keep keep = Keep::no);     // log(sum(exp(x))), stable | logsumexp | nn.logsumexp
Var softmax(At x, int axis = -1);                             // exp(x) / sum(exp(x)) | softmax | nn.softmax
Var log_softmax(At x, int axis = -1);                         // x - logsumexp(x) | log_softmax | nn.log_softmax
/// -log softmax(logits)[target], in nats: logits [..., V], targets [...], result [...].
Var cross_entropy(At logits, const Tokens& targets);          // | nn.functional.cross_entropy(reduction="none") | optax: softmax_cross_entropy_with_integer_labels
/// sqrt(sum of squares) over the axes; gradient x / norm, zero at zero. Squares do not overflow or underflow.
Var norm(At x, Axes axes = {}, Keep keep = Keep::no);         // | linalg.vector_norm | linalg.norm
Var row_norm(At x);                                           // norm(x, -1) | linalg.vector_norm(dim=-1) | linalg.norm(axis=-1)

// ---- shape and indexing
Var reshape(At x, Shape shape);                               // one extent may be -1 | reshape | reshape
Var broadcast_to(At x, Shape shape);                          // repeats along new axes and those of extent one | broadcast_to | broadcast_to
Var sum_to(At x, Shape shape);                                // sums over broadcast axes | sum_to_size | none
Var slice(At x, int axis, int begin, int end);                // entries [begin, end) of an axis | narrow | lax.slice_in_dim
Var range(At x, int begin, int end);                          // entries [begin, end) of the first axis: a view | x[begin:end] | x[begin:end]
Var concat(VarList parts, int axis = -1);                     // joined along an axis | cat | concatenate
Var stack(VarList parts, int axis = 0);                       // joined along a new axis | stack | stack
Var flip(At x, int axis);                                     // reverses an axis | flip | flip
Var pad(At x, int axis, int before, int after, double value = 0);  // adds value before and after | nn.functional.pad | pad
Var gather(At table, const Tokens& tokens);                   // rows of a table: [V, ...] -> [tokens..., ...] | nn.functional.embedding | take(axis=0)
Var scatter_add(At rows, const Tokens& tokens, int table_rows);  // adds rows into a table of zeros | index_add | table.at[tokens].add
Var pick(At x, const Tokens& tokens);                         // x[..., tokens[...]] | gather | take_along_axis
Var one_hot(const Tokens& tokens, int depth, std::source_location where = std::source_location::current());  // 1 at the token, else 0 | nn.functional.one_hot | nn.one_hot
/// Splits the last axis into N blocks of equal width, views of one buffer: `auto [i, f, g, o] = split<4>(pre);`
void split_into(At x, Var* blocks, int count);
template <int N> std::array<Var, N> split(At x) {             // | chunk | split
  std::array<Var, N> blocks;
  split_into(static_cast<At&&>(x), blocks.data(), N);
  return blocks;
}

Var detach(At x);                                             // the value without its graph | detach | lax.stop_gradient
/// Values without gradient, on the current tape and in its element type.
Var constant(const Array& values, std::source_location where = std::source_location::current());  // | tensor | asarray
/// Values with gradient.
Var variable(const Array& values, std::source_location where = std::source_location::current());  // | tensor(requires_grad=True) | an argument of grad
Var zeros(Shape shape, std::source_location where = std::source_location::current());  // a constant | zeros | zeros
Var full(Shape shape, double x, std::source_location where = std::source_location::current());  // a constant | full | full
// clang-format on

}  // namespace ebb
