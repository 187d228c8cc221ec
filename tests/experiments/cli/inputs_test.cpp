#include <unistd.h>

#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace inputs_test {

using Catch::Matchers::Contains;

namespace {

void kept(const std::vector<std::string>& words, const std::string& file) {
  const std::string before = read_all(file);
  const Outcome o = ebb_command(words);
  INFO(words[0] << ": " << o.err);
  CHECK(o.code == 2);
  CHECK(o.out.empty());  // rejected before the work
  CHECK_THAT(o.err, Contains("cannot write to '") && Contains("this command reads"));
  CHECK(read_all(file) == before);
}

}  // namespace

TEST_CASE("an output never overwrites an input, whatever path names it") {
  TempFolder folder;
  const std::string run = folder / "run", weights = run + "/weights.safetensors", text = folder / "text";
  REQUIRE(ebb_command({"train", "music", "--quick", "--data", "generated", "--steps", "2", "--out", run}).code == 0);
  REQUIRE(ebb_command({"train", "chars", "--quick", "--steps", "2", "--out", text}).code == 0);
  kept({"evaluate", "--weights", weights, "--json", weights}, weights);
  kept({"evaluate", "--weights", weights, "--json", run + "/../run/./weights.safetensors"}, weights);
  kept({"generate", "--weights", weights, "--out", weights}, weights);
  std::filesystem::create_symlink(weights, folder / "link");
  REQUIRE(link(weights.c_str(), (folder / "hard").c_str()) == 0);
  kept({"generate", "--weights", weights, "--out", folder / "link"}, weights);
  kept({"generate", "--weights", folder / "link", "--out", weights}, weights);
  kept({"evaluate", "--weights", weights, "--json", folder / "hard"}, weights);
  std::filesystem::copy_file(weights, folder / "w.part");  // under which a file is written first
  kept({"evaluate", "--weights", folder / "w.part", "--json", folder / "w"}, folder / "w.part");
  CHECK(ebb_command({"evaluate", "--weights", weights, "--json", folder / "other"}).code == 0);
}

TEST_CASE("a run does not overwrite its options, text or data", "[slow]") {
  TempFolder folder;
  const std::string out = folder / "out", config = out + "/config.toml", text = out + "/curve.csv",
                    table = out + "/training.csv";
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "2", "--out", out}).code == 0);
  kept({"train", "--config", config, "--out", out, "--force"}, config);
  write_all(text, read_all(EBB_SOURCE_DIR "/experiments/data/tinyshakespeare.txt"));
  kept({"train", "chars", "--quick", "--text", text, "--out", out, "--force"}, text);
  std::filesystem::copy_file(text, table);
  kept({"vanish", "--quick", "--tasks", "chars", "--text", table, "--out", out, "--force"}, table);
  kept({"tbptt", "--quick", "--text", table, "--out", out, "--force"}, table);
  // a text that stands beside them is nobody's output
  std::filesystem::copy_file(text, out + "/book.txt");
  CHECK(ebb_command({"train", "chars", "--quick", "--steps", "2", "--text", out + "/book.txt", "--out", out, "--force"})
            .code == 0);
}

TEST_CASE("the data that weights were trained on are an input too") {
  TempFolder folder;
  const std::string csv = folder / "series.csv", run = folder / "run";
  std::string rows = "x\n";
  for (int k = 0; k < 600; ++k) rows += std::to_string((k * k) % 17) + "\n";
  write_all(csv, rows);
  REQUIRE(
      ebb_command({"train", "series", "--quick", "--steps", "2", "--length", "10", "--data", csv, "--out", run}).code ==
      0);
  kept({"evaluate", "--weights", run + "/weights.safetensors", "--json", csv}, csv);
  std::filesystem::copy_file(csv, folder / "moved.csv");
  kept({"evaluate", "--weights", run + "/weights.safetensors", "--data", folder / "moved.csv", "--json",
        folder / "moved.csv"},
       folder / "moved.csv");

  const std::string text = folder / "text", letters = folder / "letters";
  write_all(text, read_all(EBB_SOURCE_DIR "/experiments/data/tinyshakespeare.txt").substr(0, 20'000));
  REQUIRE(ebb_command({"train", "chars", "--quick", "--steps", "2", "--text", text, "--out", letters}).code == 0);
  kept({"evaluate", "--weights", letters + "/weights.safetensors", "--json", text}, text);

  const std::string json = folder / "pieces.json", pieces = "[[[1], [2], [3]], [[4, 8], [2], [3]]]",
                    music = folder / "music";
  write_all(json, "{\"train\": " + pieces + ", \"valid\": " + pieces + ", \"test\": " + pieces + "}");
  const Outcome trained =
      ebb_command({"train", "music", "--quick", "--steps", "2", "--batch", "2", "--data", json, "--out", music});
  INFO(trained.err);
  REQUIRE(trained.code == 0);
  kept({"generate", "--weights", music + "/weights.safetensors", "--length", "3", "--out", json}, json);
}

TEST_CASE("inputs belong to one command") {
  TempFolder folder;
  const std::string file = folder.file("a", "1");
  {
    const ebb::app::InputScope outer;
    ebb::app::note_input(file);
    {
      const ebb::app::InputScope inner;
      CHECK_NOTHROW(ebb::app::reject_input(file));
    }
    CHECK_THROWS_AS(ebb::app::write_whole(file, "3"), ebb::FileError);
    CHECK_THROWS_AS(ebb::app::OutFile{file}, ebb::FileError);
  }
  CHECK(read_all(file) == "1");
  CHECK_NOTHROW(ebb::app::write_whole(file, "4"));
}

}  // namespace inputs_test
