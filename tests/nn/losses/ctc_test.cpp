#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/decoding/ctc_decode.hpp>
#include <ebb/nn/losses/ctc.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/parallel.hpp>
#include <limits>
#include <map>

#include "arrays.hpp"
#include "catch.hpp"

namespace ctc_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;

namespace {

Tokens tokens_of(const std::vector<int>& numbers, const Shape& shape) {
  Tokens t(shape);
  std::copy(numbers.begin(), numbers.end(), t.data());
  return t;
}

Array random_logits(int T, int B, int V, std::uint64_t seed) { return normal({T, B, V}, Key{seed}, 0, 1.5, f64); }

/// The probability of every sequence of labels, by enumerating all V^T paths.
std::map<std::vector<int>, double> by_all_paths(const Array& logits, int row, int steps, int blank) {
  const int V = logits.dim(2);
  const Array p = softmax(logits, -1);
  std::map<std::vector<int>, double> sums;
  int paths = 1;
  for (int t = 0; t < steps; ++t) paths *= V;
  for (int n = 0; n < paths; ++n) {
    std::vector<int> labels;
    double product = 1;
    for (int t = 0, rest = n, before = blank; t < steps; ++t, rest /= V) {
      const int k = rest % V;
      product *= p.at({t, row, k});
      if (k != blank && k != before) labels.push_back(k);
      before = k;
    }
    sums[labels] += product;
  }
  return sums;
}

/// Rows with repeats, without labels, with just enough steps, and shorter than the batch.
struct Case {
  Array logits = random_logits(5, 4, 3, 3);
  Lengths lengths{{4}, {5, 3, 4, 5}};
  Tokens labels{{4, 3}, {1, 2, 1, 2, 2, 0, 0, 0, 0, 1, 1, 2}};
  Lengths label_lengths{{4}, {3, 2, 0, 3}};
  Var loss(const Var& x) const { return ctc(x, lengths, labels, label_lengths); }
};

struct Threads {
  int before = threads();
  ~Threads() { set_threads(before); }
};

Array gradient(const Array& logits, int order, auto&& loss) {
  Tape tape{{.dtype = logits.dtype(), .order = order}};
  const Var x = variable(logits);
  return tape.backward(sum(loss(x) * constant(Array::from({4}, {1, -.5, 2, 3}, f64))))[x];
}

}  // namespace

TEST_CASE("CTC and its gradient agree with PyTorch's, as one op and as a recorded composition") {
  const json goldens = test::golden("ctc.json");
  for (const json& c : goldens["cases"])
    for (const int order : {1, 2}) {
      Tape tape{{.dtype = f64, .order = order}};
      const Var x = variable(test::array_of(c["x"]));
      const int B = x.dim(1);
      const std::vector<int> labels = c["labels"];
      const Var loss =
          ctc(x, tokens_of(c["lengths"], {B}), tokens_of(labels, {B, static_cast<int>(labels.size()) / B}),
              tokens_of(c["label_lengths"], {B}), {.blank = c["blank"], .impossible = CtcImpossible::zero});
      const Grads g = tape.backward(sum(loss * constant(test::array_of(c["g"]))));
      CAPTURE(order, x.shape());
      CHECK(test::error_of(loss.value(), test::array_of(c["loss"])) <= 1e-12);
      CHECK(test::error_of(g[x], test::array_of(c["dx"])) <= 1e-12);
    }
}

TEST_CASE("CTC sums over every alignment") {
  const Case c;
  Tape tape{{.dtype = f64}};
  const Array loss = c.loss(constant(c.logits)).value();
  for (int b = 0; b < 4; ++b) {
    std::vector<int> labels;
    for (int k = 0; k < c.label_lengths.data()[b]; ++k) labels.push_back(c.labels.at({b, k}));
    CHECK(loss.at({b}) == Approx(-std::log(by_all_paths(c.logits, b, c.lengths.data()[b], 0)[labels])).epsilon(1e-13));
  }
}

TEST_CASE("CTC passes the gradient check to second order") {
  const Case c;
  const auto loss = [&](const std::vector<Var>& v) { return c.loss(v[0]); };
  for (const int order : {1, 2}) {
    const GradcheckReport r = gradcheck(loss, {c.logits}, {.order = order});
    INFO(r);
    CHECK(r.ok());
  }
}

