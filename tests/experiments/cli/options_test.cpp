#include <ebb/experiments/cli/options.hpp>
#include <ebb/experiments/cli/outcome.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "catch.hpp"
#include "run_ebb.hpp"
#include "train_quick.hpp"

namespace options_test {

using Catch::Matchers::Contains;

TEST_CASE("an option is parsed as intended, or rejected") {
  TempFolder folder;
  const auto train = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"train", "adding", "--steps", "2", "--out", folder / "out"});
    return ebb_command(more);
  };
  check_rejected(train({"--quick", "--hidden==5"}), "--hidden must be X or NAME=X,..., not '=5'");
  check_rejected(train({"--quick", "--hidden", "==5"}), "--hidden must be X or NAME=X,..., not '==5'");
  check_rejected(train({"--quick", "--lr", "=.1"}), "--lr must be X or NAME=X,..., not '=.1'");
  check_rejected(train({"--quick=no"}), "--quick must be true or false, not 'no'");
  check_rejected(train({"--quick", "--force=7"}), "--force must be true or false, not '7'");
  check_rejected(train({"--quick", "--full=off"}), "--full must be true or false, not 'off'");
  CHECK(train({"--quick=true", "--full=false"}).code == 0);
  CHECK(summary_of(folder / "out")["quick"] == true);
  check_rejected(ebb_command({"compare", "--quick", "--target", "nosuch=5", "--out", folder / "compare"}),
                 "--target must be a number, not 'nosuch=5'");
  check_rejected(ebb_command({"compare", "--quick", "--rates", "=.1", "--out", folder / "compare"}),
                 "--rates must be X or NAME=X,...");
}

TEST_CASE("trained weights reject options that their task does not have", "[slow]") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "chars", "--quick", "--steps", "2", "--out", folder / "text"}).code == 0);
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", folder / "adding"}).code == 0);
  const std::string text = folder / "text/weights.safetensors", adding = folder / "adding/weights.safetensors";
  check_rejected(ebb_command({"generate", "--weights", text, "--length", "nosuch=5"}),
                 "--length must be a whole number, not 'nosuch=5'");
  check_rejected(ebb_command({"generate", "--weights", text, "--length", "-1"}), "--length must be at least 0");
  check_rejected(ebb_command({"evaluate", "--weights", text, "--data", "/nonexistent"}),
                 "--data does not apply to the task 'chars'");
  check_rejected(ebb_command({"evaluate", "--weights", adding, "--data", "/nonexistent"}),
                 "--data does not apply to the task 'adding'");
  check_rejected(ebb_command({"evaluate", "--weights", adding, "--text", EBB_SOURCE_DIR "/README.md"}),
                 "--text does not apply to the task 'adding'");
}

TEST_CASE("a library's exception is reported as the user's error where it is one") {
  TempFolder folder;
  const auto said = [&](int code, const std::function<int()>& body) {
    std::string line;
    {
      const Redirected err(STDERR_FILENO, folder / "err");
      CHECK(ebb::app::outcome_of("ebb x", body) == code);
    }
    line = read_all(folder / "err");
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(line.rfind("ebb x: ", 0) == 0);
    return line;
  };
  CHECK_THAT(said(2, [&]() -> int { return std::filesystem::file_size(folder / "none") > 0; }),
             Contains("none': No such file or directory"));
  CHECK_THAT(said(2, []() -> int { return nlohmann::json::parse("{")["x"]; }), Contains("JSON"));
  CHECK_THAT(said(2, []() -> int { return nlohmann::json("\xff").dump().size() > 0; }), Contains("JSON"));
  CHECK_THAT(said(2, []() -> int { throw std::bad_alloc(); }), Contains("not enough memory"));
  CHECK_THAT(
      said(2,
           []() -> int { return static_cast<int>(std::vector<double>(std::vector<double>().max_size() + 1).size()); }),
      Contains("not enough memory"));
  CHECK_THAT(said(2, []() -> int { throw ebb::ValueError("two\nlines"); }), Contains("x: two\\nlines\n"));
  CHECK_THAT(said(1, []() -> int { throw std::logic_error("a slip"); }), Contains("internal error: a slip"));
  CHECK_THAT(said(1, []() -> int { throw 7; }), Contains("internal error"));
}

