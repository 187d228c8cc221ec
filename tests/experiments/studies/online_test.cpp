#include <cmath>
#include <ebb/experiments/studies/online/online.hpp>
#include <ebb/experiments/tasks/series/data.hpp>
#include <ebb/experiments/train/series_batch.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "run_ebb.hpp"

namespace online_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;
using online::OnlineRun;
using online::OnlineSettings;

namespace {

using Vector = std::vector<double>;

/// A tanh network with one input and one output, its gradients by plain loops in float64: the influence of each weight
/// on each unit, carried forward for each row of the batch.
struct PlainNetwork {
  static constexpr int H = 5, N = H + H * H + H;  // W, U, b
  Vector W, U, b, v;
  double c;

  explicit PlainNetwork(std::uint64_t seed) {
    Params w{{.seed = seed}};
    const CellPtr cell = make_cell("rnn", w / "cell", {1, H});
    const Linear out(w / "out", H, 1);
    const auto values = [&](const char* name) {
      const Array a = w.find(name).value();
      Vector all;
      for (std::int64_t k = 0; k < a.size(); ++k) all.push_back(a.at_flat(k));
      return all;
    };
    W = values("cell/W"), U = values("cell/U"), b = values("cell/b"), v = values("out/W"), c = values("out/b")[0];
  }

  /// The state after an input, and the influence P [H, N] on it. J keeps: all paths, a unit's own, or none.
  void step(double x, Vector& h, Vector& P, char J) const {
    Vector next(H), Q(std::size_t{H} * N);
    for (std::size_t i = 0; i < H; ++i) {
      double z = x * W[i] + b[i];
      for (std::size_t j = 0; j < H; ++j) z += h[j] * U[j * H + i];
      next[i] = std::tanh(z);
      const double d = 1 - next[i] * next[i];
      double* const q = Q.data() + i * N;
      for (std::size_t n = 0; n < N; ++n)
        for (std::size_t j = 0; j < H; ++j)
          if (J == 'a' || (J == 'o' && i == j)) q[n] += d * U[j * H + i] * P[j * N + n];
      q[i] += d * x;
      for (std::size_t j = 0; j < H; ++j) q[H + j * H + i] += d * h[j];
      q[H + H * H + i] += d;
      if (J == 'o')  // a weight's influence on other units is left out
        for (std::size_t n = 0; n < N; ++n)
          if (n % H != i) q[n] = 0;
    }
    h = next;
    P = Q;
  }

  /// The gradient of the mean squared error of step t with the influence of the last `window` steps.
  Vector gradient(const SeriesBatch& s, int t, int window, char J, double* loss = nullptr) const {
    const int B = s.rows();
    Vector g(N);
    for (int row = 0; row < B; ++row) {
      Vector h(H), P(std::size_t{H} * N);
      for (int k = 0; k <= t; ++k) {
        if (k == std::max(0, t + 1 - window)) P.assign(P.size(), 0);
        step(s.x.at({k, row, 0}), h, P, J);
      }
      double y = c;
      for (std::size_t i = 0; i < H; ++i) y += h[i] * v[i];
      const double off = y - s.y.at({t, row, 0});
      if (loss) *loss += off * off / B;
      for (std::size_t i = 0; i < H; ++i)
        for (std::size_t n = 0; n < N; ++n) g[n] += 2 * off / B * v[i] * P[i * N + n];
    }
    return g;
  }
};

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

std::unique_ptr<Task> henon_task() { return make_task("series", {.data = "henon", .own = {{"ahead", "1"}}}); }

json summary_after(const TempFolder& folder, const std::string& name, std::vector<std::string> more) {
  std::vector<std::string> words{"online", "--quick", "--out", folder / name};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder / name);
}

}  // namespace

