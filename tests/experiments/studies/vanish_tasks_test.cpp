#include <cmath>
#include <ebb/experiments/studies/vanish/vanish.hpp>

#include "catch.hpp"
#include "csv_rows.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

/// `ebb vanish` on every kind of task.
namespace vanish_tasks_test {

using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

std::vector<std::string> small(const std::string& out, std::vector<std::string> more, const char* cell = "gru") {
  more.insert(more.begin(), {"vanish", "--quick", "--cells", cell, "--hidden", "4", "--steps", "4", "--every", "2",
                             "--seeds", "1", "--rows", "4", "--out", out});
  return more;
}

Outcome measured(const TempFolder& folder, const std::string& name, const std::vector<std::string>& more,
                 const char* cell = "gru") {
  Outcome o = ebb_command(small(folder / name, more, cell));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  return o;
}

/// Three columns, of which the last is the sum of the others one step before.
std::string three_columns() {
  std::string csv = "price,rain,total\n";
  double before = 0;
  for (int t = 0; t < 400; ++t) {
    const double price = std::sin(.3 * t), rain = 10 + 3 * std::cos(1.7 * t);
    csv += std::to_string(price) + "," + std::to_string(rain) + "," + std::to_string(before) + "\n";
    before = price + rain;
  }
  return csv;
}

}  // namespace

TEST_CASE("every task with a recurrence is measured before, during and after training", "[slow]") {
  TempFolder folder;
  for (const std::string task :
       {"adding", "chars",   "copy",   "temporal-order", "flipflop",  "xor",    "two-sequence", "reber",
        "delay",  "pixels",  "series", "music",          "sentiment", "tags",   "speech",       "translate",
        "parity", "reverse", "dyck",   "group",          "mqar",      "teacher"}) {
    CAPTURE(task);
    measured(folder, task, {"--tasks", task, "--lags", "12", "--batch", "4"});
    const json s = summary_of(folder / task)["tasks"][task];
    const int lags = s["settings"]["lags"];
    CHECK(lags >= 5);
    CHECK(lags <= 12);
    for (const char* when : {"init", "trained"}) CHECK(s["cells"]["gru"][when]["norm_at_lag"]["1"].get<double>() > 0);
    CHECK(s["cells"]["gru"]["loss"].is_number());
    const auto rows = csv_rows(folder / task + "/gradients-in-training.csv");
    CHECK(static_cast<int>(rows.size()) == 1 + 3 * (lags + 1));  // updates 0, 2, 4
  }
}

TEST_CASE("a task without a recurrence that can be followed is rejected with the reason, before any work") {
  TempFolder folder;
  check_rejected(ebb_command(small(folder / "out", {"--tasks", "images"})),
                 "the task 'images' has no recurrence: its network has no state");
  check_rejected(ebb_command(small(folder / "out", {"--tasks", "adding,caption"})),
                 "the gradients of the task 'caption' cannot be followed back in time: before each word its recurrence "
                 "attends to the picture with its own output");
  CHECK_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_CASE("a CSV file with several columns is measured with all of them as inputs") {
  TempFolder folder;
  const std::string file = folder.file("rain.csv", three_columns());
  const auto weights = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"--tasks", "series", "--data", file, "--ahead", "1", "--length", "10", "--lags", "15"});
    const Outcome o = measured(folder, name, more);
    const json s = summary_of(folder / name);
    CHECK(s["tasks"]["series"]["cells"]["gru"]["init"]["norm_at_lag"]["10"].get<double>() > 0);
    return s["tasks"]["series"]["cells"]["gru"]["weights"].get<int>();
  };
  const int one = weights("one", {}), two = weights("two", {"--inputs", "rain"}),
            all = weights("all", {"--inputs", "all"});
  CHECK(two - one == 3 * 4);  // a row of the three input matrices for each further column
  CHECK(all - one == 2 * 3 * 4);
  CHECK_THAT(summary_of(folder / "two")["tasks"]["series"]["data"].get<std::string>(),
             Contains("column total with rain"));
  CHECK(summary_of(folder / "two")["tasks"]["series"]["options"]["inputs"] == "rain");
  const auto rejected = [&](std::vector<std::string> more, const std::string& message) {
    more.insert(more.begin(), {"--tasks", "series"});
    check_rejected(ebb_command(small(folder / "no", more)), message);
  };
  rejected({"--data", file, "--inputs", "rain,rain"}, "--inputs names the column 'rain' twice");
  rejected({"--data", file, "--inputs", "total"}, "which is forecast and is read anyway");
  rejected({"--data", file, "--inputs", "snow"}, "snow");
  rejected({"--inputs", "rain"}, "--inputs does not apply to the task 'series'");
}

