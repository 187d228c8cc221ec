#include <ebb/nn/decoding/sample.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>
#include <limits>

#include "arrays.hpp"
#include "catch.hpp"

namespace sample_test {

using namespace ebb;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Array logs(std::initializer_list<double> p) {
  Array a = Array::from({1, static_cast<int>(p.size())}, p, f64);
  for (std::int64_t i = 0; i < a.size(); ++i) a.set_flat(i, std::log(a.at_flat(i)));
  return a;
}

void check_probabilities(const Array& logits, const SampleOptions& o, std::initializer_list<double> wanted) {
  const Array p = sample_probabilities(logits, o);
  CHECK(test::error_of(p, Array::from({1, static_cast<int>(wanted.size())}, wanted, f64)) < 1e-14);
}

}  // namespace

TEST_CASE("Temperature, top-k and nucleus shape the distribution according to their definitions") {
  const Array l = logs({.1, .4, .2, .3});
  check_probabilities(l, {}, {.1, .4, .2, .3});
  check_probabilities(l, {.temperature = .5}, {.01 / .3, .16 / .3, .04 / .3, .09 / .3});
  check_probabilities(l, {.temperature = 0}, {0, 1, 0, 0});
  check_probabilities(l, {.top_k = 2}, {0, 4. / 7, 0, 3. / 7});
  check_probabilities(l, {.top_k = 9}, {.1, .4, .2, .3});
  check_probabilities(l, {.top_p = .6}, {0, 4. / 7, 0, 3. / 7});  // .4 is not enough, .4 + .3 is
  check_probabilities(l, {.top_p = .8}, {0, 4. / 9, 2. / 9, 3. / 9});
  check_probabilities(l, {.top_p = .001}, {0, 1, 0, 0});
  check_probabilities(l, {.top_k = 3, .top_p = .5}, {0, 4. / 7, 0, 3. / 7});  // of .4 .3 .2 over .9 the first has .44
  check_probabilities(Array::from({1, 4}, {1, 1, 1, 1}, f64), {.top_k = 2}, {.5, .5, 0, 0});
  check_probabilities(Array::from({1, 3}, {-inf, 800, 800}, f64), {}, {0, .5, .5});
}

TEST_CASE("Tokens are drawn with the requested probabilities, and never a truncated token") {
  const int n = 20000;
  for (const SampleOptions o :
       {SampleOptions{}, SampleOptions{.temperature = 2}, SampleOptions{.top_k = 2}, SampleOptions{.top_p = .8}}) {
    const Array p = sample_probabilities(logs({.1, .4, .2, .3}), o);
    Array rows = Array::empty({n, 4}, f64);
    for (int r = 0; r < n; ++r) rows[r].assign(logs({.1, .4, .2, .3})[0]);
    const Tokens drawn = sample(rows, Key{3}, o);
    for (int k = 0; k < 4; ++k) {
      const auto count = std::count(drawn.data(), drawn.data() + n, k);
      const double wanted = p.at({0, k}), deviation = std::sqrt(n * wanted * (1 - wanted));
      CHECK(std::abs(static_cast<double>(count) - n * wanted) <= 4 * deviation);
    }
  }
}

TEST_CASE("A row's token depends on its key and index, not on the rest of the batch") {
  const Array l = normal({9, 50}, Key{1}, 0, 1, f64);
  const Tokens all = sample(l, Key{7}.at(4)), part = sample(l.range(5, 9), Key{7}.at(4), {}, 5);
  for (int r = 0; r < 4; ++r) CHECK(part.data()[r] == all.data()[5 + r]);
  int equal = 0;
  const Tokens next = sample(l, Key{7}.at(5));
  for (int r = 0; r < 9; ++r) equal += next.data()[r] == all.data()[r];
  CHECK(equal < 9);
  CHECK(sample(l[2], Key{7}.at(4), {}, 2).data()[0] == all.data()[2]);
  CHECK(sample(l[2], Key{7}).rank() == 0);
}

TEST_CASE("Greedy decoding is temperature zero, with the first of equal logits") {
  const Array l = normal({20, 6}, Key{2}, 0, 1);
  const Tokens a = greedy(l), b = sample(l, Key{1}, {.temperature = 0});
  CHECK(std::equal(a.data(), a.data() + 20, b.data()));
  CHECK(greedy(Array::full({1, 5}, 2, f32)).data()[0] == 0);
  CHECK(sample(Array::full({1, 5}, 2, f32), Key{1}, {.temperature = 0}).data()[0] == 0);
}

TEST_CASE("Logits without a distribution and invalid options are rejected") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Key key{1};
  for (const double x : {nan, inf}) CHECK_THROWS_AS(sample(Array::from({1, 2}, {0, x}, f64), key), ValueError);
  const std::string message =
      test::message_of<ValueError>([&] { sample(Array::from({2, 2}, {0, 0, -inf, -inf}, f64), key); });
  CHECK(test::contains(message, "row 1"));
  const Array l = logs({.5, .5});
  CHECK_THROWS_AS(sample(l, key, {.temperature = -1}), ValueError);
  CHECK_THROWS_AS(sample(l, key, {.top_k = -1}), ValueError);
  CHECK_THROWS_AS(sample(l, key, {.top_p = 0}), ValueError);
  CHECK_THROWS_AS(sample(l, key, {.top_p = 1.1}), ValueError);
}

}  // namespace sample_test
