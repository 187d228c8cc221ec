#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ebb/nn/files/safetensors.hpp>

#include "catch.hpp"
#include "sanitized.hpp"
#include "train_quick.hpp"

namespace bad_input_test {

namespace {

// Exit code 2, one line on stderr that says `message`, nothing on stdout, and nothing left behind.
void rejected(std::vector<std::string> words, const std::string& message) {
  TempFolder folder;
  const std::string out = folder / "out";
  const std::string command = words.empty() ? "" : words[0];
  if (command == "vanish" || command == "train") words.insert(words.end(), {"--out", out, "--quick"});
  const Outcome o = ebb_command(words);
  std::string call;
  for (const std::string& w : words) call += w + " ";
  INFO(call << "\n" << o.err);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Catch::Matchers::Contains(message));
  CHECK(o.err.substr(0, 3) == "ebb");
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK(o.out.empty());
  CHECK(folder.empty());
}

}  // namespace

TEST_CASE("an unknown word is rejected with the closest match") {
  rejected({"vanish", "--cells", "rnn,lstn"}, "ebb vanish: unknown cell 'lstn'; did you mean 'lstm'?");
  rejected({"vanish", "--tasks", "addign"}, "ebb vanish: unknown task 'addign'; did you mean 'adding'?");
  rejected({"vanish", "--cells", "rnn,lstm,rnn"}, "ebb vanish: --cells names 'rnn' twice");
  rejected({"vanish", "--tasks", "adding,adding"}, "ebb vanish: --tasks names 'adding' twice");
  rejected({"train", "char"}, "unknown task 'char'; did you mean 'chars'?");
  rejected({"train", "adding", "--cell", "gur"}, "unknown cell 'gur'; did you mean 'gru'?");
  rejected({"train", "adding", "--optimizer", "adma"}, "there is no optimiser 'adma'; did you mean 'adam'?");
  rejected({"train", "adding", "--schedule", "cosin"}, "there is no schedule 'cosin'; did you mean 'cosine'?");
  rejected({"train", "adding", "--dropout", "1"}, "--dropout must be below 1");
  rejected({"train", "adding", "--layers", "0"}, "--layers must be at least 1");
  rejected({"check", "mug"}, "unknown cell 'mug'; did you mean 'mgu'?");
  rejected({"vanish", "--cell", "rnn"}, "unknown option '--cell'; did you mean '--cells'?");
  rejected({"evaluate", "--checkpoint-every", "9"},
           "unknown option '--checkpoint-every'; `ebb sweep`, `ebb train` have it, see ebb evaluate --help");
  rejected({"check", "--lr", "9"}, "unknown option '--lr'; `ebb clip`, `ebb compare` and others have it");
  rejected({"vanisch"}, "unknown command 'vanisch'; did you mean 'vanish'?");
  rejected({"--versoin"}, "unknown option '--versoin'");
  rejected({"vanish", "--cells", "rnn:recurent=orthogonal"}, "recurent");
  rejected({"vanish", "--cells", "rnn:recurrent=orthogonl"}, "orthogonl");
  rejected({"vanish", "--hidden", "addin=3"}, "unknown task 'addin'; did you mean 'adding'?");
  rejected({"vanish", "--tasks", "adding", "--hidden", "chars=3"},
           "ebb vanish: --hidden names the task 'chars', but the task of this run is 'adding'\n");
  rejected({"vanish", "--tasks", "adding,series", "--lr", "chars=.1"},
           "--lr names the task 'chars', but the tasks of this run are 'adding', 'series'\n");
  rejected({"train", "adding", "--hidden", "chars=5"},
           "ebb train: --hidden names the task 'chars', but the task of this run is 'adding'\n");
  rejected({"train", "adding", "--output-dropout", "chars=.5"}, "--output-dropout names the task 'chars', but");
}

TEST_CASE("an option without its value, or given twice, is rejected by its name") {
  check_rejected(ebb_command({"train", "adding", "--hidden"}), "--hidden needs a value: --hidden [TASK=]X,...\n");
  check_rejected(ebb_command({"train", "adding", "--cell"}), "--cell needs a value: --cell NAME\n");
  rejected({"train", "adding", "--seed", "1", "--seed", "2"}, "ebb train: --seed is given more than once\n");
}

