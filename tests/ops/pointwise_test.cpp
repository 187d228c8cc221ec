#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/pointwise.hpp>
#include <fstream>
#include <limits>
#include <string>
#include "catch.hpp"
#include "pointwise_reference.hpp"
#include "reference.hpp"

namespace pointwise_test {

using namespace ebb;
using namespace reference;

namespace {

template <class T> void compare_with_scalars(const OpRecord& op, int n, bool views) {
  Array in[3];
  for (int k = 0; k < op.arity; ++k) {
    in[k] = numbers({3, n}, dtype_of<T>, static_cast<std::uint64_t>(n * 7 + k), op.domain.low, op.domain.high);
    if (views) in[k] = as_view(in[k]);
  }
  const Array y = pw::value(op.id, in, op.arity);
  REQUIRE(y.shape() == Shape{3, n});
  double worst = 0;
  for (std::int64_t i = 0; i < y.size(); ++i) {
    Real x[3];
    for (int k = 0; k < op.arity; ++k) x[k] = in[k].at_flat(i);
    worst = std::fmax(worst, ulps(static_cast<T>(y.at_flat(i)), op.exact(x)));
  }
  INFO(op.name << " of " << name_of(dtype_of<T>) << ", row of " << n << (views ? ", view" : "") << ", "
               << name_of(isa()));
  CHECK(worst <= op.domain.ulps);
}

template <class T> void at_edges() {
  const auto at = [](int op, double x) {
    const Array a = Array::number(x, dtype_of<T>);
    return static_cast<T>(pw::value(op, &a, 1).item());
  };
  const double inf = std::numeric_limits<double>::infinity();
  const double top = std::log(static_cast<double>(std::numeric_limits<T>::max()));
  CHECK(at(pw::id<pw::Exp>, inf) == inf);
  CHECK(at(pw::id<pw::Exp>, -inf) == 0);
  CHECK(std::isfinite(at(pw::id<pw::Exp>, top - 1e-3)));
  CHECK(at(pw::id<pw::Exp>, top + 1e-3) == inf);
  CHECK(at(pw::id<pw::Expm1>, inf) == inf);
  CHECK(at(pw::id<pw::Expm1>, -inf) == -1);
  CHECK(at(pw::id<pw::Log>, 0) == -inf);
  CHECK(at(pw::id<pw::Log>, inf) == inf);
  CHECK(std::isnan(at(pw::id<pw::Log>, -1)));
  CHECK(at(pw::id<pw::Log1p>, -1) == -inf);
  CHECK(at(pw::id<pw::Log1p>, inf) == inf);
  CHECK(at(pw::id<pw::Tanh>, inf) == 1);
  CHECK(at(pw::id<pw::Tanh>, -inf) == -1);
  CHECK(at(pw::id<pw::Sigmoid>, inf) == 1);
  CHECK(at(pw::id<pw::Sigmoid>, -inf) == 0);
  CHECK(at(pw::id<pw::Erf>, inf) == 1);
  CHECK(at(pw::id<pw::Softplus>, 1000) == 1000);
  CHECK(at(pw::id<pw::Softplus>, -1000) == 0);
  CHECK(std::isnan(at(pw::id<pw::Sin>, inf)));
  CHECK(ulps(at(pw::id<pw::Sin>, 1e12), std::sin(static_cast<Real>(static_cast<T>(1e12)))) <= 1);
  CHECK(ulps(at(pw::id<pw::Exp>, top + 20 - 2 * top), std::exp(static_cast<Real>(static_cast<T>(20 - top)))) <= 1.5);
}

template <class T> void pow_like_c() {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  const double some[] = {0., -0., 1, -1, 2, -2, 3, -3, .5, -.5, 7, -7, 100.25, -101, inf, -inf, nan};
  for (double a : some)
    for (double b : some) {
      const Array in[] = {Array::number(a, dtype_of<T>), Array::number(b, dtype_of<T>)};
      const T got = static_cast<T>(pw::value(pw::id<pw::Pow>, in, 2).item());
      const Real want = std::pow(static_cast<Real>(a), static_cast<Real>(b));
      INFO(a << " ^ " << b << " gave " << got << ", not " << want);
      CHECK(ulps(got, want) <= 2);
      if (!std::isnan(want)) CHECK(std::signbit(got) == std::signbit(want));
    }
}

}  // namespace

TEST_CASE("every op of pointwise_list.hpp has its line in pointwise_functions.inl") {
  std::ifstream in(EBB_SOURCE_DIR "/ops/pointwise_list.hpp");
  int structs = 0;
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("struct ") && line.find(" : Op {") != std::string::npos) ++structs;
  CHECK(structs > 0);
  CHECK(structs == pw::List::count);
}