TEST_CASE("with weights held, every method's cosine, norm ratio and error are those of plain loops") {
  const auto task = henon_task();
  const OnlineSettings s{.cell = "rnn",
                         .optimizer = "sgd",
                         .hidden = PlainNetwork::H,
                         .rows = 3,
                         .steps = 40,
                         .reset = 15,
                         .measure = 7,
                         .lr = 1e-30};
  const PlainNetwork plain(2);
  struct Way {
    const char* name;
    int window;
    char J;
  };
  for (const Way way : {Way{"bptt", 15, 'a'},
                        {"rtrl", 15, 'a'},
                        {"tbptt:1", 1, 'a'},
                        {"tbptt:3", 3, 'a'},
                        {"tbptt:40", 15, 'a'},
                        {"snap1", 15, 'o'},
                        {"eprop", 15, 'n'},
                        {"rflo", 15, 'n'}}) {
    CAPTURE(way.name);
    OnlineRun run;
    int steps = 0;
    run_online(*task, s, online::method_of(way.name), 2, run, [&](double) { ++steps; });
    CHECK(run.done);
    CHECK(steps == 40);
    REQUIRE(run.at == Vector{7, 14, 21, 28, 35});
    for (std::size_t k = 0; k < run.at.size(); ++k) {
      const int step = static_cast<int>(run.at[k]) - 1;
      const auto batch = make_batch(*task, {.length = 15, .rows = 3, .number = std::uint64_t(step / 15), .seed = 2})
                             .get<SeriesBatch>();
      const Vector got = plain.gradient(batch, step % 15, way.window, way.J),
                   exact = plain.gradient(batch, step % 15, 15, 'a');
      const double a = std::sqrt(dot(got, got)), b = std::sqrt(dot(exact, exact));
      CHECK(run.cosine[k] == Approx(dot(got, exact) / (a * b)).margin(2e-5));
      CHECK(run.ratio[k] == Approx(a / b).epsilon(1e-4));
    }
    double online = 0;
    for (const int step : {36, 37, 38, 39}) {
      double loss = 0;
      const auto batch = make_batch(*task, {.length = 15, .rows = 3, .number = 2, .seed = 2}).get<SeriesBatch>();
      plain.gradient(batch, step % 15, 1, 'a', &loss);
      online += loss / 4;
    }
    CHECK(run.online == Approx(online).epsilon(1e-4));
  }
}

TEST_CASE("RTRL's gradient is the exact one while weights are held, for any cell") {
  const auto task = henon_task();
  for (const char* cell : {"lstm", "gru", "mingru", "lem", "lru", "mlstm", "irnn", "clockwork"}) {
    CAPTURE(cell);
    OnlineRun run;
    run_online(
        *task,
        {.cell = cell, .optimizer = "sgd", .hidden = 4, .rows = 2, .steps = 30, .reset = 20, .measure = 3, .lr = 1e-30},
        online::method_of("rtrl"), 1, run, [](double) {});
    REQUIRE(run.cosine.size() == 10);
    for (std::size_t k = 0; k < run.cosine.size(); ++k) {
      CHECK(run.cosine[k] == Approx(1).margin(1e-5));
      CHECK(run.ratio[k] == Approx(1).epsilon(1e-4));
    }
  }
}

