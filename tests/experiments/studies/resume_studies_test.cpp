#include <ebb/experiments/cli/parts.hpp>
#include <regex>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace resume_studies_test {

namespace {

using Catch::Matchers::Contains;
using nlohmann::json;

json without_clocks(json x) {
  if (x.is_object()) {
    static const std::regex clock("seconds|started|speed|kept|writer");
    for (auto at = x.begin(); at != x.end();) {
      if (std::regex_search(at.key(), clock)) at = x.erase(at);
      else {
        *at = without_clocks(*at);
        ++at;
      }
    }
  }
  if (x.is_array())
    for (json& item : x) item = without_clocks(item);
  return x;
}

/// The parts in a folder, by the names that they have in their files.
std::map<std::string, std::string> parts_of(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(folder + "/parts"))
    if (file.path().filename() != "job.json")
      files[json::parse(read_all(file.path()))["part"].get<std::string>()] = file.path().string();
  return files;
}

struct Study {
  std::vector<std::string> words;
  std::string part;  // one of its parts
};

}  // namespace

TEST_CASE("every study computes only the parts that are missing, and ends with the same bits") {
  const auto [words, part] = GENERATE(
      Study{{"clip", "--thresholds", "0,1", "--values", ".01", "--steps", "30"}, "norm 1, seed 2"},
      Study{{"dropout", "--ways", "none,variational", "--steps", "40", "--hidden", "8"}, "variational, seed 1"},
      Study{{"forcing", "--ways", "forcing,free", "--steps", "10"}, "free, seed 2"},
      Study{{"tbptt", "--windows", "5,10", "--characters", "3200"}, "echo, window 10, seed 1"},
      Study{{"online", "--gradient", "rtrl,tbptt:3", "--steps", "60"}, "henon, tbptt:3, seed 2"},
      Study{{"compare", "--cells", "rnn,gru:update_bias=1", "--lengths", "8,16", "--steps", "40"},
            "gru:update_bias=1, seed 2"});
  CAPTURE(words[0]);
  TempFolder f;
  std::vector<std::string> all = words;
  all.insert(all.end(), {"--quick", "--seeds", "2", "--threads", "2", "--out", f / "run"});
  const Outcome first = ebb_command(all);
  INFO(first.err);
  REQUIRE(first.code == 0);
  const json whole = summary_of(f / "run");
  const auto parts = parts_of(f / "run");
  REQUIRE(parts.count(part) == 1);
  std::filesystem::remove(parts.at(part));
  const auto others = [&] {
    std::map<std::string, std::filesystem::file_time_type> times;
    for (const auto& [name, path] : parts)
      if (name != part) times[name] = std::filesystem::last_write_time(path);
    return times;
  };
  const auto before = others();
  const Outcome again = ebb_command({words[0], "--resume", f / "run"});
  INFO(again.err);
  REQUIRE(again.code == 0);
  CHECK(std::filesystem::exists(parts.at(part)));
  CHECK(others() == before);
  CHECK(without_clocks(summary_of(f / "run")) == without_clocks(whole));
}

TEST_CASE("a study is resumed only with the text that it has read") {
  TempFolder f;
  std::string text;
  for (int k = 0; k < 4000; ++k) text += "abcdefgh \n"[k * k % 10];
  f.file("a.txt", text);
  REQUIRE(ebb_command({"clip", "--quick", "--thresholds", "1", "--values", "none", "--steps", "5", "--seeds", "1",
                       "--text", f / "a.txt", "--out", f / "run"})
              .code == 0);
  std::swap(text[100], text[102]);
  f.file("a.txt", text);
  const Outcome o = ebb_command({"clip", "--resume", f / "run"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("cannot be resumed: its text's CRC-32C is "));
}

TEST_CASE("ebb observe does not resume with weights that have changed") {
  TempFolder f;
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "5", "--hidden", "4", "--out", f / "run"}).code == 0);
  REQUIRE(
      ebb_command({"observe", f / "run", "--quick", "--measure", "norms", "--lags", "10", "--out", f / "seen"}).code ==
      0);
  CHECK(ebb_command({"observe", "--resume", f / "seen"}).code == 0);
  REQUIRE(ebb_command({"train", "--resume", f / "run", "--steps", "6"}).code == 0);
  const Outcome o = ebb_command({"observe", "--resume", f / "seen"});
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains("cannot be resumed: its CRC-32C of "));
}

}  // namespace resume_studies_test
