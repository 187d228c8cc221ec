#include <sys/resource.h>
#include <sys/stat.h>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace {

// Exit code 2, one line on stderr that says `message`, nothing on stdout, and nothing left behind.
void refused(std::vector<std::string> words, const std::string& message) {
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

TEST_CASE("an unknown word is refused with the nearest one that is known") {
  refused({"vanish", "--cells", "rnn,lstn"}, "ebb vanish: unknown cell 'lstn'; did you mean 'lstm'?");
  refused({"vanish", "--tasks", "addign"}, "ebb vanish: unknown task 'addign'; did you mean 'adding'?");
  refused({"vanish", "--cells", "rnn,lstm,rnn"}, "ebb vanish: --cells names 'rnn' twice");
  refused({"vanish", "--tasks", "adding,adding"}, "ebb vanish: --tasks names 'adding' twice");
  refused({"train", "char"}, "unknown task 'char'; did you mean 'chars'?");
  refused({"train", "adding", "--cell", "gur"}, "unknown cell 'gur'; did you mean 'gru'?");
  refused({"train", "adding", "--optimizer", "adma"}, "there is no optimiser 'adma'; did you mean 'adam'?");
  refused({"train", "adding", "--schedule", "cosin"}, "there is no schedule 'cosin'; did you mean 'cosine'?");
  refused({"train", "adding", "--dropout", "1"}, "--dropout must be below 1");
  refused({"train", "adding", "--layers", "0"}, "--layers must be at least 1");
  refused({"check", "mug"}, "unknown cell 'mug'; did you mean 'mgu'?");
  refused({"vanish", "--cell", "rnn"}, "unknown option '--cell'; did you mean '--cells'?");
  refused({"vanisch"}, "unknown command 'vanisch'; did you mean 'vanish'?");
  refused({"--versoin"}, "unknown option '--versoin'");
  refused({"vanish", "--cells", "rnn:recurent=orthogonal"}, "recurent");
  refused({"vanish", "--cells", "rnn:recurrent=orthogonl"}, "orthogonl");
  refused({"vanish", "--hidden", "addin=3"}, "unknown task 'addin'; did you mean 'adding'?");
  refused({"vanish", "--tasks", "adding", "--hidden", "chars=3"}, "'chars', which is not among --tasks");
}

TEST_CASE("a number that cannot be is refused with the limit") {
  refused({"vanish", "--hidden", "0"}, "--hidden must be a whole number of at least 1, not 0");
  refused({"vanish", "--hidden", "2.5"}, "--hidden must be a whole number of at least 1");
  refused({"vanish", "--hidden", "-3"}, "--hidden");
  refused({"vanish", "--lr", "-0.1"}, "--lr must be above 0, not -0.1");
  refused({"train", "adding", "--lr", "0"}, "--lr must be above 0");
  refused({"vanish", "--lr", "nan"}, "--lr must be a finite number");
  refused({"vanish", "--lr", "adding=nan"}, "--lr must be a finite number");
  refused({"train", "adding", "--clip", "inf"}, "--clip must be a finite number");
  refused({"train", "adding", "--clip", "-1"}, "--clip must be at least 0");
  refused({"vanish", "--seeds", "0"}, "--seeds must be at least 1, not 0");
  refused({"vanish", "--seeds", "2x"}, "--seeds must be a whole number, not '2x'");
  refused({"vanish", "--seeds", "99999999999999999999"}, "--seeds is out of range");
  refused({"vanish", "--seed", "-1"}, "--seed must be a whole number of 0 or more");
  refused({"vanish", "--threads", "0"}, "--threads must be at least 1");
  refused({"vanish", "--hidden", "adding=3,adding=4"}, "--hidden names the task 'adding' twice");
  refused({"vanish", "--lags", "0"}, "--lags must be at least 1");
  refused({"vanish", "--rows", "0"}, "--rows must be at least 1");
  refused({"vanish", "--batch", "0"}, "--batch must be a whole number of at least 1");
  refused({"vanish", "--steps", "-1"}, "--steps must be a whole number of at least 0");
  refused({"train", "adding", "--length", "1"}, "sequences need at least 2 steps");
  refused({"check", "mgu", "--order", "3"}, "--order must be at most 2");
  refused({"check", "mgu", "--hidden", "0"}, "--hidden must be at least 1");
}

TEST_CASE("an incomplete or contradictory command line is refused") {
  refused({}, "a command is missing");
  refused({"vanish", "--cells"}, "--cells");
  refused({"vanish", "--cells", ""}, "--cells");
  refused({"vanish", "--cells", "rnn,,gru"}, "--cells has an empty entry");
  refused({"vanish", "--full"}, "--quick and --full exclude each other");
  refused({"vanish", "stray"}, "'stray' is one argument too many");
  refused({"train"}, "TASK");
  refused({"train", "adding", "chars"}, "'chars' is one argument too many");
  refused({"new", "sell", "x"}, "KIND must be cell or experiment");
}

TEST_CASE("a text that is missing, empty, unreadable or too short is refused") {
  TempFolder texts;
  write_all(texts / "empty.txt", "");
  write_all(texts / "short.txt", "To be, or not to be");
  REQUIRE(mkfifo((texts / "pipe").c_str(), 0600) == 0);   // nobody writes into it: opening it would wait
  for (const char* command : {"vanish", "train"}) {
    std::vector<std::string> words{command};
    if (words[0] == "train") words.push_back("chars");
    words.push_back("--text");
    const auto with = [&](const std::string& file) { auto w = words; w.push_back(file); return w; };
    refused(with(texts / "missing.txt"), "No such file");
    refused(with(texts / "empty.txt"), "is empty");
    refused(with(texts.path()), "it is a folder");
    refused(with(texts / "short.txt"), "too short");
    refused(with("/dev/zero"), "cannot read '/dev/zero': it is no regular file");
    refused(with(texts / "pipe"), "pipe': it is no regular file");
    refused(with(""), "--text must not be empty");
    if (geteuid() != 0) {
      write_all(texts / "locked.txt", "secret");
      chmod((texts / "locked.txt").c_str(), 0);
      refused(with(texts / "locked.txt"), "Permission denied");
    }
  }
  // long enough to train on, but not for the longest lag
  write_all(texts / "middle.txt", std::string(1200, 'a') + std::string(1200, 'b'));
  refused({"vanish", "--text", texts / "middle.txt", "--lags", "500"}, "too short");
}

TEST_CASE("a folder that cannot be written is refused before any work") {
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
  CHECK_THAT(full.err, Catch::Matchers::Contains("is not empty; --force"));
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

TEST_CASE("sizes that no memory can hold are refused, not crashed on") {
  rlimit before{};
  getrlimit(RLIMIT_AS, &before);
  const rlimit tight{rlim_t{8} << 30, before.rlim_max};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  setrlimit(RLIMIT_AS, &tight);
  refused({"vanish", "--tasks", "adding", "--hidden", "1000000"}, "not enough memory");
  setrlimit(RLIMIT_AS, &before);
#endif
  (void)tight;
}
