#include <ebb/autograd/op_list.hpp>

#include <ebb/ops/pointwise_list.hpp>

#pragma GCC diagnostic error "-Wswitch"  // an op without a sample does not compile

namespace ebb {

namespace {

using Vars = const std::vector<Var>&;

/// For one to three inputs: equal shapes, a broadcast row and column, and a scalar.
std::vector<std::vector<Shape>> broadcast_shapes(int inputs) {
  const Shape whole{2, 3}, row{3}, column{2, 1}, one{};
  if (inputs == 1) return {{whole}, {one}, {{2, 1, 2, 3}}};
  if (inputs == 2) return {{whole, whole}, {whole, row}, {column, whole}, {one, whole}, {whole, one}, {column, row}};
  return {{whole, whole, whole}, {whole, row, column}, {row, whole, one}, {whole, one, one}};
}

template <class... O> void add_pointwise(std::vector<OpSample>& out, pointwise::TypeList<O...>) {
  (out.push_back({O::name, [](Vars in) { return detail::apply_pointwise(pointwise::id<O>, in); },
                  broadcast_shapes(pointwise::arity<O>), O::low, O::high}),
   ...);
}

// Tokens for the samples below: small, with repeats where gradients must accumulate.
Tokens labels() { return Tokens({2, 3}, {0, 3, 1, 2, 0, 0}); }

OpSample sample(ShippedOp op) {
  switch (op) {
    case ShippedOp::matmul:
      return {"matmul",
              [](Vars in) { return matmul(in[0], in[1]); },
              {{{2, 3}, {3, 4}}, {{2, 2, 3}, {3, 2}}, {{1, 5}, {5, 1}}}};
    case ShippedOp::matmul_batched:
      return {"matmul batched", [](Vars in) { return matmul(in[0], in[1]); }, {{{2, 2, 3}, {2, 3, 2}}}};
    case ShippedOp::outer:
      return {"outer",
              [](Vars in) { return square(outer(in[0], in[1])); },
              {{{3}, {4}}, {{2, 3}, {2, 2}}, {{2, 3}, {2}}, {{3, 1, 2}, {2, 4}}}};
    case ShippedOp::transpose:
      return {"transpose",
              [](Vars in) { return matmul(transpose(in[0]), transpose(in[1])) * sum(transpose(in[1])); },
              {{{3, 2}, {4, 3}}}};
    case ShippedOp::transpose_order:
      return {"transpose order", [](Vars in) { return square(transpose(in[0], {2, 0, 1})); }, {{{2, 3, 2}}}};
    case ShippedOp::sum: return {"sum", [](Vars in) { return square(sum(in[0], {0, 2})) + sum(in[0]); }, {{{2, 3, 2}}}};
    case ShippedOp::mean:
      return {"mean", [](Vars in) { return square(mean(in[0], 1, Keep::yes)) + mean(in[0]); }, {{{2, 3}}}};
    case ShippedOp::amax: return {"amax", [](Vars in) { return square(amax(in[0], 1)) + amax(in[0]); }, {{{2, 3}}}};
    case ShippedOp::cumsum:
      return {"cumsum", [](Vars in) { return square(cumsum(in[0], 0)) + cumsum(in[0], 1); }, {{{3, 4}}}};
    case ShippedOp::logsumexp:
      return {"logsumexp", [](Vars in) { return logsumexp(in[0], 1) + sum(square(logsumexp(in[0], 0))); }, {{{3, 4}}}};
    case ShippedOp::softmax:
      return {"softmax", [](Vars in) { return square(softmax(in[0])) + softmax(in[0], 0); }, {{{3, 4}}}};
    case ShippedOp::log_softmax:
      return {"log_softmax", [](Vars in) { return square(log_softmax(in[0])) + log_softmax(in[0], 0); }, {{{3, 4}}}};
    case ShippedOp::cross_entropy:
      return {"cross_entropy", [](Vars in) { return square(cross_entropy(in[0], labels())); }, {{{2, 3, 4}}}};
    case ShippedOp::norm:
      return {"norm",
              [](Vars in) { return norm(in[0]) * square(norm(in[0], 0, Keep::yes)) + norm(in[0], {1}); },
              {{{3, 3}}, {{2, 2, 2}}},
              .5,
              2};
    case ShippedOp::row_norm:
      return {"row_norm", [](Vars in) { return square(row_norm(in[0])) + row_norm(in[0]); }, {{{3, 4}}}, .5, 2};
    case ShippedOp::reshape: return {"reshape", [](Vars in) { return square(reshape(in[0], {3, -1})); }, {{{2, 3, 2}}}};
    case ShippedOp::broadcast_to:
      return {"broadcast_to", [](Vars in) { return square(broadcast_to(in[0], {2, 3, 4})); }, {{{3, 1}}, {{}}}};
    case ShippedOp::sum_to: return {"sum_to", [](Vars in) { return square(sum_to(in[0], {3, 1})); }, {{{2, 3, 4}}}};
    case ShippedOp::slice:
      return {
          "slice", [](Vars in) { return square(slice(in[0], 1, 1, 3)) * sum(slice(in[0], 2, 0, 1)); }, {{{2, 4, 2}}}};
    case ShippedOp::range:
      return {"range", [](Vars in) { return square(range(in[0], 1, 3)) + range(in[0], 0, 2); }, {{{3, 2}}}};
    case ShippedOp::entry: return {"entry", [](Vars in) { return in[0][0] * in[0][2] + square(in[0][0]); }, {{{3, 2}}}};
    case ShippedOp::split:  // one block is not used, so its part of the adjoint must be zero
      return {"split",
              [](Vars in) {
                auto [a, b, c] = split<3>(in[0]);
                return a * tanh(c);
              },
              {{{2, 6}}}};
    case ShippedOp::concat:
      return {"concat", [](Vars in) { return square(concat({in[0], in[1], in[0]}, 1)); }, {{{2, 1}, {2, 3}}}};
    case ShippedOp::stack:
      return {"stack",
              [](Vars in) { return square(stack({in[0], in[1]})) * sum(stack({in[1], in[0]}, 1)); },
              {{{2, 3}, {2, 3}}}};
    case ShippedOp::flip: return {"flip", [](Vars in) { return flip(in[0], 0) * in[0] + flip(in[0], 1); }, {{{3, 2}}}};
    case ShippedOp::pad: return {"pad", [](Vars in) { return square(pad(in[0], 1, 1, 2, .5)); }, {{{2, 3}}}};
    case ShippedOp::gather: return {"gather", [](Vars in) { return square(gather(in[0], labels())); }, {{{4, 2}}}};
    case ShippedOp::scatter_add:
      return {"scatter_add", [](Vars in) { return square(scatter_add(in[0], labels(), 4)); }, {{{2, 3, 2}}}};
    case ShippedOp::pick: return {"pick", [](Vars in) { return square(pick(in[0], labels())); }, {{{2, 3, 4}}}};
    case ShippedOp::count: break;
  }
  return {};
}

}  // namespace

std::vector<OpSample> shipped_ops() {
  std::vector<OpSample> out;
  add_pointwise(out, pointwise::List{});
  for (int k = 0; k < static_cast<int>(ShippedOp::count); ++k) out.push_back(sample(static_cast<ShippedOp>(k)));
  return out;
}

}  // namespace ebb
