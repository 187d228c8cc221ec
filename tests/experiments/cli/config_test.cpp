#include <ebb/experiments/cli/config.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "run_ebb.hpp"

namespace config_test {

namespace {

struct Some {
  std::string task, text;
  int hidden = 1;
  double lr = .5;
  bool quick = false;
  std::vector<std::string> cells{"rnn"};
  ebb::app::PerTask steps;
  ebb::app::Options options;
  Some() {
    options.add("TASK", task, "").required();
    options.add("--text", text, "");
    options.add("--hidden", hidden, "").at_least(1);
    options.add("--lr", lr, "");
    options.add("--quick", quick, "");
    options.add("--cells", cells, "");
    options.add("--steps", steps, "");
  }
  void apply(const std::string& toml) { ebb::app::apply_config(options, "train", "my.toml", toml); }
};

std::vector<std::string> with_config(const TempFolder& folder, const std::string& toml, std::vector<std::string> more) {
  write_all(folder / "config", toml);
  more.insert(more.begin(), {"train", "--config", folder / "config"});
  return more;
}

}  // namespace

TEST_CASE("a quote that is not closed is named with its line") {
  const auto why = [](const std::string& toml) {
    return test::message_of<ebb::ValueError>([&] { Some().apply(toml); });
  };
  CHECK(why("hidden = 3\ntask = \"adding  # the task\n") ==
        "'my.toml', line 2: a \" is not closed: task = \"adding  # the task");
  CHECK_THAT(why("cells = [\"rnn\",\n 'gru]\n"), Catch::Matchers::Contains("line 2: a ' is not closed"));
  CHECK_THAT(why("text = it's\n"), !Catch::Matchers::Contains("closed"));
}

TEST_CASE("a configuration sets every kind of option") {
  Some s;
  s.apply(
      "# a comment\n"
      "task = \"adding\"   # another\n"
      "hidden=12\n"
      "\n"
      "lr = 1e-3\n"
      "quick = true\n"
      "cells = [\"rnn:activation=relu,bias=0\",   # the first\n"
      "         'lstm']\n"
      "steps = \"adding=5,7\"\n"
      "text = \"a # b, 'c' \u00e4.txt\"\n"
      "[vanish]\n"
      "hidden = 99\n"
      "unknown = 1\n");
  CHECK(s.task == "adding");
  CHECK(s.hidden == 12);
  CHECK(s.lr == 1e-3);
  CHECK(s.quick);
  CHECK(s.cells == std::vector<std::string>{"rnn:activation=relu,bias=0", "lstm"});
  CHECK(s.steps.of("adding", 0) == 5);
  CHECK(s.steps.of("chars", 0) == 7);
  CHECK(s.text == "a # b, 'c' \u00e4.txt");
}

TEST_CASE("a written configuration reads back unchanged") {
  Some s, back;
  s.task = "chars";
  s.text = "C:\\a \"b\" # c";
  s.hidden = 7;
  s.lr = 0.1 + 0.2;
  s.cells = {"gru:update_bias=1,bias=0", "rnn"};
  s.steps.given = {{"adding", 5}, {"", 7}};
  back.apply(ebb::app::config_text("train", s.options));
  CHECK(back.task == s.task);
  CHECK(back.text == s.text);
  CHECK(back.hidden == 7);
  CHECK(back.lr == s.lr);
  CHECK(back.cells == s.cells);
  CHECK(back.steps.given == s.steps.given);
  CHECK(ebb::app::config_text("train", back.options) == ebb::app::config_text("train", s.options));
  s.text = "both ' and \"";
  CHECK_THROWS_WITH(ebb::app::config_text("train", s.options),
                    Catch::Matchers::Contains("--text") && Catch::Matchers::Contains("both kinds of quotes"));
}

TEST_CASE("errors in a configuration name the line") {
  const auto rejected = [](const std::string& toml, const std::string& message) {
    Some s;
    INFO(toml);
    CHECK_THROWS_WITH(s.apply(toml), Catch::Matchers::Contains(message));
  };
  rejected("\nhiden = 3\n", "'my.toml', line 2: unknown option 'hiden'; did you mean 'hidden'?");
  rejected("[train]\nlr = 1\nlayrs = 3\n", "line 3: unknown option 'layrs'");
  rejected("[trian]\nlr = 1\n", "line 2: 'lr' is not in a section of a command: [trian]");
  rejected("quick = true\nhidden\n", "line 2: 'hidden' is not of the form key = value");
  rejected("a=\n", "line 1: 'a=' is not of the form key = value");
  rejected("= 3\n", "line 1: '= 3' is not of the form");
  rejected("hidden =\n", "line 1: --hidden must be a whole number, not ''");
  rejected("lr = x\n", "line 1: --lr must be a number, not 'x'");
  rejected("quick = 1\n", "line 1: quick must be true or false, not '1'");
  rejected("lr = 1\nhidden = 2\nlr = 3\n", "line 3: 'lr' occurs twice");
  rejected("hidden = 3\nhidden = 4\n", "'my.toml', line 2: 'hidden' occurs twice");
  rejected("[train]\n\nhidden = 3\n\"hidden\" = 3\n", "line 4: 'hidden' occurs twice");
  rejected("hidden = 3\n[train]\nhidden = 4\n", "'hidden' occurs twice");
  rejected("lr = 1\nhidden = [3,4]\n", "'my.toml', line 2: 'hidden' takes one value, not several");
  rejected("steps = [3,4]\n", "line 1: 'steps' takes one value");
  rejected("steps = [3]\n", "line 1: 'steps' takes one value");
  rejected("steps = [\n3,\n4]\n", "line 1: 'steps' takes one value");
  rejected("text = [\"a\", \"b\"]\n", "line 1: 'text' takes one value");
  rejected("steps = \"adding=3,adding=4\"\n", "line 1: --steps names the task 'adding' twice: 'adding=3,adding=4'");
  rejected("steps = \"3,4\"\n", "line 1: --steps gives two values for all tasks");
}

TEST_CASE("a byte order mark at the start of a configuration is skipped") {
  TempFolder folder;
  const Outcome o = ebb_command(with_config(
      folder, "\xEF\xBB\xBFtask = \"adding\"\nhidden = 3\nlength = 10\nsteps = 2\n", {"--out", folder / "out"}));
  INFO(o.err);
  CHECK(o.code == 0);
}

TEST_CASE("a configured value that is rejected later names the file") {
  TempFolder folder;
  const auto rejected_by = [&](const std::string& toml, const std::string& message) {
    const Outcome o =
        ebb_command(with_config(folder, "task = \"adding\"\n" + toml, {"--quick", "--out", folder / "out"}));
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Catch::Matchers::Contains(message) && Catch::Matchers::Contains(folder / "config"));
  };
  rejected_by("cell = \"lstn\"\n", "did you mean 'lstm'?");
  rejected_by("hidden = 0\n", "--hidden must be");
  rejected_by("schedule = \"cosin\"\n", "did you mean 'cosine'?");
  rejected_by("lr = 1e400\n", "--lr is out of range");
  rejected_by("lr = 1e-400\n", "--lr must be above 0");
}

