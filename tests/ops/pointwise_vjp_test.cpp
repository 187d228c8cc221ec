#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/pointwise.hpp>
#include "catch.hpp"
#include "pointwise_reference.hpp"
#include "reference.hpp"

namespace pointwise_vjp_test {

using namespace ebb;
using namespace reference;

namespace {

/// The op's adjoint of input k for g = 1; what `needs` does not name is empty.
double adjoint(const OpRecord& op, int k, const Array* in) {
  const Array y = pw::value(op.id, in, op.arity), g = Array::full(y.shape(), 1, y.dtype());
  Array out = Array::empty(y.shape(), y.dtype()), none[3];
  pw::vjp(op.id, k, g, op.needs & pw::inputs ? in : none, op.arity, op.needs & pw::output ? y : Array(), out, false);
  return out.at_flat(0);
}

template <class O> double adjoint(int k, const Array* in) {
  return adjoint(every_op()[static_cast<std::size_t>(pw::id<O>)], k, in);
}

Array row(std::initializer_list<double> x) { return Array::from({static_cast<int>(x.size())}, x, f64); }

}  // namespace

TEST_CASE("every adjoint agrees with central differences of the definition") {
  for (const OpRecord& op : every_op()) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      Array in[3];
      Real x[3] = {};
      for (int k = 0; k < op.arity; ++k) {
        in[k] = numbers({1}, f64, seed * 3 + static_cast<std::uint64_t>(k), op.low, op.high);
        x[k] = in[k].at_flat(0);
      }
      if (std::string(op.name) == "where") {
        x[0] = seed % 2 ? 1 : 0;
        in[0].fill(static_cast<double>(x[0]));
      }
      for (int k = 0; k < op.arity; ++k) {
        Real up[3] = {x[0], x[1], x[2]}, down[3] = {x[0], x[1], x[2]};
        const Real h = 1e-6L;
        up[k] += h;
        down[k] -= h;
        const bool condition = std::string(op.name) == "where" && k == 0;
        const double want = condition ? 0 : static_cast<double>((op.exact(up) - op.exact(down)) / (2 * h));
        INFO(op.name << ", input " << k << ", seed " << seed);
        CHECK(adjoint(op, k, in) == Approx(want).epsilon(1e-8).margin(1e-8));
      }
    }
  }
}

TEST_CASE("adjoints accumulate, and may be written over g") {
  for (const OpRecord& op : every_op()) {
    for (DType t : {f32, f64})
      for (int n : {1, 16, 37}) {
        Array in[3];
        for (int k = 0; k < op.arity; ++k) in[k] = numbers({2, n}, t, static_cast<std::uint64_t>(k), .5, 2);
        const Array y = pw::value(op.id, in, op.arity), g = numbers({2, n}, t, 9);
        for (int k = 0; k < op.arity; ++k) {
          Array plain = Array::empty({2, n}, t), more = Array::full({2, n}, 2, t), over = g.copy();
          pw::vjp(op.id, k, g, in, op.arity, y, plain, false);
          pw::vjp(op.id, k, g, in, op.arity, y, more, true);
          pw::vjp(op.id, k, over, in, op.arity, y, over, false);
          INFO(op.name << ", input " << k);
          CHECK(same_bits(more, Array::full({2, n}, 2, t) + plain));
          CHECK(same_bits(over, plain));
        }
      }
  }
}

TEST_CASE("adjoints read broadcast inputs in the result's shape") {
  const Array g = numbers({3, 5}, f64, 1), a = numbers({3, 5}, f64, 2), b = numbers({5}, f64, 3);
  const Array in[] = {a, b};
  Array da = Array::empty({3, 5}, f64);
  pw::vjp(pw::id<pw::Mul>, 0, g, in, 2, {}, da, false);
  CHECK(same_bits(da, g * b));
}

TEST_CASE("pow's adjoints are right at zero, and for negative bases with integer exponents") {
  const auto d_base = [](double a, double b) {
    const Array in[] = {row({a}), row({b})};
    return adjoint<pw::Pow>(0, in);
  };
  const auto d_exponent = [](double a, double b) {
    const Array in[] = {row({a}), row({b})};
    return adjoint<pw::Pow>(1, in);
  };
  CHECK(d_base(0, 2) == 0);
  CHECK(d_base(0, 1) == 1);
  CHECK(d_base(0, 0) == 0);
  CHECK(d_base(-3, 2) == Approx(-6));
  CHECK(d_base(-2, 3) == Approx(12));
  CHECK(d_base(2, 0) == 0);
  CHECK(d_exponent(0, 2) == 0);
  CHECK(d_exponent(2, 3) == Approx(8 * std::log(2)));
}

TEST_CASE("at a tie min, max and clip pass the gradient to the first operand; abs and relu pass none at zero") {
  const Array equal[] = {row({1}), row({1})};
  CHECK(adjoint<pw::Min>(0, equal) == 1);
  CHECK(adjoint<pw::Min>(1, equal) == 0);
  CHECK(adjoint<pw::Max>(0, equal) == 1);
  CHECK(adjoint<pw::Max>(1, equal) == 0);
  const Array on_bound[] = {row({1}), row({1}), row({2})};
  CHECK(adjoint<pw::Clip>(0, on_bound) == 1);
  CHECK(adjoint<pw::Clip>(1, on_bound) == 0);
  const Array zero = row({0});
  CHECK(adjoint<pw::Abs>(0, &zero) == 0);
  CHECK(adjoint<pw::Relu>(0, &zero) == 0);
}

}  // namespace pointwise_vjp_test