TEST_CASE("of several layers the page says which is measured, and another can be chosen") {
  TempFolder folder;
  const std::vector<std::string> two{"--tasks", "adding", "--layers", "2", "--lags", "15"};
  const auto chosen = [&](const std::string& name, const std::string& layer) {
    std::vector<std::string> more = two;
    more.insert(more.end(), {"--layer", layer});
    const Outcome o = measured(folder, name, more, "lstm");
    return std::pair{o.out + read_all(folder / name + "/report.html"), summary_of(folder / name)["tasks"]["adding"]};
  };
  const auto [page, all] = chosen("all", "0");
  const auto [first_page, first] = chosen("first", "1");
  const auto [second_page, second] = chosen("second", "2");
  CHECK_THAT(page, Contains("2 layers (gradients: all 2 layers)") && Contains("the state of all 2 layers"));
  CHECK_THAT(first_page, Contains("2 layers (gradients: layer 1 of 2)") && Contains("the state of layer 1 of 2"));
  CHECK_THAT(second_page, Contains("lstm, layer 2 of 2, initial"));
  const auto norm = [](const json& task) { return task["cells"]["lstm"]["init"]["norm_at_lag"]["10"].get<double>(); };
  const json& fields = all["cells"]["lstm"]["init"]["fields"];
  CHECK(fields["layer 1"]["norm_at_lag"]["10"].get<double>() == Approx(norm(first)));
  CHECK(fields["layer 2"]["norm_at_lag"]["10"].get<double>() == Approx(norm(second)));
  CHECK(norm(first) != Approx(norm(second)));
  CHECK(first["cells"]["lstm"]["init"]["fields"].contains("c"));
  CHECK(first["settings"]["layers"] == 2);
  CHECK(first["settings"]["layer"] == 1);
}

TEST_CASE("several lags are columns of the tables and values of the summary") {
  TempFolder folder;
  const Outcome o = measured(folder, "out", {"--tasks", "adding", "--lags", "30,5,20"});
  CHECK_THAT(o.out, Contains("  1 to 30 ") && Contains("lag 5") && Contains("lag 20") && Contains("lag 30"));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("lag 1 to 5<") && Contains("lag 1 to 20<"));
  const json s = summary_of(folder / "out");
  CHECK(s["options"]["lags"] == json::array({30, 5, 20}));
  CHECK(s["tasks"]["adding"]["settings"]["lags"] == 30);
  for (const char* lag : {"1", "5", "10", "20", "30", "50", "100"})
    CHECK(s["tasks"]["adding"]["cells"]["gru"]["init"]["norm_at_lag"].contains(lag));
}

TEST_CASE("sequences of the data's own lengths determine the lags, and the page says so") {
  TempFolder folder;
  measured(folder, "rows", {"--tasks", "pixels", "--lags", "100"});
  CHECK(summary_of(folder / "rows")["tasks"]["pixels"]["settings"]["lags"] == 27);
  CHECK(summary_of(folder / "rows")["tasks"]["pixels"]["settings"]["length"] == 28);
  measured(folder, "tags", {"--tasks", "tags", "--lags", "100"});
  const std::string page = read_all(folder / "tags/report.html");
  CHECK_THAT(page, Contains("of the recurrence net/sentence/forward") && Contains("its longest sequences"));
}

}  // namespace vanish_tasks_test
