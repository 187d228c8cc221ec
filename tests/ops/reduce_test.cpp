#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>
#include <vector>
#include "catch.hpp"
#include "reference.hpp"

namespace reduce_test {

using namespace ebb;
using namespace reference;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();

/// Folds the marked axes of x, element by element.
Array fold(const Array& x, const std::vector<bool>& gone, double start, long double (*f)(long double, long double)) {
  Shape kept = x.shape();
  for (int k = 0; k < x.rank(); ++k)
    if (gone[static_cast<std::size_t>(k)]) kept = kept.with(k, 1);
  std::vector<long double> sums(static_cast<std::size_t>(kept.size()), start);
  for (std::int64_t i = 0; i < x.size(); ++i) {
    std::int64_t rest = i, at = 0, stride = 1;
    for (int k = x.rank() - 1; k >= 0; --k) {
      if (!gone[static_cast<std::size_t>(k)]) {
        at += rest % x.dim(k) * stride;
        stride *= x.dim(k);
      }
      rest /= x.dim(k);
    }
    auto& s = sums[static_cast<std::size_t>(at)];
    s = f(s, x.at_flat(i));
  }
  Array y = Array::empty(kept, f64);
  for (std::int64_t i = 0; i < y.size(); ++i) y.set_flat(i, static_cast<double>(sums[static_cast<std::size_t>(i)]));
  return y;
}

Axes axes_of(unsigned bits) {
  Axes a;
  a.all = false;
  for (int k = 0; k < 4; ++k)
    if (bits >> k & 1) a.axis[a.count++] = k;
  return a;
}

void check_all_axes(const Array& x) {
  const double tolerance = x.dtype() == f32 ? 1e-6 : 2e-15;
  for (unsigned bits = 0; bits < 1u << x.rank(); ++bits) {
    std::vector<bool> gone;
    for (int k = 0; k < x.rank(); ++k) gone.push_back(bits >> k & 1);
    const Array want = fold(x, gone, 0, [](long double a, long double b) { return a + b; });
    const Array got = sum(x, axes_of(bits), Keep::yes);
    INFO(x.shape() << " axes " << bits << " " << name_of(x.dtype()));
    CHECK(distance(got, want) <= tolerance);
    CHECK(sum(x, axes_of(bits)).size() == want.size());
    const double n = static_cast<double>(x.size()) / static_cast<double>(want.size());
    CHECK(distance(mean(x, axes_of(bits), Keep::yes), want * (1 / n)) <= tolerance);
    const Array top = fold(x, gone, -inf, [](long double a, long double b) { return a > b ? a : b; });
    CHECK(distance(amax(x, axes_of(bits), Keep::yes), top) == 0);
  }
}

}  // namespace

TEST_CASE("sum, mean and max agree with a plain loop over every set of axes") {
  for (DType t : {f32, f64})
    for (const Shape& s : {Shape{}, Shape{1}, Shape{37}, Shape{5, 7}, Shape{3, 70}, Shape{70, 3}, Shape{2, 3, 4},
                           Shape{3, 1, 17}, Shape{2, 3, 4, 5}, Shape{2, 1, 3, 33}}) {
      check_all_axes(numbers(s, t, 5));
      check_all_axes(as_view(numbers(s, t, 6)));
    }
}

TEST_CASE("rows of every length sum to the same bits at any position") {
  for (DType t : {f32, f64})
    for (int n = 1; n <= 70; ++n) {
      const Array x = numbers({5, n}, t, static_cast<std::uint64_t>(n));
      const Array all = sum(x, -1);
      for (int r = 0; r < 5; ++r) CHECK(same_bits(sum(x[r], -1), all[r]));
    }
}