TEST_CASE("The padding of CTC has no effect, and its gradient is exactly zero") {
  const Case c;
  Array spoiled = c.logits.copy();
  for (int b = 0; b < 4; ++b)
    for (int t = c.lengths.data()[b]; t < 5; ++t)
      for (int k = 0; k < 3; ++k) spoiled.set_flat((t * 4 + b) * 3 + k, std::numeric_limits<double>::quiet_NaN());
  Case other = c;
  other.labels = Tokens({4, 3}, {1, 2, 1, 2, 2, -5, 9, 0, 7, 1, 1, 2});
  for (const int order : {1, 2}) {
    const Array a = gradient(c.logits, order, [&](const Var& x) { return c.loss(x); });
    const Array b = gradient(spoiled, order, [&](const Var& x) { return other.loss(x); });
    CHECK(test::same_bits(a, b));
    for (int k = 0; k < 3; ++k) CHECK((b.at({3, 1, k}) == 0 && b.at({4, 1, k}) == 0 && b.at({4, 2, k}) == 0));
    CHECK(b.at({2, 1, 0}) != 0);
  }
}

TEST_CASE("A row without an alignment is named, or has infinite or zero loss, and no gradient") {
  Case c;
  c.lengths = Lengths({4}, {5, 2, 4, 3});  // rows 1 (2, blank, 2) and 3 (1, blank, 1, 2) are one step short
  Tape tape{{.dtype = f64}};
  const std::string message = message_of<ValueError>([&] { c.loss(constant(c.logits)); });
  INFO(message);
  CHECK(contains(message, "row 1 has 2 labels and needs 3 steps"));
  CHECK(contains(message, "ctc_test.cpp:"));
  for (const auto impossible : {CtcImpossible::infinite, CtcImpossible::zero})
    for (const int order : {1, 2}) {
      const auto loss = [&](const Var& x) {
        return ctc(x, c.lengths, c.labels, c.label_lengths, {.impossible = impossible});
      };
      Tape inner{{.dtype = f64, .order = order}};
      const Array l = loss(constant(c.logits)).value();
      CHECK(l.at({1}) == (impossible == CtcImpossible::zero ? 0 : std::numeric_limits<double>::infinity()));
      CHECK(std::isfinite(l.at({0})));
      const Array g = gradient(c.logits, order, loss);
      for (int t = 0; t < 5; ++t) CHECK((g.at({t, 1, 0}) == 0 && g.at({t, 3, 2}) == 0));
      CHECK(g.at({0, 0, 0}) != 0);
    }
}

TEST_CASE(
    "CTC without steps and labels has probability one, and a sequence of a thousand steps stays finite in float32") {
  Tape tape;
  CHECK(ctc(zeros({3, 2, 4}), Lengths({2}), Tokens({2, 1}), Lengths({2})).value().at({1}) == 0);
  Tokens labels({1, 100});
  for (int k = 0; k < 100; ++k) labels.data()[k] = 1 + k % 3;
  const Var x = variable(normal({1000, 1, 4}, Key{1}, 0, 3));
  const Var loss = ctc(x, Lengths({1}, {1000}), labels, Lengths({1}, {100}));
  CHECK(loss.value().at({0}) > 100);
  CHECK(all_finite(tape.backward(sum(loss))[x]));
}

TEST_CASE("CTC has the same bits for any number of threads, and for a row in any shard", "[shards]") {
  const int T = 12, B = 20, V = 5;
  Params w{{.dtype = f64}};
  const Leaf logits = w.add("logits", random_logits(T, B, V, 9));
  const Tokens labels = integers({B, 4}, Key{1}, 1, V);
  const Lengths lengths = integers({B}, Key{2}, 8, T + 1), label_lengths = integers({B}, Key{3}, 0, 5);
  const auto run = [&](int shards) {
    return backward(w, {.rows = B, .dtype = f64, .shards = shards}, [&](Shard& s) {
      const Var loss =
          ctc(slice(logits, 1, s.begin(), s.end()), s.rows(lengths), s.rows(labels), s.rows(label_lengths));
      s.out("loss", loss);
      return s.mean_rows(loss);
    });
  };
  const Threads restore;
  set_threads(1);
  const Result one = run(1);
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    for (const int shards : {1, 2, 7}) {
      const Result r = run(shards);
      CHECK(test::same_bits(r.rows("loss"), one.rows("loss")));
      CHECK(test::same_bits(r.grads.flat(), one.grads.flat()));
    }
  }
}