TEST_CASE("a number out of range is rejected with the limit") {
  rejected({"vanish", "--hidden", "0"}, "--hidden must be a whole number from 1 to 1,000,000, not 0");
  rejected({"vanish", "--hidden", "2.5"}, "--hidden must be a whole number from 1 to 1,000,000");
  rejected({"vanish", "--hidden", "-3"}, "--hidden");
  rejected({"vanish", "--lr", "-0.1"}, "--lr must be above 0, not -0.1");
  rejected({"train", "adding", "--lr", "0"}, "--lr must be above 0");
  rejected({"vanish", "--lr", "nan"}, "--lr must be a finite number");
  rejected({"vanish", "--lr", "adding=nan"}, "--lr must be a finite number");
  rejected({"train", "adding", "--clip", "inf"}, "--clip must be a finite number");
  rejected({"train", "adding", "--clip", "-1"}, "--clip must be at least 0");
  rejected({"vanish", "--seeds", "0"}, "--seeds must be at least 1, not 0");
  rejected({"vanish", "--seeds", "2x"}, "--seeds must be a whole number, not '2x'");
  rejected({"vanish", "--seeds", "99999999999999999999"}, "--seeds is out of range");
  rejected({"vanish", "--seed", "-1"}, "--seed must be a whole number of 0 or more");
  rejected({"vanish", "--threads", "0"}, "--threads must be at least 1");
  rejected({"vanish", "--hidden", "adding=3,adding=4"}, "--hidden names the task 'adding' twice");
  rejected({"vanish", "--lags", "0"}, "--lags: 0 is not from 1 to 100000");
  rejected({"vanish", "--lags", "20,5,20"}, "--lags names '20' twice");
  rejected({"vanish", "--every", "-1"}, "--every must be at least 0");
  rejected({"vanish", "--layers", "2", "--layer", "3"}, "--layer 3: the network of 'adding' has 2 layers (--layers)");
  rejected({"vanish", "--rows", "0"}, "--rows must be at least 1");
  rejected({"vanish", "--batch", "0"}, "--batch must be a whole number from 1 to 1,000,000");
  rejected({"vanish", "--steps", "-1"}, "--steps must be a whole number from 0 to 1,000,000");
  rejected({"train", "adding", "--length", "1"}, "adding: --length must be at least 2");
  rejected({"check", "mgu", "--order", "3"}, "--order must be at most 2");
  rejected({"check", "mgu", "--hidden", "0"}, "--hidden must be at least 1");
}

TEST_CASE("an incomplete or contradictory command line is rejected") {
  rejected({}, "a command is missing");
  rejected({"vanish", "--cells"}, "--cells");
  rejected({"vanish", "--cells", ""}, "--cells");
  rejected({"vanish", "--cells", "rnn,,gru"}, "--cells has an empty entry");
  rejected({"vanish", "--full"}, "--quick and --full are mutually exclusive");
  rejected({"vanish", "stray"}, "unexpected argument 'stray'");
  rejected({"vanish", "adding"}, "unexpected argument 'adding'; did you mean --tasks adding?");
  rejected({"train", "adding", "gru"}, "unexpected argument 'gru'; did you mean --cell gru?");
  rejected({"clip", "lstm:forget_bias=1"}, "did you mean --cell lstm:forget_bias=1?");
  rejected({"train"}, "TASK");
  rejected({"train", "adding", "chars"}, "unexpected argument 'chars'");
  rejected({"new", "sell", "x"}, "unknown KIND 'sell'; did you mean 'cell'?");
}

TEST_CASE("a text that is missing, empty, unreadable or too short is rejected") {
  TempFolder texts;
  write_all(texts / "empty.txt", "");
  write_all(texts / "short.txt", "To be, or not to be");
  REQUIRE(mkfifo((texts / "pipe").c_str(), 0600) == 0);  // nobody writes into it: opening it would wait
  for (const char* command : {"vanish", "train"}) {
    std::vector<std::string> words{command};
    if (words[0] == "train") words.push_back("chars");
    words.push_back("--text");
    const auto with = [&](const std::string& file) {
      auto w = words;
      w.push_back(file);
      return w;
    };
    rejected(with(texts / "missing.txt"), "No such file");
    rejected(with(texts / "empty.txt"), "is empty");
    rejected(with(texts.path()), "is a folder, not a file");
    rejected(with(texts / "short.txt"), "too short");
    rejected(with("/dev/zero"), "/dev/zero: is a device, not a file");
    rejected(with(texts / "pipe"), "pipe: is a pipe, but a regular file is required");
    rejected(with(""), "--text must not be empty");
    if (geteuid() != 0) {
      write_all(texts / "locked.txt", "secret");
      chmod((texts / "locked.txt").c_str(), 0);
      rejected(with(texts / "locked.txt"), "Permission denied");
    }
  }
  // long enough to train on, but not for the longest lag
  write_all(texts / "middle.txt", std::string(1200, 'a') + std::string(1200, 'b'));
  rejected({"vanish", "--text", texts / "middle.txt", "--lags", "500"}, "too short");
}