TEST_CASE("an error in a value from an options file names the file") {
  TempFolder folder;
  const std::string run = folder / "run", config = run + "/config.toml";
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", run}).code == 0);
  const std::string whole = read_all(config);
  const auto damaged = [&](const std::string& from, const std::string& to) {
    std::string text = whole;
    text.replace(text.find(from), from.size(), to);
    write_all(config, text);
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"train", "--resume", run}, {"train", "--config", config, "--out", folder / "new"}}) {
      const Outcome o = ebb_command(words);
      INFO(to << ": " << o.err);
      CHECK(o.code == 2);
      CHECK_THAT(o.err, Contains("config.toml'"));
      CHECK(!folder.has("new"));
    }
  };
  damaged("cell = \"lstm\"", "cell = \"lstn\"");
  damaged("task = \"adding\"", "");
  damaged("task = \"adding\"", "task = \"charts\"");
  damaged("hidden = ", "hidden = -");
  damaged("hidden = ", "hidden = 0.");
  damaged("optimizer = \"adam\"", "optimizer = \"adma\"");
  damaged("seeds = 1", "seeds = 0");
  damaged("seeds = 1", "seeds = \"");
  damaged("seeds = 1", "seeds = [1,");
  damaged("length = ", "length = 999999");
}

TEST_CASE("an invalid or repeated option name is an error that names who declared it") {
  ebb::app::Options o;
  int x = 0;
  std::string text;
  const auto names_of = [&] { o.check_names("`ebb depth` (depth.cpp)"); };
  o.add("NAME", text, "a place");
  o.add("--rows", x, "rows");
  CHECK_NOTHROW(names_of());
  SECTION("by the command") {
    o.add("--rows", x, "again");
    CHECK_THROWS_WITH(names_of(), Contains("`ebb depth` (depth.cpp) declares the option --rows twice"));
  }
  SECTION("by a task, before the command's own or after") {
    const bool before = GENERATE(true, false);
    if (!before) o.add("--seed", x, "seed");
    o.add("--seed", text, "of the task").declared_by("the task 'echo' (echo.cpp)");
    if (before) o.add("--seed", x, "seed");
    CHECK_THROWS_WITH(names_of(), Contains("the task 'echo' (echo.cpp) declares the option --seed, but `ebb depth` "
                                           "(depth.cpp) already declares it: choose another name"));
  }
  SECTION("or one that every command has") {
    const char* name = GENERATE("--config", "--help");
    o.add(name, text, "of the task").declared_by("the task 'echo' (echo.cpp)");
    CHECK_THROWS_WITH(names_of(), Contains("the task 'echo' (echo.cpp) declares the option --"));
  }
  SECTION("with a space, a capital letter, a dash too many or none") {
    const char* name = GENERATE("--my lag", "--Lag", "---lag", "--", "-l", "--l=3");
    o.add(name, text, "of the task").declared_by("the task 'echo' (echo.cpp)");
    CHECK_THROWS_WITH(names_of(),
                      Contains("the task 'echo' (echo.cpp) declares the option '") &&
                          Contains("': a name consists of lower-case letters, digits, dashes and underscores"));
  }
}

TEST_CASE("an option with a fixed set of words rejects others and suggests the closest") {
  ebb::app::Options o;
  std::string split = "test";
  std::vector<std::string> ways{"none"};
  o.add("--split", split, "of the data").one_of({"valid", "test"});
  o.add("--ways", ways, "to compare").one_of({"none", "naive"});
  CHECK_NOTHROW(o.settle(ebb::app::Size::standard));
  split = "train";
  CHECK_THROWS_WITH(o.settle(ebb::app::Size::standard), "unknown --split 'train'; there are valid, test");
  split = "valid", ways = {"none", "naiv"};
  CHECK_THROWS_WITH(o.settle(ebb::app::Size::standard), "unknown --ways 'naiv'; did you mean 'naive'?");
}

}  // namespace options_test
