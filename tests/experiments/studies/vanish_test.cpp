#include <ebb/experiments/studies/vanish/vanish.hpp>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/random.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace vanish_test {

using nlohmann::json;

namespace {

/// Counts the batches of the test split in training's length: two for each measured loss, and one for each cell with
/// each remedy that is tried out.
class Counted final : public ebb::app::SimpleTask {
 public:
  static inline std::atomic<int> measured = 0;
  static constexpr int lags = 37;
  explicit Counted(Inputs&) {}
  ebb::app::TaskInfo info() const override { return {.baseline = 1.0 / 12, .baseline_about = "always the mean"}; }
  ebb::app::SimpleSizes sizes() const override { return {.inputs = ebb::app::ValueInputs{1}, .outputs = 1}; }
  ebb::app::TaskSettings settings(ebb::app::Size) const override {
    return {.hidden = 4, .length = 6, .batch = 4, .steps = 2, .lr = 1e-2, .clip = .5};
  }
  ebb::app::Batch batch(const ebb::app::BatchRequest& r) const override {
    measured += r.split == ebb::app::Split::test && r.length == 6;
    const ebb::Key key = ebb::Key{r.split == ebb::app::Split::train ? r.seed : 0}.named("counted").at(r.number);
    const ebb::Array x = ebb::uniform({r.length, r.rows, 1}, key, 0, 1);
    return ebb::app::SimpleBatch{.inputs = x, .targets = ebb::app::LastStep{x[0].copy()}};
  }
  int batches(ebb::app::Split, int, int) const override { return 2; }
};
EBB_TASK(counted_own, Counted, "the first number (made by the tests)");

const std::vector<std::string> cells{"rnn", "lstm", "gru", "mgu"};

json quick(const TempFolder& folder, const std::string& name, std::vector<std::string> more = {}, int code = 0) {
  std::vector<std::string> words{"vanish", "--quick", "--out", folder / name};
  words.insert(words.end(), more.begin(), more.end());
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == code);
  return summary_of(folder / name);
}

// Everything but what a clock says.
json without_times(json s) {
  s.erase("seconds");
  s.erase("started");
  s["options"].erase("threads");
  s["options"].erase("out");
  for (auto& task : s["tasks"])
    for (auto& cell : task["cells"]) {
      cell.erase("seconds");
      cell.erase("speed");
      for (auto& run : cell["runs"]) run.erase("seconds");
    }
  return s;
}

}  // namespace

TEST_CASE("a quick vanish writes a complete summary.json", "[slow]") {
  TempFolder folder;
  const json s = quick(folder, "out", {"--cells", "rnn,lstm,gru,mgu"});
  CHECK(s["quick"] == true);
  CHECK(s["size"] == "quick");
  CHECK(s["interrupted"] == false);
  CHECK(s["seeds"] == json::array({1, 2}));
  CHECK(s["options"]["cells"] == json(cells));
  CHECK(s["options"].contains("lags"));
  for (const char* task : {"adding", "chars"})
    for (const std::string& cell : cells) {
      INFO(task << " " << cell);
      const json& c = s["tasks"][task]["cells"][cell];
      for (const char* when : {"init", "trained"}) {
        const json& d = c[when];
        CHECK(d["decay_per_step"].is_number());
        CHECK((d["half_life_steps"].is_number() || d["half_life_steps"].is_null()));
        if (d["decay_per_step"] < 0.0)
          CHECK(d["half_life_steps"].get<double>() == Approx(std::log(2) / -d["decay_per_step"].get<double>()));
        else CHECK(d["half_life_steps"].is_null());
        for (const char* lag : {"1", "10", "50", "100"}) CHECK(d["norm_at_lag"][lag] > 0.0);
        CHECK(d["norm_at_lag"].size() == 4);
      }
      CHECK(c["loss"].is_number());
      CHECK(c["baseline_loss"].is_number());
      CHECK(c["seconds"] > 0.0);
      CHECK(c["weights"] > 0.0);
      CHECK(c["kept_bytes"] > 0.0);
      CHECK(c["speed"] > 0.0);
      CHECK(c["runs"].size() == 2);
    }
  CHECK(s["tasks"]["adding"]["baseline_loss"].get<double>() == Approx(1.0 / 6));
  CHECK(s["tasks"]["adding"]["cells"]["lstm"]["init"]["fields"].contains("c"));
  const json& adding = s["tasks"]["adding"];
  const auto loss = [&](const char* cell, const char* seed) {
    return adding["cells"][cell]["runs"][seed]["loss"].get<double>();
  };
  CHECK(adding["differences"].size() == 6);  // pairs of four cells
  const json& d = adding["differences"]["rnn - gru"];
  CHECK(d["mean"].get<double>() ==
        Approx((loss("rnn", "1") - loss("gru", "1") + loss("rnn", "2") - loss("gru", "2")) / 2));
  CHECK(d["seeds"] == 2);
  CHECK(d["interval"] == "t");
  CHECK_THAT(read_all(folder / "out/report.html"),
             Catch::Matchers::Contains(" has the lowest mean loss on the test split: ") &&
                 Catch::Matchers::Contains("over 2 seeds.") && Catch::Matchers::Contains("Differences of the loss"));
}

