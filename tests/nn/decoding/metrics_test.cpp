#include <ebb/nn/decoding/metrics.hpp>
#include <ebb/ops/error.hpp>
#include <limits>

#include "arrays.hpp"
#include "catch.hpp"

namespace metrics_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;

namespace {

Tokens tokens_of(const std::vector<int>& numbers) {
  Tokens t({static_cast<int>(numbers.size())});
  std::copy(numbers.begin(), numbers.end(), t.data());
  return t;
}

}  // namespace

TEST_CASE("Precision, recall and F1 of each class and their means agree with scikit-learn") {
  const json goldens = test::golden("metrics.json");
  REQUIRE(goldens["classes"].size() == 4);
  for (const json& c : goldens["classes"]) {
    const int classes = c["classes"];
    const Tokens predicted = tokens_of(c["predicted"]), wanted = tokens_of(c["wanted"]);
    ConfusionMatrix m(classes);
    m.add(predicted.range(0, 13), wanted.range(0, 13));  // in two batches
    m.add(predicted.range(13, 40), wanted.range(13, 40));
    CHECK(m.total() == 40);
    for (int i = 0; i < classes; ++i)
      for (int j = 0; j < classes; ++j) CHECK(m.count(i, j) == c["matrix"][static_cast<std::size_t>(i * classes + j)]);
    for (int k = 0; k < classes; ++k) {
      const auto at = static_cast<std::size_t>(k);
      CHECK(m.precision(k) == Approx(c["each"][0][at].get<double>()).epsilon(1e-14));
      CHECK(m.recall(k) == Approx(c["each"][1][at].get<double>()).epsilon(1e-14));
      CHECK(m.f1(k) == Approx(c["each"][2][at].get<double>()).epsilon(1e-14));
    }
    for (const auto& [name, a] : {std::pair{"micro", Average::micro}, std::pair{"macro", Average::macro}}) {
      CHECK(m.precision(a) == Approx(c[name][0].get<double>()).epsilon(1e-14));
      CHECK(m.recall(a) == Approx(c[name][1].get<double>()).epsilon(1e-14));
      CHECK(m.f1(a) == Approx(c[name][2].get<double>()).epsilon(1e-14));
    }
    CHECK(m.accuracy() == Approx(c["accuracy"].get<double>()).epsilon(1e-14));
    CHECK(accuracy(predicted, wanted).value() == Approx(c["accuracy"].get<double>()).epsilon(1e-14));
  }
}

TEST_CASE("Top-k accuracy agrees with scikit-learn, and ranks ties and NaN last") {
  const json c = test::golden("metrics.json")["top_k"];
  const std::vector<double> numbers = c["scores"];
  Array scores = Array::empty({30, 6}, f64);
  std::copy(numbers.begin(), numbers.end(), scores.data<double>());
  const std::vector<double> rates = c["accuracy"];
  for (int k = 1; k <= 5; ++k)
    CHECK(top_k_accuracy(scores, tokens_of(c["wanted"]), k).value() == Approx(rates[static_cast<std::size_t>(k - 1)]));
  CHECK(top_k_accuracy(scores, tokens_of(c["wanted"]), 6).value() == 1);
  const Array equal = Array::from({2, 3}, {1, 1, 1, 0, std::numeric_limits<double>::quiet_NaN(), 0}, f64);
  CHECK(top_k_accuracy(equal, Tokens({2}, {1, 0}), 2).part == 2);
  CHECK(top_k_accuracy(equal, Tokens({2}, {2, 1}), 2).part == 0);
  CHECK_THROWS_AS(top_k_accuracy(equal, Tokens({2}), 4), ValueError);
  CHECK_THROWS_AS(top_k_accuracy(equal, Tokens({2}, {0, 3}), 1), ValueError);
}