TEST_CASE("CTC names errors in its input") {
  Tape tape{{.dtype = f64}};
  const Var x = zeros({4, 2, 3});
  const Lengths four({2}, {4, 4}), one({2}, {1, 1});
  const auto message = [&](const Lengths& n, const Tokens& l, const Lengths& m, int blank = 0) {
    return message_of<ValueError>([&] { ctc(x, n, l, m, {.blank = blank}); });
  };
  CHECK(contains(message(Lengths({2}, {4, 5}), Tokens({2, 1}, {1, 1}), one), "length 5 of row 1"));
  CHECK(contains(message(four, Tokens({2, 1}, {1, 3}), one), "label 0 of row 1 is 3"));
  CHECK(contains(message(four, Tokens({2, 1}, {1, 0}), one), "the blank 0"));
  CHECK(contains(message(four, Tokens({2, 1}, {1, 1}), Lengths({2}, {1, 2})), "the number of labels of row 1 is 2"));
  CHECK(contains(message(four, Tokens({2, 1}, {1, 1}), one, 3), "blank 3"));
  CHECK(contains(message_of<ShapeError>([&] { ctc(x, four, Tokens({3, 1}, {1, 1, 1}), one); }), "labels [3, 1]"));
}

TEST_CASE("The best path of CTC merges repeats and removes blanks") {
  const Tokens path({6, 2}, {1, 0, 1, 2, 0, 2, 1, 0, 2, 2, 2, 1});  // row 0: 1 1 0 1 2 2, row 1: 0 2 2 0 2 1
  const auto rows = ctc_best_path(one_hot(path, 3, f64), Lengths({2}, {6, 5}));
  CHECK(rows[0] == std::vector<int>{1, 1, 2});
  CHECK(rows[1] == std::vector<int>{2, 2});
}

TEST_CASE(
    "A beam as wide as there are prefixes finds each sequence's probability over all alignments, the largest first") {
  const int T = 5, V = 3;
  for (const int blank : {0, 2}) {
    const Array logits = random_logits(T, 3, V, 11);
    const Lengths lengths({3}, {5, 0, 4});
    const auto rows = ctc_beam_search(logits, lengths, {.blank = blank, .width = 1000, .best = 1000});
    for (int b = 0; b < 3; ++b) {
      const auto sums = by_all_paths(logits, b, lengths.data()[b], blank);
      const auto& found = rows[static_cast<std::size_t>(b)];
      REQUIRE(found.size() == sums.size());
      for (std::size_t k = 0; k < found.size(); ++k) {
        CHECK(found[k].log_probability == Approx(std::log(sums.at(found[k].labels))).epsilon(1e-12));
        if (k > 0) CHECK(found[k].log_probability <= found[k - 1].log_probability);
      }
    }
  }
}

TEST_CASE("A CTC beam finds labels that the best path misses") {
  // Each step: blank .6, label 1 .4. The best path is all blank, .36, but label 1 has 2 * .4 * .6 + .4 * .4 = .64.
  const Array step = Array::from({2}, {std::log(.6), std::log(.4)}, f64);
  Array logits = Array::empty({2, 1, 2}, f64);
  for (int t = 0; t < 2; ++t) logits[t][0].assign(step);
  const Lengths two({1}, {2});
  CHECK(ctc_best_path(logits, two)[0].empty());
  const auto found = ctc_beam_search(logits, two, {.width = 2})[0];
  REQUIRE(found.size() == 1);
  CHECK(found[0].labels == std::vector<int>{1});
  CHECK(found[0].log_probability == Approx(std::log(.64)).epsilon(1e-14));
  CHECK_THROWS_AS(ctc_beam_search(logits, two, {.width = 0}), ValueError);
  CHECK_THROWS_AS(ctc_beam_search(logits, Lengths({1}, {3})), ValueError);
}

}  // namespace ctc_test