TEST_CASE("a line break or an escape in a path is escaped, so that a message stays one line") {
  TempFolder folder;
  const std::string name = "a\nb\x1b[31m", shown = "a\\nb\\x1b[31m", missing = folder / name,
                    made = folder / ("made" + name);
  write_all(folder / ("file" + name), "x");
  const std::string file = folder / ("file" + name);
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"train", "chars", "--text", missing},
                                             {"train", "series", "--data", missing},
                                             {"train", "adding", "--config", missing},
                                             {"train", "adding", "--config", file},
                                             {"train", "--resume", missing},
                                             {"train", "--resume", file},
                                             {"train", "--resume", missing, "--out", folder / "other"},
                                             {"train", "adding", "--quick", "--out", file},
                                             {"train", "sentiment", "--quick", "--embedding", missing},
                                             {"train", missing},
                                             {"evaluate", "--weights", missing},
                                             {"evaluate", "--weights", file},
                                             {"generate", "--weights", file},
                                             {"new", "cell", "fine", "--dir", file},
                                             {"vanish", "--" + name},
                                             {missing}}) {
    const Outcome o = ebb_command(words);
    INFO(words.front() << ": " << o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Catch::Matchers::Contains(shown));
    CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  }
  const Outcome o = ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", made});
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("in " + folder.path() + "/made" + shown + ": ") &&
                        !Catch::Matchers::Contains(name));
  CHECK_THAT(ebb_command({"new", "cell", "fine", "--dir", made}).out,
             Catch::Matchers::Contains("made" + shown) && !Catch::Matchers::Contains(name));
}

TEST_CASE("a name that is not UTF-8 is rejected before any work, since it cannot be stored with the weights") {
  TempFolder folder;
  const std::string latin = folder / "caf\xe9", text(2000, 'a');
  std::filesystem::create_directory(latin);
  write_all(latin + "/text", text + std::string(2000, 'b'));
  write_all(latin + "/series.csv", "a,b\n1,2\n");
  std::string rows = "temp\xe9rature\n";
  for (int k = 0; k < 400; ++k) rows += std::to_string(k % 7) + "\n";
  write_all(folder / "latin.csv", rows);
  rejected({"train", "chars", "--text", latin + "/text"}, "is not UTF-8, so it cannot be");
  rejected({"train", "series", "--data", latin + "/series.csv", "--column", "b"}, "");
  rejected({"train", "series", "--data", folder / "latin.csv"}, "the name of column 1 is not UTF-8");
  rejected({"train", "series", "--data", folder / "latin.csv", "--column", "temp\xe9rature"}, "is not UTF-8");
  rejected({"vanish", "--text", latin + "/text"}, "--text is not UTF-8, so it cannot be recorded");
  for (std::vector<std::string> words :
       {std::vector<std::string>{"train", "adding"}, {"vanish"}, {"profile", "adding"}, {"observe", "--cell", "rnn"}}) {
    words.insert(words.end(), {"--quick", "--out", latin + "/out"});
    const Outcome o = ebb_command(words);
    INFO(o.err);
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Catch::Matchers::Contains("--out is not UTF-8, so it cannot be recorded with the run"));
  }
  CHECK_FALSE(std::filesystem::exists(latin + "/out"));
}

TEST_CASE("a text in UTF-16 is rejected by name, and a UTF-8 byte order mark is skipped") {
  TempFolder folder;
  std::string wide = "\xff\xfe", plain;
  for (int k = 0; k < 3000; ++k) plain += "ab\n"[k % 3];
  for (const char c : plain) wide += {c, '\0'};
  write_all(folder / "wide", wide);
  rejected({"train", "chars", "--text", folder / "wide"}, "wide: is UTF-16; save it as UTF-8");
  write_all(folder / "marked", "\xef\xbb\xbf" + plain);
  const Outcome o =
      ebb_command({"train", "chars", "--quick", "--steps", "2", "--text", folder / "marked", "--out", folder / "out"});
  INFO(o.err);
  CHECK(o.code == 0);
  CHECK(ebb::read_safetensors_metadata(folder / "out/weights.safetensors").at("symbols") == "\nab");
}