TEST_CASE("a quick vanish writes an offline report and the raw series", "[slow]") {
  TempFolder folder;
  quick(folder, "out");
  std::vector<std::string> names;
  for (const auto& f : std::filesystem::directory_iterator(folder / "out"))
    names.push_back(f.path().filename().string());
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"config.toml", "figures", "figures.json", "gradients-in-training.csv",
                                          "gradients.csv", "parts", "report.html", "run.json", "summary.json",
                                          "tensorboard", "training.csv"});

  const std::string html = read_all(folder / "out/report.html");
  CHECK_THAT(html, Catch::Matchers::Contains("QUICK"));
  CHECK_THAT(html, Catch::Matchers::Contains("d3.svg.symbol"));
  for (const char* outside : {"src=\"http", "src='http", "href=\"http", "href='http", "@import", "url(http"})
    CHECK_THAT(html, !Catch::Matchers::Contains(outside));
  CHECK_THAT(html, Catch::Matchers::Contains("default-src 'none'"));

  // Each plot's numbers stand in the page: 4 plots a task, 100 lags, low <= middle <= high. And a map for each cell.
  std::size_t plots = 0, lags = 0, maps = 0;
  for (const json& plot : plots_of(html)) {
    if (plot["kind"] == "heat") {
      ++maps;
      CHECK(plot["xs"].size() == 100);
      CHECK(plot["ys"].size() >= 39);  // of 150 updates, every fourth; of 200, every fifth
      CHECK(plot["ys"].size() <= 41);
      continue;
    }
    ++plots;
    CHECK(plot["series"].size() >= 3);
    for (const json& row : plot["rows"])
      for (std::size_t k = 1; k < row.size(); ++k)
        if (!row[k][1].is_null()) CHECK((row[k][0] <= row[k][1] && row[k][1] <= row[k][2]));
    lags += plot["rows"].size() == 100 && plot["x"].get<std::string>().substr(0, 3) == "lag";
  }
  CHECK(plots == 8);
  CHECK(lags == 4);
  CHECK(maps == 6);

  const std::string gradients = read_all(folder / "out/gradients.csv"),
                    training = read_all(folder / "out/training.csv");
  CHECK(gradients.substr(0, gradients.find('\n')) == "task,cell,seed,when,field,lag,rows,mean_ln_norm,spread_ln_norm");
  // 2 tasks, 2 seeds, 2 times, 101 lags; rnn h, lstm h, c and both, gru h
  CHECK(std::count(gradients.begin(), gradients.end(), '\n') == 1 + 2 * 2 * 2 * 101 * 5);
  CHECK(std::count(training.begin(), training.end(), '\n') == 1 + 3 * 2 * (200 + 150));
}

TEST_CASE("the same seed gives the same results on any number of threads", "[slow]") {
  TempFolder folder;
  const json one = quick(folder, "one", {"--threads", "1"}), two = quick(folder, "two", {"--threads", "2"}),
             three = quick(folder, "three", {"--threads", "3"});
  CHECK(without_times(one) == without_times(two));
  CHECK(without_times(one) == without_times(three));
  CHECK(read_all(folder / "one/gradients.csv") == read_all(folder / "two/gradients.csv"));
  const json other = quick(folder, "other", {"--seed", "7"});
  CHECK(one["tasks"]["adding"]["cells"]["gru"]["loss"] != other["tasks"]["adding"]["cells"]["gru"]["loss"]);
}

TEST_CASE("the table fits in 80 columns", "[slow]") {
  TempFolder folder;
  const Outcome o = ebb_command({"vanish", "--quick", "--steps", "5", "--out", folder / "out", "--cells",
                                 "lstm,rnn:recurrent=orthogonal,gru:update_bias=1"});
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("rnn:recurrent=orthogonal"));
  CHECK_THAT(o.out, Catch::Matchers::Contains("█"));
  std::istringstream lines(o.out);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; }) <= 80);
  }
}

