#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace loss_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

Array random(const Shape& s, std::uint64_t seed, double low = -2, double high = 2) {
  return uniform(s, Key{seed}, low, high, f64);
}

}  // namespace

TEST_CASE("The squared error is the mean over the last axis, one value per row") {
  Tape tape{{.dtype = f64}};
  const Var y = constant(Array::from({2, 2}, {1, 2, 3, 5}, f64)), t = constant(Array::from({2, 2}, {1, 0, 0, 1}, f64));
  const Array e = squared_error(y, t).value();
  REQUIRE(e.shape() == Shape{2});
  CHECK(e.at({0}) == 2);
  CHECK(e.at({1}) == 12.5);
  CHECK(squared_error(y[0], t[0]).shape() == Shape{2});
}

TEST_CASE("Losses reject shapes that differ, naming both and the caller's line") {
  Tape tape{{.dtype = f64}};
  const Var y = zeros({8, 1}), t = zeros({8});
  for (const std::string& message : {message_of<ShapeError>([&] { squared_error(y, t); }),
                                     message_of<ShapeError>([&] { binary_cross_entropy(y, t); })}) {
    INFO(message);
    CHECK(contains(message, "[8, 1]"));
    CHECK(contains(message, "[8]"));
    CHECK(contains(message, "loss_test.cpp:"));
  }
}

TEST_CASE("Binary cross entropy follows its formula and stays accurate for large logits") {
  Tape tape{{.dtype = f64}};
  const Array z = random({4, 3}, 1), t = random({4, 3}, 2, 0, 1);
  const Array got = binary_cross_entropy(constant(z), constant(t)).value();
  REQUIRE(got.shape() == Shape{4});
  for (int i = 0; i < 4; ++i) {
    double wanted = 0;
    for (int j = 0; j < 3; ++j) {
      const double p = 1 / (1 + std::exp(-z.at({i, j})));
      wanted -= t.at({i, j}) * std::log(p) + (1 - t.at({i, j})) * std::log(1 - p);
    }
    CHECK(got.at({i}) == Approx(wanted).epsilon(1e-13));
  }
  const Var logits = constant(Array::from({4}, {50, -50, 1000, -1000}, f64));
  const Array right = binary_cross_entropy(logits, constant(Array::from({4}, {1, 0, 1, 0}, f64))).value();
  const Array wrong = binary_cross_entropy(logits, constant(Array::from({4}, {0, 1, 0, 1}, f64))).value();
  CHECK(right.at({0}) == Approx(std::exp(-50.)).epsilon(1e-12));
  CHECK(right.at({1}) == Approx(std::exp(-50.)).epsilon(1e-12));
  CHECK((right.at({2}) == 0 && right.at({3}) == 0));
  CHECK((wrong.at({2}) == 1000 && wrong.at({3}) == 1000));
}

TEST_CASE("Losses pass the gradient check to second order") {
  const Array target = random({3, 4}, 3, 0, 1);
  const auto check = [&](Var (*loss)(At, At)) {
    return gradcheck([&](const std::vector<Var>& v) { return loss(v[0], v[1]); }, {random({3, 4}, 4), target},
                     {.order = 2});
  };
  CHECK(check(squared_error).ok());
  CHECK(check(binary_cross_entropy).ok());
}

TEST_CASE("Linear maps the last axis for any leading axes, and passes the gradient check") {
  Params w{{.seed = 3, .dtype = f64}};
  const Linear out{w / "out", 3, 2};
  const Array x = random({4, 5, 3}, 5);
  {
    Tape tape{{.dtype = f64}};
    const Var y = out(constant(x));
    REQUIRE(y.shape() == Shape{4, 5, 2});
    double wanted = out.b.value().at({1});
    for (int i = 0; i < 3; ++i) wanted += x.at({2, 3, i}) * out.W.value().at({i, 1});
    CHECK(y.value().at({2, 3, 1}) == Approx(wanted).epsilon(1e-14));
    const std::string message = message_of<ShapeError>([&] { out(zeros({4, 7})); });
    CHECK(contains(message, "loss_test.cpp:"));
  }
  CHECK(gradcheck(w, {.rows = 5, .dtype = f64, .order = 2},
                  [&](Shard& s) { return s.sum(square(tanh(out(s.sequence(x).all())))); }, {.order = 2})
            .ok());
}

TEST_CASE("An embedding looks rows up, adds the gradients of repeated tokens, and names a token outside the table") {
  Params w{{.seed = 3, .dtype = f64}};
  const Embedding emb{w / "emb", 4, 2};
  Tape tape{{.dtype = f64}};
  const Var e = emb(Tokens({3}, {2, 0, 2}));
  CHECK(test::same_bits(e.value()[0], emb.W.value()[2]));
  const Array g = tape.backward(sum(e))[emb.W];
  CHECK((g.at({2, 1}) == 2 && g.at({0, 0}) == 1 && g.at({1, 0}) == 0));
  CHECK(contains(message_of<ValueError>([&] { emb(Tokens({1}, {4})); }), "4"));
  CHECK_THROWS_AS(emb(Tokens({1}, {-1})), ValueError);
}

}  // namespace loss_test
