#include <algorithm>
#include <cmath>
#include <complex>
#include <ebb/experiments/tasks/teacher/linear_teacher.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/linalg.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace teacher_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

const Key key = Key{1}.named("linear teacher");  // of `--teacher 1`

std::vector<std::complex<double>> spectrum(const Array& a) {
  const auto [re, im] = eigenvalues(a);
  std::vector<std::complex<double>> all;
  for (int k = 0; k < a.dim(0); ++k) all.emplace_back(re.at({k}), im.at({k}));
  return all;
}

SimpleBatch batch_of(const Task& task, const BatchRequest& r) { return task.batch(r).get<SimpleBatch>(); }

}  // namespace

TEST_CASE("a linear teacher's eigenvalues keep their angles and have the prescribed moduli") {
  for (const double nu : {0., .5, .99}) {
    const LinearTeacher teacher{10, nu, key};
    // The matrix before its eigenvalues were replaced.
    const Array drawn = normal({10, 10}, key.named("A"), 0, 1 / std::sqrt(10.), f64);
    const auto wanted = spectrum(drawn), found = spectrum(teacher.A);
    for (const auto l : wanted) {
      const auto moved = std::polar(nu + (1 - nu) * std::tanh(std::abs(l)), std::arg(l));
      double nearest = 1;
      for (const auto f : found) nearest = std::min(nearest, std::abs(f - moved));
      CAPTURE(nu, l);
      CHECK(nearest < 1e-9);
    }
    // The eigenvectors are those of the drawn matrix: the two commute.
    double largest = 0;
    for (int i = 0; i < 10; ++i)
      for (int j = 0; j < 10; ++j) {
        double commutator = 0;
        for (int k = 0; k < 10; ++k)
          commutator += drawn.at({i, k}) * teacher.A.at({k, j}) - teacher.A.at({i, k}) * drawn.at({k, j});
        largest = std::max(largest, std::abs(commutator));
      }
    CHECK(largest < 1e-9);
  }
}

TEST_CASE("teacher asks for the outputs of its linear network, step by step") {
  const LinearTeacher teacher{4, .8, key};
  const auto task = make_task("teacher", {.own = {{"units", "4"}, {"modulus", ".8"}}});
  const SimpleBatch b = batch_of(*task, {.split = Split::valid, .length = 25, .rows = 3, .number = 2});
  const Array &x = std::get<Array>(b.inputs), &y = std::get<EveryValue>(b.targets).values;
  REQUIRE(y.shape() == Shape{25, 3, 1});
  // The sum over past inputs, with A^k by repeated products.
  for (int row = 0; row < 3; ++row)
    for (int t = 0; t < 25; ++t) {
      double sum = teacher.D * x.at({t, row, 0});
      std::vector<double> z{teacher.B.at({0}), teacher.B.at({1}), teacher.B.at({2}), teacher.B.at({3})};
      for (int k = 0; k <= t; ++k) {
        std::vector<double> next(4, 0);
        for (int i = 0; i < 4; ++i) {
          const auto to = static_cast<std::size_t>(i);
          sum += teacher.C.at({i}) * z[to] * x.at({t - k, row, 0});
          for (int j = 0; j < 4; ++j) next[to] += teacher.A.at({i, j}) * z[static_cast<std::size_t>(j)];
        }
        z = next;
      }
      CHECK(y.at({t, row, 0}) == Approx(sum / teacher.scale).margin(1e-5));
    }
}

TEST_CASE("the baseline of teacher is its variance, which the first steps approach as the formula states") {
  const auto [modulus, nu] = GENERATE(std::pair{".9", .9}, std::pair{".5", .5});  // 2 D C B is 1.5 % and 11 %
  const auto task = make_task("teacher", {.own = {{"modulus", modulus}}});
  const LinearTeacher teacher{10, nu, key};
  CHECK(task->info().baseline == 1);
  constexpr int T = 60, rows = 4000;
  const Array response = teacher.impulse_response(T);
  double expected = teacher.D * (teacher.D + 2 * response.at({0}));
  for (int k = 0; k < T; ++k) expected += (1 - k / double(T)) * response.at({k}) * response.at({k});
  expected /= teacher.scale * teacher.scale;
  const SimpleBatch b = batch_of(*task, {.split = Split::test, .length = T, .rows = rows});
  const Array& y = std::get<EveryValue>(b.targets).values;
  double squares = 0;
  for (std::int64_t k = 0; k < y.size(); ++k) squares += y.at_flat(k) * y.at_flat(k);
  CHECK(squares / double(y.size()) == Approx(expected).epsilon(.03));
  CHECK(expected < 1);

  const SimpleBatch late = batch_of(*task, {.split = Split::test, .length = 1000, .rows = 400});
  const Array& last = std::get<EveryValue>(late.targets).values;
  squares = 0;
  for (int t = 800; t < 1000; ++t)
    for (int row = 0; row < 400; ++row) squares += last.at({t, row, 0}) * last.at({t, row, 0});
  CHECK(squares / (200. * 400) == Approx(1).epsilon(.05));
}

TEST_CASE("teacher has another network for each number, rejects what it cannot draw, and resumes to the bit") {
  const LinearTeacher one{6, .5, Key{1}}, two{6, .5, Key{2}};
  CHECK(one.D != two.D);
  CHECK_THROWS_AS((LinearTeacher{21, .5, key}), ValueError);
  CHECK_THROWS_AS((LinearTeacher{5, 1, key}), ValueError);
  const TempFolder folder;
  check_rejected(ebb_command({"train", "teacher", "--modulus", "1", "--out", folder / "no"}), "--modulus");
  goes_on("teacher", "gru", {.hidden = 5, .length = 12, .batch = 6, .steps = 5, .lr = .01}, {2},
          {.own = {{"units", "3"}}});
}

TEST_CASE("a linear recurrence learns from a linear teacher at --quick", "[science]") {
  const TempFolder folder;
  CHECK(train_quick("teacher", folder, {"--cell", "lru"})["loss"].get<double>() < .05);
}

}  // namespace teacher_test