TEST_CASE("ebb online compares each gradient with the exact one while it trains", "[slow]") {
  TempFolder folder;
  const json s = summary_after(folder, "run",
                               {"--gradient", "bptt,rtrl,snap1,uoro,kf-rtrl,eprop,tbptt:1,tbptt:10", "--seeds", "2"});
  const json& all = s["series"]["henon"]["gradients"];
  const auto cosine = [&](const char* name) { return all[name]["cosine"].get<double>(); };
  CHECK(cosine("bptt") == Approx(1).margin(1e-5));
  CHECK(all["bptt"]["norm_ratio"].get<double>() == Approx(1).margin(1e-5));
  CHECK(cosine("rtrl") > .95);  // below one, because its influence is from earlier weights
  CHECK(cosine("rtrl") > cosine("snap1"));
  CHECK(cosine("snap1") > cosine("uoro"));
  CHECK(cosine("eprop") == Approx(cosine("tbptt:1")).margin(.05));  // a vanilla network has no recurrence of its own
  CHECK(all["rtrl"]["online"] < .5);                                // 1 is always predicting the mean
  CHECK(all["rtrl"]["loss"] < .5);
  CHECK(all["rtrl"]["runs"]["2"]["done"] == true);
  CHECK_THAT(read_all(folder / "run/report.html"), Contains("Cosine to the exact gradient") && Contains("kf-rtrl"));
  CHECK(plots_of(read_all(folder / "run/report.html")).size() == 3);
  const auto rows = csv_rows(folder / "run/gradients.csv");
  CHECK(rows[0] == std::vector<std::string>{"series", "gradient", "seed", "step", "cosine", "norm_ratio"});
  CHECK(rows.size() == 1 + 8 * 2 * (400 / 7));
  CHECK(csv_rows(folder / "run/learning.csv").size() == 1 + 8 * 2 * 200);
}

TEST_CASE("ebb online has the same results for any number of threads") {
  TempFolder folder;
  std::vector<std::string> curves;
  for (const char* threads : {"1", "2"}) {
    summary_after(folder, threads, {"--gradient", "rtrl,uoro", "--steps", "60", "--seeds", "2", "--threads", threads});
    curves.push_back(read_all(folder / (std::string(threads) + "/learning.csv")));
  }
  CHECK(curves[0] == curves[1]);
}

TEST_CASE("ebb online rejects a method that does not apply, and unknown words, before anything is written") {
  const auto error_of = [](std::vector<std::string> more) {
    TempFolder folder;
    std::vector<std::string> words{"online", "--quick", "--out", folder / "run"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome o = ebb_command(words);
    CHECK(o.code == 2);
    CHECK(!folder.has("run"));
    return o.err;
  };
  CHECK_THAT(
      error_of({"--cell", "lstm", "--gradient", "rtrl,rflo"}),
      Contains("--gradient rflo: rflo does not apply to cell lstm: its state does not leak at a constant rate") &&
          Contains("rtrl, snap1, uoro, bptt and tbptt:K apply to every cell"));
  CHECK_THAT(error_of({"--gradient", "rtrl,rtlr"}), Contains("--gradient names 'rtlr'; there are tbptt:K"));
  for (const char* word : {"tbptt", "tbptt:", "tbptt:0", "tbptt:2.5", "tbptt:x"})
    CHECK_THAT(error_of({"--gradient", word}), Contains(std::string("--gradient names '") + word + "'"));
  CHECK_THAT(error_of({"--gradient", "rtrl,rtrl"}), Contains("--gradient names 'rtrl' twice"));
  CHECK_THAT(error_of({"--series", "henon,lorentz"}), Contains("did you mean 'lorenz'?"));
  CHECK_THAT(error_of({"--cell", "lstn"}), Contains("did you mean 'lstm'?"));
  CHECK_THAT(error_of({"--optimizer", "adan"}), Contains("adan"));
}

TEST_CASE("the Henon series is the map's, on its attractor") {
  double n = 0, sum = 0, squares = 0;
  for (const Vector& s : henon(1, 8, 4000).test.series) {
    for (std::size_t k = 2; k < s.size(); ++k)
      CHECK(s[k] == Approx(1 - 1.4 * s[k - 1] * s[k - 1] + .3 * s[k - 2]).margin(1e-6));
    for (const double x : s) {
      n += 1;
      sum += x;
      squares += x * x;
    }
  }
  // Taking means of x' = 1 - 1.4 x^2 + .3 x: they need not be known for this to hold.
  CHECK(1.4 * squares / n == Approx(1 - .7 * sum / n).epsilon(1e-3));
  CHECK(sum / n == Approx(.257).margin(.01));
}

}  // namespace online_test