TEST_CASE("every pointwise op agrees with its definition at every row length") {
  for (const OpRecord& op : every_op()) {
    for (int n = 1; n <= 70; ++n) {
      compare_with_scalars<double>(op, n, false);
      compare_with_scalars<float>(op, n, false);
    }
  }
}

TEST_CASE("pointwise ops reject another number of inputs than they have") {
  const Array in[2] = {numbers({2, 3}, f32, 1, 0, 1), numbers({2, 3}, f32, 2, 0, 1)};
  for (const OpRecord& op : every_op())
    if (op.arity < 3) CHECK_THROWS_AS(pw::value(op.id, in, 3 - op.arity), ValueError);
}

TEST_CASE("pointwise ops read and keep row strides") {
  for (const OpRecord& op : every_op()) {
    for (int n : {1, 2, 7, 16, 33}) {
      compare_with_scalars<double>(op, n, true);
      compare_with_scalars<float>(op, n, true);
    }
  }
}

TEST_CASE("pointwise ops give the limits at infinities and poles") {
  at_edges<float>();
  at_edges<double>();
}

TEST_CASE("pow agrees with C's pow, signs and NaN included") {
  pow_like_c<float>();
  pow_like_c<double>();
}

TEST_CASE("a NaN operand gives a NaN at any position in a row") {
  for (const OpRecord& op : every_op()) {
    const std::string name = op.name;
    if (name == "where" || name.find("less") == 0 || name.find("greater") == 0 ||
        name.find("equal") != std::string::npos)
      continue;
    for (DType t : {f32, f64})
      for (int n : {1, 5, 16, 19})
        for (int k = 0; k < op.arity; ++k) {
          Array in[3];
          for (int j = 0; j < op.arity; ++j) in[j] = Array::full({n}, j == 2 ? 2.5 : name == "elu" ? -1.5 : 1.5, t);
          in[k].set_flat(n - 1, std::numeric_limits<double>::quiet_NaN());
          const Array y = pw::value(op.id, in, op.arity);
          INFO(name << " operand " << k << " of " << name_of(t) << ", row of " << n);
          CHECK(std::isnan(y.at_flat(n - 1)));
          for (int i = 0; i + 1 < n; ++i) CHECK(!std::isnan(y.at_flat(i)));
        }
  }
}

TEST_CASE("where ignores NaN in the branch that is not selected") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Array in[] = {Array::from({3}, {1, 0, 1}), Array::from({3}, {2, nan, 3}), Array::from({3}, {nan, 5, nan})};
  const Array y = pw::value(pw::id<pw::Where>, in, 3);
  CHECK(y.at_flat(0) == 2);
  CHECK(y.at_flat(1) == 5);
  CHECK(y.at_flat(2) == 3);
}

TEST_CASE("a row's bits do not depend on its position in a batch") {
  for (const OpRecord& op : every_op()) {
    for (DType t : {f32, f64})
      for (int n : {1, 3, 8, 21}) {
        Array in[3], row[3];
        for (int k = 0; k < op.arity; ++k)
          in[k] = numbers({9, n}, t, static_cast<std::uint64_t>(k), op.domain.low, op.domain.high);
        const Array all = pw::value(op.id, in, op.arity);
        for (int r = 0; r < 9; ++r) {
          for (int k = 0; k < op.arity; ++k) row[k] = in[k][r].copy();
          INFO(op.name << " row " << r << " of " << n);
          CHECK(same_bits(pw::value(op.id, row, op.arity), all[r]));
        }
      }
  }
}

}  // namespace pointwise_test
