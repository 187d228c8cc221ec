#include <cmath>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/train.hpp>

#include "catch.hpp"
#include "train_quick.hpp"

namespace evaluate_test {

namespace {

Outcome evaluate(const std::string& weights, std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"evaluate", "--weights", weights});
  return ebb_command(more);
}

}  // namespace

TEST_CASE("weights alone reproduce the loss that training reported, for every kind of model") {
  TempFolder folder;
  const std::string weights = folder / "out/weights.safetensors";
  REQUIRE(ebb_command({"train",       "adding",    "--quick",  "--cell",  "rnn:activation=relu",
                       "--hidden",    "5",         "--layers", "2",       "--dropout",
                       ".2",          "--zoneout", ".1",       "--steps", "20",
                       "--length",    "9",         "--batch",  "7",       "--out",
                       folder / "out"})
              .code == 0);
  const Outcome o = evaluate(weights);
  INFO(o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out,
             Catch::Matchers::Contains("rnn:activation=relu on adding, test:") && Catch::Matchers::Contains("MSE"));
  const auto result = nlohmann::json::parse(read_all(folder / "out/evaluation-test.json"));
  CHECK(result["loss"] == summary_of(folder / "out")["runs"]["1"]["loss"]);
  CHECK(result["length"] == 9);

  REQUIRE(evaluate(weights, {"--split", "valid", "--json", folder / "v.json"}).code == 0);
  const auto valid = nlohmann::json::parse(read_all(folder / "v.json"));
  CHECK(valid["split"] == "valid");
  CHECK(valid["loss"] != result["loss"]);
  REQUIRE(evaluate(weights, {"--length", "30", "--json", folder / "long.json"}).code == 0);
  CHECK(nlohmann::json::parse(read_all(folder / "long.json"))["loss"] != result["loss"]);
}

TEST_CASE("weights whose data may have changed are reported") {
  TempFolder folder;
  std::string lines;
  for (int k = 0; k < 40; ++k) lines += "word" + std::to_string(k) + " again\n";
  for (const char* name : {"rt-polarity.neg", "rt-polarity.pos"}) write_all(folder / name, lines);
  REQUIRE(ebb_command(
              {"train", "sentiment", "--data", folder.path(), "--hidden", "3", "--steps", "2", "--out", folder / "out"})
              .code == 0);
  write_all(folder / "rt-polarity.neg", lines + "a much longer review of other words\n");
  for (int k = 0; k < 40; ++k) lines += "new" + std::to_string(k) + " word\n";
  write_all(folder / "rt-polarity.pos", lines);
  check_rejected(evaluate(folder / "out/weights.safetensors"), "or the data are not those it was trained on");
}

TEST_CASE("a character model stores its alphabet, also of bytes, and reads other texts with it") {
  TempFolder folder;
  std::string greek, bytes;
  for (int k = 0; k < 1500; ++k) greek += k % 3 ? "λ" : "ο";
  for (int k = 0; k < 3000; ++k) bytes += static_cast<char>(k * 37 % 256);
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"greek", greek}, {"bytes", bytes}}) {
    write_all(folder / name, text);
    REQUIRE(ebb_command(
                {"train", "chars", "--quick", "--steps", "3", "--text", folder / name, "--out", folder / name + ".out"})
                .code == 0);
    REQUIRE(evaluate(folder / name + ".out/weights.safetensors").code == 0);
    const auto result = nlohmann::json::parse(read_all(folder / name + ".out/evaluation-test.json"));
    CHECK(result["loss"] == summary_of(folder / name + ".out")["runs"]["1"]["loss"]);
  }
  write_all(folder / "more", std::string(greek.rbegin(), greek.rend()));
  const std::string weights = folder / "greek.out/weights.safetensors";
  check_rejected(evaluate(weights, {"--text", folder / "more"}), "is not UTF-8");
  write_all(folder / "more", greek + "λ€" + greek);
  check_rejected(evaluate(weights, {"--text", folder / "more"}),
                 "the character '€' (U+20AC) in the text '" + folder / "more" + "', at position 1502");
  std::filesystem::remove(folder / "greek");
  check_rejected(evaluate(weights), "greek: cannot be read: No such file");
  write_all(folder / "more", greek + greek);
  CHECK(evaluate(weights, {"--text", folder / "more"}).code == 0);
}