TEST_CASE("a long sum is accurate and has the same bits for any number of threads") {
  const Array x = numbers({300'001}, f32, 1, 0, 1);
  double want = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) want += x.at_flat(i);
  const int before = threads();
  set_threads(1);
  const Array one = sum(x);
  CHECK(one.item() == Approx(want).epsilon(1e-6));
  for (int n : {2, 3}) {
    set_threads(n);
    CHECK(same_bits(sum(x), one));
  }
  set_threads(before);
}

TEST_CASE("an empty sum is zero, an empty maximum is rejected") {
  CHECK(sum(Array::zeros({0}, f32)).item() == 0);
  CHECK(same_bits(sum(Array::zeros({0, 3}, f32), 0), Array::zeros({3}, f32)));
  CHECK_THROWS_AS(amax(Array::zeros({0, 3}, f32), 0), ShapeError);
  CHECK_THROWS_AS(sum(Array::zeros({2, 3}, f32), 2), ShapeError);
}

TEST_CASE("an axis that is named twice is rejected") {
  const Array m = numbers({2, 3}, f64, 1);
  CHECK_THROWS_AS(sum(m, {0, -2}), ShapeError);
  CHECK_THROWS_AS(mean(m, {1, 1}), ShapeError);
}

TEST_CASE("a NaN anywhere makes the maximum NaN") {
  for (int n : {1, 7, 16, 40})
    for (int at = 0; at < n; at += 3) {
      Array x = numbers({n}, f32, 1);
      x.set_flat(at, not_a_number);
      CHECK(std::isnan(amax(x).item()));
      CHECK(std::isnan(amax(x.reshape({n, 1}), 0).item()));
      CHECK(std::isnan(largest_magnitude(x)));
      CHECK_FALSE(all_finite(x));
    }
}

TEST_CASE("argmax returns the first of equal maxima, along any axis") {
  const Array x = Array::from({2, 4}, {1, 3, 3, 2, 5, 0, 5, 1});
  CHECK(argmax(x).at({0}) == 1);
  CHECK(argmax(x).at({1}) == 0);
  const Tokens columns = argmax(x, 0);
  CHECK(columns.at({0}) == 1);
  CHECK(columns.at({1}) == 0);
  CHECK(columns.at({2}) == 1);
  CHECK(argmax(Array::from({3}, {1, not_a_number, 2})).at({}) == 1);
  const Array cube = numbers({3, 4, 5}, f64, 1);
  const Tokens middle = argmax(as_view(cube), 1);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 5; ++j)
      for (int k = 0; k < 4; ++k) CHECK(cube.at({i, middle.at({i, j}), j}) >= cube.at({i, k, j}));
}

TEST_CASE("cumsum runs along any axis, from either end") {
  const Array x = numbers({3, 4, 5}, f64, 1);
  for (const Array& in : {x, as_view(x)})
    for (int axis = 0; axis < 3; ++axis) {
      const Array up = cumsum(in, axis), down = cumsum(in, axis, true), total = sum(in, axis, Keep::yes);
      CHECK(distance(up + down - x, broadcast_to(total, x.shape())) < 1e-14);
    }
  const Array line = cumsum(Array::from({4}, {1, 2, 3, 4}), 0);
  CHECK(line.at({3}) == 10);
  CHECK(line.at({1}) == 3);
}

TEST_CASE("squares are summed in float64, also over views, as are magnitudes") {
  const Array x = numbers({40, 33}, f32, 1);
  double want = 0, top = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    want += x.at_flat(i) * x.at_flat(i);
    top = std::fmax(top, std::fabs(x.at_flat(i)));
  }
  for (const Array& in : {x, as_view(x)}) {
    CHECK(sum_of_squares(in) == Approx(want).epsilon(1e-14));
    CHECK(largest_magnitude(in) == top);
    CHECK(all_finite(in));
  }
  CHECK(sum_of_squares(Array::full({1000}, 1e30, f32)) == Approx(1e63));
}

TEST_CASE("Threads that share a long array change no bit of its norm, its largest value, sums and multiples") {
  struct Results {
    double squares, largest;
    Array sum, multiple;
  };
  const auto run = [](const Array& x, int team) {
    const int before = threads();
    set_threads(team);
    Results r{sum_of_squares(x), largest_magnitude(x), x.copy(), x.copy()};
    add_scaled_into(r.sum, .7, x);
    scale_in_place(r.multiple, 1 / 3.);
    set_threads(before);
    return r;
  };
  for (const DType dtype : {f32, f64})
    for (const double odd : {0., not_a_number}) {
      Array x = numbers({900'007}, dtype, 1);
      x.set_flat(700'001, odd == 0 ? -1e3 : odd);
      const Results one = run(x, 1);
      CHECK((odd == 0 ? one.largest == 1e3 : std::isnan(one.largest)));
      for (const int team : {2, 3}) {
        const Results many = run(x, team);
        CHECK((many.squares == one.squares || std::isnan(odd)));
        CHECK((many.largest == one.largest || (std::isnan(odd) && std::isnan(many.largest))));
        CHECK(same_bits(many.sum, one.sum));
        CHECK(same_bits(many.multiple, one.multiple));
      }
    }
}

}  // namespace reduce_test