TEST_CASE("Metrics ignore the padding and its content") {
  const Tokens wanted({3, 2}, {0, 1, 1, 77, 0, 77}), predicted({3, 2}, {0, 0, 1, 77, 1, -3});
  const Lengths lengths({2}, {3, 1});
  const Ratio r = accuracy(predicted, wanted, lengths);
  CHECK((r.part == 2 && r.whole == 4));
  ConfusionMatrix m(2);
  m.add(predicted, wanted, lengths);
  CHECK(m.total() == 4);
  CHECK((m.count(0, 0) == 1 && m.count(0, 1) == 1 && m.count(1, 0) == 1 && m.count(1, 1) == 1));
  const Ratio top = top_k_accuracy(Array::full({3, 2, 2}, 1, f64), wanted, 1, lengths);  // equal scores: class 0
  CHECK((top.part == 2 && top.whole == 4));
  CHECK(sentences(wanted, lengths) == std::vector<Sentence>{{0, 1, 0}, {1}});
  CHECK_THROWS_AS(accuracy(predicted, wanted, Lengths({2}, {4, 1})), ValueError);
  CHECK_THROWS_AS(accuracy(predicted, wanted, Lengths({3})), ShapeError);
}

TEST_CASE(
    "A batch with an unknown class leaves a confusion matrix as it was, and nothing divided by nothing is zero or "
    "refused") {
  ConfusionMatrix m(3);
  CHECK(contains(message_of<ValueError>([&] { m.add(Tokens({2}, {0, 1}), Tokens({2}, {0, 3})); }), "class 3"));
  CHECK(m.total() == 0);
  CHECK((m.precision(Average::macro) == 0 && m.f1(Average::micro) == 0 && m.accuracy() == 0));
  CHECK_THROWS_AS(accuracy(Tokens({0}), Tokens({0})).value(), ValueError);
  CHECK_THROWS_AS(m.precision(3), ValueError);
  CHECK_THROWS_AS(m.add(Tokens({2}), Tokens({3})), ShapeError);
  CHECK_THROWS_AS(m += ConfusionMatrix(2), ShapeError);
}

TEST_CASE("BLEU agrees with sacrebleu without smoothing, with one and with several references") {
  const json goldens = test::golden("metrics.json");
  REQUIRE(goldens["bleu"].size() == 4);
  for (const json& c : goldens["bleu"]) {
    Bleu b;
    for (const json& pair : c["pairs"]) b.add(pair["translation"], pair["references"]);
    CHECK(b.value() == Approx(c["bleu"].get<double>()).epsilon(1e-12));
    CHECK(b.brevity() == Approx(c["brevity"].get<double>()).epsilon(1e-12));
    const std::vector<double> precisions = c["precisions"];
    for (int n = 1; n <= 4; ++n)
      CHECK(b.precision(n) == Approx(precisions[static_cast<std::size_t>(n - 1)]).epsilon(1e-12));
  }
  Bleu clipped;  // the paper's example: "the" seven times, twice in the reference
  clipped.add({1, 1, 1, 1, 1, 1, 1}, {{1, 2, 3, 4, 1, 5}, {6, 3, 7, 2, 4, 1, 5}});
  CHECK(clipped.precision(1) == Approx(2. / 7));
  CHECK(Bleu().value() == 0);
  CHECK_THROWS_AS(clipped.add({1}, {}), ValueError);
  CHECK_THROWS_AS(clipped.precision(5), ValueError);
}

TEST_CASE("The edit distance counts insertions, deletions and replacements") {
  const auto word = [](const std::string& s) { return Sentence(s.begin(), s.end()); };
  CHECK(edit_distance(word("kitten"), word("sitting")) == 3);
  CHECK(edit_distance(word("saturday"), word("sunday")) == 3);
  CHECK(edit_distance(word("intention"), word("execution")) == 5);
  CHECK(edit_distance({}, word("abc")) == 3);
  CHECK(edit_distance(word("abc"), {}) == 3);
  CHECK(edit_distance(word("abc"), word("abc")) == 0);
  ErrorRate rate;
  CHECK_THROWS_AS(rate.value(), ValueError);
  rate.add(word("kitten"), word("sitting"));
  rate.add(word("ab"), word("abc"));
  CHECK(rate.value() == Approx(.4));
}

TEST_CASE("Perplexity and bits are those of the mean in nats") {
  CHECK(perplexity(std::log(27.)) == Approx(27));
  CHECK(bits_per_character(std::log(8.)) == Approx(3));
}

}  // namespace metrics_test