TEST_CASE("control characters of a file or an argument are escaped in messages") {
  using namespace std::string_literals;
  TempFolder folder;
  write_all(folder / "odd.csv", "a\n1\nx\x1b[31m\0y\n"s);
  rejected({"train", "series", "--data", folder / "odd.csv"}, "line 3, column 'a': 'x\\x1b[31m\\x00y' is not a number");
  rejected({"train", "series", "--data", "no\x1b[2Jsuch"}, "no\\x1b[2Jsuch");
  rejected({"train", "add\x1b[2Jing"}, "unknown task 'add\\x1b[2Jing'");
  rejected({"tra\ain"}, "unknown command 'tra\\x07in'");
}

TEST_CASE("errors in a series name its file") {
  TempFolder folder;
  write_all(
      folder / "flat.csv", "a\n" + [] {
        std::string s;
        for (int k = 0; k < 400; ++k) s += "3\n";
        return s;
      }());
  write_all(folder / "one.csv", "a,b\n1,2\n");
  write_all(folder / "large.csv", "a\n1\n1e309\n");
  rejected({"train", "series", "--data", folder / "flat.csv"},
           "flat.csv', column a: there are no training values, or they are all equal");
  rejected({"train", "series", "--data", folder / "one.csv"}, "one.csv', column b: ");
  rejected({"train", "series", "--data", folder / "large.csv"}, "large.csv: line 3, column 'a': ");
}

TEST_CASE("data that are no regular file are named as what they are, with what the task expects") {
  TempFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);  // nobody writes into it: opening it would wait
  write_all(folder / "file", "x");
  const std::string pipe = folder / "pipe", long_name(300, 'n');
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::string substituted = "/dev/fd/" + std::to_string(ends[0]);  // as the shell passes <(command)
  for (const auto& [task, expected] :
       {std::pair{"series", "; series expects mackey-glass"}, std::pair{"music", "; music expects chorales"}}) {
    const auto data = [&](const std::string& path, const std::string& why) {
      rejected({"train", task, "--data", path}, path + ": " + why);
      rejected({"train", task, "--data", path}, expected);
    };
    data(pipe, "is a pipe, but a regular file is required");
    data(substituted, "is a pipe, but a regular file is required");
    data(long_name, "cannot be read: File name too long");
    data(folder / "none", "cannot be read: No such file or directory");
    data(folder.path(), "is a folder, not a file");
    data("/dev/zero", "is a device, not a file");
  }
  close(ends[0]);
  close(ends[1]);
  for (const char* task : {"translate", "tags", "sentiment", "speech", "pixels", "images", "caption"}) {
    const auto data = [&](const std::string& path, const std::string& why) {
      rejected({"train", task, "--data", path}, "'" + path + "': " + why + "; the task " + task + " needs ");
    };
    data(pipe, "is not a folder");
    data(folder / "file", "is not a folder");
    data(long_name, "File name too long");
    data(folder / "none", "No such file or directory");
  }
}

TEST_CASE("a folder that cannot be written is rejected before any work") {
  TempFolder folder;
  write_all(folder / "file", "x");
  std::filesystem::create_directory(folder / "full");
  write_all(folder / "full/mine.txt", "keep me");
  const auto at = [&](const std::string& path) { return ebb_command({"train", "adding", "--quick", "--out", path}); };
  CHECK(at(folder / "file").code == 2);
  CHECK(at(folder / "file/below").code == 2);
  CHECK(at("/proc/ebb").code == 2);
  const Outcome full = at(folder / "full");
  CHECK(full.code == 2);
  CHECK_THAT(full.err, Catch::Matchers::Contains("is not empty; use --force"));
  CHECK(read_all(folder / "full/mine.txt") == "keep me");
  if (geteuid() != 0) {
    std::filesystem::create_directory(folder / "locked");
    chmod((folder / "locked").c_str(), 0500);
    CHECK(at(folder / "locked/out").code == 2);
  }
  CHECK(ebb_command({"train", "adding", "--quick", "--steps", "3", "--force", "--out", folder / "full"}).code == 0);
  CHECK(read_all(folder / "full/mine.txt") == "keep me");
  CHECK(folder.has("full/summary.json"));
}

TEST_CASE("sizes that exceed memory are rejected without a crash") {
  if (sanitized) return;
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  const rlimit tight{rlim_t{8} << 30, before.rlim_max};
  setrlimit(RLIMIT_AS, &tight);
  rejected({"vanish", "--tasks", "adding", "--hidden", "1000000"}, "not enough memory");
  setrlimit(RLIMIT_AS, &before);
}

}  // namespace bad_input_test
