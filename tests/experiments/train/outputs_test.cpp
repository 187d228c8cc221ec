#include <cmath>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace outputs_test {

namespace {

std::vector<std::vector<std::string>> rows_of(const std::string& path) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row{""};
  bool quoted = false;
  for (const char c : read_all(path)) {
    if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) row.emplace_back();
    else if (c == '\n' && !quoted) {
      rows.push_back(std::move(row));
      row = {""};
    } else row.back() += c;
  }
  return rows;
}

nlohmann::json run_of(const std::string& folder, const std::vector<std::string>& more) {
  std::vector<std::string> words{"train"};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--quick", "--out", folder});
  const Outcome o = ebb_command(words);
  INFO(o.err);
  REQUIRE(o.code == 0);
  return summary_of(folder)["runs"]["1"];
}

}  // namespace

TEST_CASE("train series writes every forecast of the test split, from which the measure follows") {
  TempFolder f;
  const auto run = run_of(f / "run", {"series", "--steps", "40", "--hidden", "8"});
  const auto rows = rows_of(f / "run/forecasts.csv");
  REQUIRE(rows.size() > 100);
  CHECK(rows[0] == std::vector<std::string>{"series", "step", "value", "forecast"});
  double n = 0, sum = 0, squares = 0, errors = 0;
  for (std::size_t k = 1; k < rows.size(); ++k) {
    const double value = std::stod(rows[k].at(2)), error = std::stod(rows[k].at(3)) - value;
    n += 1;
    sum += value;
    squares += value * value;
    errors += error * error;
    if (k > 1 && rows[k][0] == rows[k - 1][0]) CHECK(std::stoi(rows[k][1]) == std::stoi(rows[k - 1][1]) + 1);
  }
  const double variance = squares / n - sum / n * sum / n;
  CHECK(100 * std::sqrt(errors / n / variance) ==
        Approx(run["measures"]["NRMSE"]["value"].get<double>()).epsilon(1e-4));
}

TEST_CASE("train caption writes the captions of the test split beside the references") {
  TempFolder f;
  const auto run = run_of(f / "run", {"caption", "--steps", "20"});
  const auto rows = rows_of(f / "run/captions.csv");
  REQUIRE(rows.size() > 10);
  CHECK(rows[0] == std::vector<std::string>{"scene", "caption", "reference", "exact"});
  double exact = 0;
  for (std::size_t k = 1; k < rows.size(); ++k) {
    CHECK(rows[k].at(0) == std::to_string(k));
    CHECK((rows[k].at(3) == "1") == (rows[k].at(1) == rows[k].at(2)));
    exact += rows[k].at(3) == "1";
  }
  CHECK(100 * exact / double(rows.size() - 1) ==
        Approx(run["measures"]["exact captions"]["value"].get<double>()).margin(1e-9));
}

TEST_CASE("train translate writes the translations of the test split beside the references, for each seed") {
  TempFolder f;
  const auto run = run_of(f / "run", {"translate", "--steps", "20", "--seeds", "2"});
  const auto rows = rows_of(f / "run/translations-1.csv");
  REQUIRE(rows.size() > 10);
  REQUIRE(rows[0].size() >= 4);
  CHECK((rows[0][0] == "line" && rows[0][1] == "source" && rows[0][2] == "reference" && rows[0][3] == "greedy"));
  double exact = 0;
  for (std::size_t k = 1; k < rows.size(); ++k) {
    REQUIRE(rows[k].size() == rows[0].size());
    CHECK(rows[k][0] == std::to_string(k));
    exact += rows[k][2] == rows[k][3];
  }
  if (run["measures"].contains("exact"))
    CHECK(100 * exact / double(rows.size() - 1) ==
          Approx(run["measures"]["exact"]["value"].get<double>()).margin(1e-9));
  CHECK(std::filesystem::exists(f / "run/translations-2.csv"));
}

}  // namespace outputs_test
