#include "catch.hpp"

#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>

namespace op_test {

using namespace ebb;
using Catch::Matchers::Contains;

namespace {

template <unsigned named> struct CubeByInput {  // vjp reads x
  static constexpr auto name = "cube by input";
  static constexpr unsigned needs = named;
  Array value(const Array& x) const { return x * x * x; }
  Var vjp(const Var& g, const Var& x, const Var&) const { return 3 * g * x * x; }
};

template <unsigned named> struct ExpByOutput {  // vjp reads y
  static constexpr auto name = "exp by output";
  static constexpr unsigned needs = named;
  Array value(const Array& x) const { return exp(x); }
  Var vjp(const Var& g, const Var&, const Var& y) const { return g * y; }
};

template <unsigned named> struct CubeOnArrays {
  static constexpr auto name = "cube on arrays";
  static constexpr unsigned needs = named;
  Array value(const Array& x) const { return x * x * x; }
  Array vjp(const Array& g, const Array& x, const Array&) const { return g * x * x * 3.0; }
};

template <unsigned named> struct ExpOnArrays {
  static constexpr auto name = "exp on arrays";
  static constexpr unsigned needs = named;
  Array value(const Array& x) const { return exp(x); }
  Array vjp(const Array& g, const Array&, const Array& y) const { return g * y; }
};

/// As in training: intermediate values are not referenced.
template <class Op> double derivative(const Op& op, DType dtype) {
  Tape tape{{.dtype = dtype}};
  const Var x = variable(Array::from({3}, {.5, 1, 2}, f64));
  return tape.backward(sum(tanh(apply(op, x + 1)) * 2))[x].at_flat(0);
}

template <class Op> std::string rejection(const Op& op, DType dtype) {
  try {
    derivative(op, dtype);
  } catch (const Error& e) { return e.what(); }
  return "accepted";
}

struct ScaleByRow {  // y = x * w, w [columns]: the gradient of w lacks its sum
  static constexpr auto name = "scale by row";
  Array value(const Array& x, const Array& w) const { return x * w; }
  std::array<Var, 2> vjp(const Var& g, const Var& x, const Var& w, const Var&) const { return {g * w, g * x}; }
};

struct OnlyOneGradient {
  static constexpr auto name = "only one gradient";
  Array value(const Array& x, const Array& w) const { return x * w; }
  std::array<Var, 2> vjp(const Var& g, const Var&, const Var& w, const Var&) const { return {g * w, {}}; }
};

struct SingleOnDouble {
  static constexpr auto name = "single on double";
  Array value(const Array& x) const { return x; }
  Array vjp(const Array& g, const Array&, const Array&) const { return g.to(f32); }
};

}  // namespace

TEST_CASE("a vjp that reads what `needs` does not name is an error with the op, its line and the missing need") {
  const DType dtype = GENERATE(f32, f64);
  const std::string neither = "receives neither its inputs nor its result, since `needs` does not name them";
  CHECK_THAT(rejection(CubeByInput<need_nothing>{}, dtype),
             Contains("in the vjp of cube by input (op_test.cpp:") && Contains(neither));
  CHECK_THAT(rejection(CubeByInput<need_output>{}, dtype), Contains("receives no inputs"));
  CHECK_THAT(rejection(ExpByOutput<need_nothing>{}, dtype), Contains("exp by output (") && Contains(neither));
  CHECK_THAT(rejection(ExpByOutput<need_inputs>{}, dtype), Contains("receives no result"));
  CHECK_THAT(rejection(CubeOnArrays<need_nothing>{}, dtype), Contains("cube on arrays (") && Contains(neither));
  CHECK_THAT(rejection(CubeOnArrays<need_output>{}, dtype), Contains("receives no inputs"));
  CHECK_THAT(rejection(ExpOnArrays<need_inputs>{}, dtype),
             Contains("exp on arrays (") && Contains("receives no result"));
}

TEST_CASE("a vjp that reads what `needs` names is correct on tapes of both element types") {
  const DType dtype = GENERATE(f32, f64);
  const double x = 1.5, cube = 1 - std::tanh(x * x * x) * std::tanh(x * x * x),
               e = 1 - std::tanh(std::exp(x)) * std::tanh(std::exp(x));
  CHECK(derivative(CubeByInput<need_inputs>{}, dtype) == Approx(2 * cube * 3 * x * x).epsilon(1e-3));
  CHECK(derivative(CubeOnArrays<need_inputs>{}, dtype) == Approx(2 * cube * 3 * x * x).epsilon(1e-3));
  CHECK(derivative(ExpByOutput<need_output>{}, dtype) == Approx(2 * e * std::exp(x)).epsilon(1e-2));
  CHECK(derivative(ExpOnArrays<need_output>{}, dtype) == Approx(2 * e * std::exp(x)).epsilon(1e-2));
}

TEST_CASE("the checker finds a wrong `needs`, although it references every value") {
  CHECK_THAT(gradcheck_op(CubeByInput<need_nothing>{}, {{3}}).failure, Contains("does not name"));
  CHECK_THAT(gradcheck_op(CubeByInput<need_output>{}, {{3}}, {.order = 2}).failure, Contains("does not name"));
  CHECK_THAT(gradcheck_op(ExpOnArrays<need_inputs>{}, {{3}}).failure, Contains("does not name"));
  CHECK(gradcheck_op(CubeByInput<need_inputs>{}, {{3}}, {.order = 2}).ok());
}

TEST_CASE("a gradient of the wrong shape names the op that returned it, the input and the line") {
  const bool recorded = GENERATE(false, true);
  Tape tape{{.dtype = f64, .order = 2}};
  const Var x = variable(Array::full({3, 4}, 1, f64)), w = variable(Array::full({4}, 1, f64));
  CHECK_THROWS_WITH(grad(sum(apply(ScaleByRow{}, x, w)), {x, w}, {.create_graph = recorded}),
                    Contains("scale by row: vjp returned [3, 4] for input 1 of shape [4] (op_test.cpp:"));
  const Var v = variable(Array::full({3, 4}, 1, f64));
  CHECK_THROWS_WITH(grad(sum(apply(OnlyOneGradient{}, x, v)), {x, v}, {.create_graph = recorded}),
                    Contains("only one gradient: vjp returned an empty Var for input 1 of shape [3, 4] (op_test.cpp:"));
}

TEST_CASE("a gradient whose element type is not the tape's is rejected") {
  CHECK_THAT(rejection(SingleOnDouble{}, f64), Contains("vjp returned float32 on a tape of float64 for input 0"));
  CHECK(rejection(SingleOnDouble{}, f32) == "accepted");
}

}  // namespace op_test
