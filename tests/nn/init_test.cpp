#include <ebb/nn/init.hpp>
#include <ebb/nn/param.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace init_test {

using namespace ebb;

namespace {

constexpr int rows = 300, columns = 200;
constexpr std::uint64_t seed = 42;

Array draw(const Init& init, const Shape& shape = {rows, columns}) { return initial_values(init, shape, Key{seed}); }

struct Moments {
  double mean = 0, deviation = 0, least = INFINITY, most = -INFINITY;
  explicit Moments(const Array& a) {
    const double n = static_cast<double>(a.size());
    for (std::int64_t i = 0; i < a.size(); ++i) {
      mean += a.at_flat(i) / n;
      least = std::min(least, a.at_flat(i));
      most = std::max(most, a.at_flat(i));
    }
    for (std::int64_t i = 0; i < a.size(); ++i) deviation += std::pow(a.at_flat(i) - mean, 2) / n;
    deviation = std::sqrt(deviation);
  }
};

// 60,000 draws: standard errors are .41 % of the deviation for the mean and .29 % for the deviation; allows five times.
void check_uniform(const Init& init, double bound) {
  const Moments m(draw(init));
  CHECK(std::abs(m.mean) < .02 * bound / std::sqrt(3.));
  CHECK(m.deviation == Approx(bound / std::sqrt(3.)).epsilon(.015));
  CHECK(m.least >= -bound);
  CHECK(m.most <= bound);
  CHECK(m.most > .999 * bound);
}

void check_normal(const Init& init, double deviation) {
  const Moments m(draw(init));
  CHECK(std::abs(m.mean) < .021 * deviation);
  CHECK(m.deviation == Approx(deviation).epsilon(.015));
  CHECK(m.most > 3.5 * deviation);
}

}  // namespace

TEST_CASE("Uniform initialisers fill the range stated by their source") {
  check_uniform(uniform_init(-.25, .25), .25);
  check_uniform(xavier_uniform(), std::sqrt(6. / (rows + columns)));
  check_uniform(xavier_uniform(5. / 3), 5. / 3 * std::sqrt(6. / (rows + columns)));
  check_uniform(kaiming_uniform(), std::sqrt(6. / rows));
  check_uniform(lecun_uniform, std::sqrt(3. / rows));
}

TEST_CASE("Normal initialisers have the deviation stated by their source") {
  check_normal(normal_init(0, .3), .3);
  check_normal(xavier_normal(), std::sqrt(2. / (rows + columns)));
  check_normal(kaiming_normal(), std::sqrt(2. / rows));
  check_normal(lecun_normal, std::sqrt(1. / rows));
  CHECK(Moments(draw(normal_init(5, .1))).mean == Approx(5).epsilon(.001));
}

TEST_CASE("Constant initialisers are exact") {
  const Moments zero(draw(zero_init)), two(draw(constant_init(2)));
  CHECK((zero.least == 0 && zero.most == 0 && two.least == 2 && two.most == 2));
  const Array eye = draw(identity_init(.5), {3, 4});
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j) CHECK(eye.at({i, j}) == (i == j ? .5 : 0));
}

TEST_CASE("Orthogonal initialisation gives orthonormal columns for tall matrices and orthonormal rows for wide ones") {
  for (const Shape& shape : {Shape{64, 64}, Shape{70, 30}, Shape{30, 70}, Shape{1, 5}, Shape{5, 1}}) {
    const Array q = draw(orthogonal(), shape);
    const bool tall = shape[0] > shape[1];
    const Array gram = tall ? matmul(q, q, Trans::yes, Trans::no) : matmul(q, q, Trans::no, Trans::yes);
    CAPTURE(tall, shape[0]);
    CHECK(test::error_of(gram, draw(identity_init(), gram.shape())) < 1e-14 * 10);
  }
  const Array scaled = draw(orthogonal(3), {8, 8});
  CHECK(test::error_of(matmul(scaled, scaled, Trans::yes, Trans::no), draw(identity_init(9), {8, 8})) < 1e-13);
}

TEST_CASE("Orthogonal initialisation is uniform over rotations and reflections") {
  // The trace of a uniformly distributed orthogonal matrix has mean 0 and variance 1; without the change of signs it
  // does not.
  double mean = 0, square = 0;
  constexpr int draws = 2000;
  for (int k = 0; k < draws; ++k) {
    const Array q = initial_values(orthogonal(), {4, 4}, Key{static_cast<std::uint64_t>(k)});
    double trace = 0;
    for (int i = 0; i < 4; ++i) trace += q.at({i, i});
    mean += trace / draws;
    square += trace * trace / draws;
  }
  CHECK(std::abs(mean) < 5 / std::sqrt(double(draws)));
  CHECK(square == Approx(1).margin(.2));
}

TEST_CASE("An initialiser for matrices rejects other ranks by name, and a custom initialiser's shape is checked") {
  for (const Init& init : {xavier_uniform(), xavier_normal(), kaiming_uniform(), kaiming_normal(), lecun_uniform,
                           lecun_normal, orthogonal(), identity_init()})
    CHECK_THROWS_AS(draw(init, {4}), ShapeError);
  const std::string message = test::message_of<ShapeError>([] { draw(orthogonal(), {2, 3, 4}); });
  CHECK(test::contains(message, "orthogonal"));
  CHECK(test::contains(message, "[2, 3, 4]"));
  const Init wrong = custom_init([](const Shape&, Key) { return Array::zeros({1}, f32); });
  CHECK_THROWS_AS(draw(wrong, {2}), ShapeError);
  const Init ramp = custom_init([](const Shape& s, Key) { return Array::full(s, 7, f32); });
  CHECK(draw(ramp, {2}).at({1}) == 7);
}

TEST_CASE("A parameter's initial values depend only on the seed and its full name") {
  Params a{{.seed = 9, .dtype = f64}}, b{{.seed = 9, .dtype = f64}}, other{{.seed = 10, .dtype = f64}},
      single{{.seed = 9}};
  const Param first = (a / "lm" / "rnn").matrix("W", 5, 6), second = (a / "lm").matrix("W", 5, 6);
  const Param late = (b / "lm").matrix("W", 5, 6), early = (b / "lm/rnn").matrix("W", 5, 6);
  CHECK(test::same_bits(first.value(), early.value()));
  CHECK(test::same_bits(second.value(), late.value()));
  CHECK_FALSE(test::same_bits(first.value(), second.value()));
  CHECK_FALSE(test::same_bits(first.value(), (other / "lm/rnn").matrix("W", 5, 6).value()));
  CHECK(test::same_bits(first.value().to(f32), (single / "lm/rnn").matrix("W", 5, 6).value()));
}

}  // namespace init_test