TEST_CASE("the table and the sentence on gradients use measured lags and norms") {
  TempFolder folder;
  const Outcome o =
      ebb_command({"vanish", "--quick", "--tasks", "adding", "--steps", "0", "--lags", "20", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("  1 to 20 ") && !Catch::Matchers::Contains("1 to 100"));

  using namespace ebb::app::vanish;
  // ln of the norm falls by `first` a step over 10 lags and by `later` a step from there on.
  const auto cell = [](const std::string& name, double first, double later) {
    CellResult c{.cell = name};
    c.runs.push_back({.begun = true});
    ebb::app::LagNorms norms;
    for (int lag = 0; lag <= 30; ++lag)
      norms.push_back({-first * std::min(lag, 10) - (lag > 10 ? later * (lag - 10) : 0)});
    c.runs[0].init["h"] = norms;
    settle(c);
    return c;
  };
  TaskResult task;
  task.lags = 30;
  task.settings.steps = 0;
  task.cells = {cell("even", 0.1, 0.1), cell("alike", 0.1, 0.15)};
  CHECK(verdict(task).empty());                   // less than ten times
  task.cells.push_back(cell("early", 3.0, 0.0));  // its slope from lag 10 on is 0, and yet it fell furthest
  CHECK_THAT(verdict(task), Catch::Matchers::Contains("30 steps back, the gradient of early "
                                                      "has fallen 10¹⁰ times further than that of even."));
  task.cells.push_back(cell("dead", 2000, 0));
  CHECK_THAT(verdict(task), Catch::Matchers::Contains("30 steps back, the gradient of dead "
                                                      "has fallen to zero, that of even is 0.055"));
  CHECK_THAT(table_text(task), Catch::Matchers::Contains("to zero"));
}

TEST_CASE("a run that diverges is marked and the others continue") {
  TempFolder folder;
  const json s = quick(folder, "out",
                       {"--tasks", "adding", "--lr", "1e38", "--clip", "0", "--cells", "rnn:activation=relu,lstm"}, 1);
  const json& broken = s["tasks"]["adding"]["cells"]["rnn:activation=relu"];
  CHECK(broken["diverged"] == true);
  CHECK(broken["loss"].is_null());
  CHECK(broken["trained"]["decay_per_step"].is_null());
  CHECK_THAT(broken["trained"]["why"].get<std::string>(), Catch::Matchers::Contains("its training diverged"));
  CHECK(broken["init"]["decay_per_step"].is_number());
  CHECK_THAT(broken["runs"]["1"]["diverged"].get<std::string>(), Catch::Matchers::Contains("step 2"));
  CHECK_THAT(read_all(folder / "out/report.html"), Catch::Matchers::Contains("diverged at step 2"));
  CHECK(s["tasks"]["adding"]["cells"]["lstm"].contains("init"));
}

TEST_CASE("a mean over seeds omits interrupted runs unless all were interrupted") {
  using namespace ebb::app::vanish;
  CellResult c{.cell = "lstm"};
  c.runs.push_back({.begun = true, .trained = {{"h", {{0}, {-1}}}}, .loss = .1});
  c.runs.push_back({.begun = true, .trained = {{"h", {{0}, {-1}}}}, .loss = .3});
  c.runs.push_back({.begun = true, .trained = {{"h", {{0}, {-9}}}}, .loss = 5});
  c.runs.push_back({});
  for (Run& run : c.runs) run.init = {{"h", {{0}, {-2}}}};
  c.runs[2].training.interrupted = true;
  CHECK(c.mean(loss_of) == Approx(.2));
  settle(c);
  CHECK(c.decays[0].trained.mean[1] == Approx(-1));
  settle(c);  // once more, as after each run
  CHECK(c.decays.size() == 1);
  for (Run& run : c.runs) run.training.interrupted = true;
  CHECK(c.mean(loss_of) == Approx(1.8));
  c.runs[0].training.diverged = "step 3";
  c.runs[1].failed = "no memory";
  CHECK(c.mean(loss_of) == Approx(5));
}

TEST_CASE("the initial weights of a cell are measured once for each seed, whatever remedies are compared") {
  TempFolder folder;
  const auto measured = [&](const std::string& name, const std::string& remedies, const std::string& updates) {
    const int before = Counted::measured;
    const json s = quick(folder, name,
                         {"--tasks", "counted_own", "--cells", "rnn,gru", "--lags", std::to_string(Counted::lags),
                          "--steps", updates, "--seeds", "2", "--remedy", remedies, "--threads", "2"});
    const json& of = s["tasks"]["counted_own"]["cells"];
    for (const auto& [cell, result] : of.items()) {
      for (const char* value : {"norm_at_lag", "loss"})
        CHECK(result["init"][value] == of[cell.substr(0, 3)]["init"][value]);
      CHECK(result["init"]["loss"].is_number());
      for (const auto& [seed, run] : result["runs"].items()) CHECK(run["seconds"] > 0.0);
    }
    return Counted::measured - before;
  };
  const int initial = measured("initial", "none", "0"), one = measured("one", "none", "1");
  CHECK(initial > 0);
  CHECK(one > initial);  // the trained weights are measured too, of each remedy
  CHECK(measured("three", "none,clip:1,clip:2", "1") == one + 2 * (one - initial) + 2 * 2);  // tried out: 2 cells
}

TEST_CASE("a remedy without an update in which it could act is rejected") {
  using Catch::Matchers::Contains;
  TempFolder folder;
  for (const char* remedy : {"flossing:5", "omega", "clip:1"})
    for (std::vector<std::string> words :
         {std::vector<std::string>{"vanish", "--tasks", "counted_own", "--cells", "rnn", "--lags", "20"},
          {"train", "counted_own", "--cell", "rnn"},
          {"compare", "--task", "counted_own", "--cells", "rnn"}}) {
      words.insert(words.end(), {"--quick", "--steps", "0", "--remedy", remedy, "--out", folder / "out"});
      const Outcome o = ebb_command(words);
      CAPTURE(words, o.err);
      CHECK(o.code == 2);
      CHECK_THAT(o.err, Contains("the remedy '" + std::string(remedy) + "' acts in updates of training") &&
                            Contains("--steps 0 makes none"));
      CHECK_FALSE(std::filesystem::exists(folder / "out"));
    }
}

TEST_CASE("where remedies that clip are compared, the untreated cell is not clipped unless --clip says so") {
  TempFolder folder;
  const auto ran = [&](const std::string& name, std::vector<std::string> more) {
    std::vector<std::string> words{"vanish", "--quick", "--tasks", "counted_own", "--cells", "rnn",
                                   "--lags", "20",      "--seeds", "1",           "--out",   folder / name};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome o = ebb_command(words);
    INFO(o.err);
    REQUIRE(o.code == 0);
    return std::pair{o.out, summary_of(folder / name)["tasks"]["counted_own"]};
  };
  const auto [out, s] = ran("none", {"--remedy", "none,clip:1e-9"});
  CHECK(s["settings"]["clip"] == 0);
  CHECK(s["cells"]["rnn"]["clip_events"] == 0);
  CHECK(s["cells"]["rnn + clip:1e-9"]["clip_events"] == 2);
  CHECK_THAT(out, Catch::Matchers::Contains("Only the remedies that do so clip the gradient."));

  const auto [given, t] = ran("given", {"--remedy", "none,clip:1", "--clip", "1e-9"});
  CHECK(t["cells"]["rnn"]["clip_events"] == 2);
  CHECK_THAT(given,
             Catch::Matchers::Contains("Other remedies, and none, clip the gradient to the norm 1e-09 (--clip)."));

  const auto [plain, u] = ran("plain", {"--remedy", "none,flossing:1,horizon=5,warmup=1"});
  CHECK(u["settings"]["clip"] == .5);
  CHECK_THAT(plain, Catch::Matchers::Contains("Every run clips the gradient to the norm 0.5 (--clip)."));
}

TEST_CASE("vanish records every option of its tasks, with the value that was used and its type") {
  TempFolder folder;
  const json s =
      quick(folder, "out",
            {"--tasks", "recall_own,adding", "--cells", "rnn", "--which", "3", "--steps", "2", "--seeds", "1"});
  CHECK(s["options"]["which"] == 3);
  CHECK(s["options"]["scale"] == .5);
  CHECK(s["options"]["sign"] == "plus");
  CHECK(s["options"]["ahead"].is_null());  // of another task
  CHECK(s["tasks"]["recall_own"]["options"] == json({{"which", 3}, {"scale", .5}, {"sign", "plus"}}));
  CHECK_THAT(read_all(folder / "out/config.toml"), Catch::Matchers::Contains("which = \"3\"\n") &&
                                                       Catch::Matchers::Contains("scale = \"0.5\"\n") &&
                                                       Catch::Matchers::Contains("sign = \"plus\"\n"));
}

}  // namespace vanish_test