TEST_CASE("sections of a configuration may share keys") {
  Some s;
  s.apply("hidden = 3\n[vanish]\nlr = [1]\n[train]\nlr = .25\n");
  CHECK(s.hidden == 3);
  CHECK_THROWS_WITH(s.apply("[vanish]\nsteps = 3\n[train]\nsteps = x\n"),
                    Catch::Matchers::Contains("line 4: --steps must be a number"));
  CHECK(s.lr == .25);
}

TEST_CASE("the command line overrides the configuration, and an option missing in both is an error") {
  TempFolder folder;
  const Outcome o =
      ebb_command(with_config(folder, "task = \"adding\"\ncell = \"gru\"\nhidden = 5\nlength = 10\nsteps = 9\n",
                              {"--hidden", "4", "--out", folder / "out"}));
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto options = summary_of(folder / "out")["options"];
  CHECK(options["hidden"] == 4);
  CHECK(options["steps"] == 9);
  CHECK(options["cell"] == "gru");

  const Outcome missing = ebb_command(with_config(folder, "hidden = 5\n", {}));
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, Catch::Matchers::Contains("TASK is required"));
  const Outcome limit = ebb_command(with_config(folder, "layers = 0\n", {"adding"}));
  CHECK(limit.code == 2);
  CHECK_THAT(limit.err, Catch::Matchers::Contains("--layers must be at least 1, not 0"));
  const Outcome absent = ebb_command({"train", "adding", "--config", folder / "absent.toml"});
  CHECK(absent.code == 2);
  CHECK_THAT(absent.err, Catch::Matchers::Contains("absent.toml: cannot be read: No such file"));
}

TEST_CASE("a run's stored configuration reproduces the run") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "adding", "--quick", "--cell", "gru", "--steps", "12", "--lr", "0.0123", "--seed", "7",
                       "--optimizer", "nadam", "--out", folder / "first"})
              .code == 0);
  const Outcome o = ebb_command({"train", "--config", folder / "first/config.toml", "--out", folder / "second"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK(read_all(folder / "first/weights.safetensors") == read_all(folder / "second/weights.safetensors"));
  CHECK(read_all(folder / "first/config.toml") == read_all(folder / "second/config.toml"));
  CHECK_THAT(read_all(folder / "first/config.toml"),
             Catch::Matchers::Contains("hidden = 16\n"));  // the size that --quick chose
}

TEST_CASE("a configuration whose task this program lacks is rejected for that reason, wherever its line is") {
  const TempFolder folder;
  const std::string file = folder / "config";
  for (const auto& [words, key] :
       std::vector<std::pair<std::vector<std::string>, std::string>>{{{"train"}, "task = \"mem\""},
                                                                     {{"vanish"}, "tasks = [\"adding\", \"mem\"]"},
                                                                     {{"compare"}, "task = \"mem\""},
                                                                     {{"clip"}, "task = \"mem\""},
                                                                     {{"dropout"}, "task = \"mem\""}})
    for (const std::string& text : {key + "\nlast = 3\n", "last = 3\n" + key + "\n", key + "\n"}) {
      write_all(file, text);
      std::vector<std::string> call = words;
      call.insert(call.end(), {"--config", file, "--out", folder / "out"});
      const Outcome o = ebb_command(call);
      INFO(words[0] << ": " << text << o.err);
      CHECK(o.code == 2);
      CHECK_THAT(o.err, Catch::Matchers::Contains(text.starts_with("last") ? "line 2: " : "line 1: "));
      CHECK_THAT(o.err, Catch::Matchers::Contains("this program has no task 'mem': use the program that was built"));
    }
  write_all(file, "task = \"addign\"\n");
  CHECK_THAT(ebb_command({"train", "--config", file}).err, Catch::Matchers::Contains("did you mean 'adding'?"));
  write_all(file, "task = \"mem\"\nlast = 3\n");  // the command line takes precedence
  CHECK_THAT(ebb_command({"train", "adding", "--config", file}).err,
             Catch::Matchers::Contains("line 2: unknown option 'last'"));
}

}  // namespace config_test