TEST_CASE("weights from which no model can be built are rejected with the reason") {
  using namespace ebb;
  using namespace ebb::app;
  TempFolder folder;
  const std::string weights = folder / "out/weights.safetensors", odd = folder / "odd.safetensors";
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "3", "--cell", "gru", "--out", folder / "out"}).code ==
          0);
  check_rejected(evaluate(folder / "none"), "none");
  check_rejected(evaluate(folder.path()), "ebb evaluate: ");
  check_rejected(evaluate(folder / "out/report.html"), "report.html");
  check_rejected(evaluate(weights, {"--split", "train"}), "unknown --split 'train'; there are valid, test\n");
  check_rejected(ebb_command({"evaluate"}), "--weights is required");
  const std::string bytes = read_all(weights);
  write_all(odd, bytes.substr(0, bytes.size() - 5));
  check_rejected(evaluate(odd), "odd.safetensors");

  const auto arrays = read_safetensors(weights);
  const auto with = [&](const char* key, const std::string& value, const std::string& message) {
    Metadata m = read_safetensors_metadata(weights);
    for (const char* reserved : {"format", "crc32"}) m.erase(reserved);
    if (value.empty()) m.erase(key);
    else m[key] = value;
    write_safetensors(odd, arrays, m);
    check_rejected(evaluate(odd), message);
  };
  with("task", "", "its metadata do not name a task: these weights were not written by ebb train");
  with("task", "addign", "odd.safetensors': this program has no task 'addign' (did you mean 'adding'?): use the");
  with("cell", "gur", "this program has no cell 'gur' (did you mean 'gru'?)");
  with("cell", "lstm", "odd.safetensors': its metadata (cell lstm, ");
  with("cell", "mgu", "odd.safetensors: has no parameter 'cell/");
  with("hidden", "15", "odd.safetensors: parameter '");
  with("hidden", "", "its metadata have no 'hidden'");
  with("hidden", "-3", "'hidden' is '-3'");
  with("layers", "2x", "'layers' is '2x'");
  with("dropout", "nan", "'dropout' is 'nan'");
}

TEST_CASE("a stored alphabet reads back unchanged") {
  using ebb::app::Alphabet, ebb::app::Text;
  const Alphabet a = Text::from("x", "\naλ€😀z");
  CHECK(Alphabet::from_stored(a.stored(), true).symbols == a.symbols);
  std::string all;
  for (int k = 0; k < 256; ++k) all += static_cast<char>(k);
  const Alphabet bytes = Text::from("x", all);
  const Alphabet back = Alphabet::from_stored(bytes.stored(), false);
  CHECK(back.symbols == bytes.symbols);
  std::string decoded;
  for (const int t : back.encode("x", all)) decoded += back.decode(t);
  CHECK(decoded == all);
  for (const char* wrong : {"", "ba", "aa", "\xff"})
    CHECK_THROWS_AS(Alphabet::from_stored(wrong, true), ebb::ValueError);
  CHECK_THROWS_AS(Alphabet::from_stored("a€", false), ebb::ValueError);
}

TEST_CASE("weights and checkpoints find their text from another folder, and report edits") {
  TempFolder folder;
  std::string text;
  for (int k = 0; k < 1500; ++k) text += k % 3 ? 'a' : 'b';
  write_all(folder / "text", text);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Outcome trained =
      ebb_command({"train", "chars", "--quick", "--steps", "3", "--text", "text", "--out", folder / "out"});
  std::filesystem::current_path(before);
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  const std::string weights = folder / "out/weights.safetensors", stored = ebb::app::Architecture::read(weights).text;
  CHECK(std::filesystem::path(stored).is_absolute());
  CHECK(std::filesystem::equivalent(stored, folder / "text"));
  CHECK(evaluate(weights).code == 0);
  const Outcome resumed = ebb_command({"train", "--resume", folder / "out"});
  INFO(resumed.err);
  CHECK(resumed.code == 0);

  text[1] = 'b';  // as long as before, of the same characters
  write_all(folder / "text", text);
  check_rejected(evaluate(weights), "weights.safetensors': its text '" + stored + "' was edited since training");
  CHECK(evaluate(weights, {"--text", folder / "text"}).code == 0);  // whoever names it knows
}

TEST_CASE("a result that cannot be stored is still printed") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "3", "--out", folder / "out"}).code == 0);
  const std::string weights = folder / "out/weights.safetensors";
  std::filesystem::create_directories(folder / "out/evaluation-test.json/in the way");
  const Outcome o = evaluate(weights);
  CHECK(o.code == 0);
  CHECK_THAT(o.out, Catch::Matchers::Contains("lstm on adding, test:"));
  CHECK_THAT(o.err, Catch::Matchers::Contains("evaluation-test.json'") && Catch::Matchers::Contains("--json"));
  const Outcome asked = evaluate(weights, {"--json", "/proc/none/x.json"});
  CHECK(asked.code == 2);
  CHECK(asked.out.empty());  // that it cannot be written shows before the work
  CHECK_THAT(asked.err, Catch::Matchers::Contains("/proc/none"));
}

TEST_CASE("weights find their task's data from another folder") {
  TempFolder folder;
  std::string csv = "x\n";
  for (int k = 0; k < 2000; ++k) csv += std::to_string(std::sin(.3 * k)) + "\n";
  write_all(folder / "waves.csv", csv);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const Outcome trained =
      ebb_command({"train", "series", "--quick", "--steps", "3", "--data", "waves.csv", "--out", folder / "out"});
  std::filesystem::current_path(before);
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  const Outcome o = evaluate(folder / "out/weights.safetensors"),
                resumed = ebb_command({"train", "--resume", folder / "out"});
  INFO(o.err << resumed.err);
  CHECK(o.code == 0);
  CHECK(resumed.code == 0);
}

}  // namespace evaluate_test
