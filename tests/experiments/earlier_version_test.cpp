#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/files/safetensors.hpp>

#include "train_quick.hpp"

namespace earlier_version_test {

namespace {

const std::string goldens = std::string(EBB_SOURCE_DIR) + "/tests/goldens/v0_1_0/";

nlohmann::json evaluated(const std::string& weights, const std::string& split) {
  const TempFolder folder;
  const Outcome o =
      ebb_command({"evaluate", "--weights", goldens + weights, "--split", split, "--json", folder / "result"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  return nlohmann::json::parse(read_all(folder / "result"));
}

}  // namespace

TEST_CASE("weights from Ebb 0.1.0 give the same values") {
  for (const auto& [weights, name, split] : {std::tuple{"adding_lstm.safetensors", "adding_valid", "valid"},
                                             std::tuple{"adding_lstm.safetensors", "adding_test", "test"},
                                             std::tuple{"chars_gru.safetensors", "chars_valid", "valid"}}) {
    CAPTURE(name);
    const auto wanted = nlohmann::json::parse(read_all(goldens + name + ".json")), got = evaluated(weights, split);
    for (const char* key : {"task", "cell", "split", "unit", "length", "batch"}) CHECK(got[key] == wanted[key]);
    CHECK(got["loss"].get<double>() == Approx(wanted["loss"].get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("a model from Ebb 0.1.0 generates the same text") {
  const auto written = [](std::vector<std::string> how) {
    how.insert(how.begin(),
               {"generate", "--weights", goldens + "chars_gru.safetensors", "--prompt", "ROMEO:", "--length", "120"});
    const Outcome o = ebb_command(how);
    INFO(o.err);
    REQUIRE(o.code == 0);
    return o.out;
  };
  CHECK(written({"--greedy"}) == read_all(goldens + "chars_greedy.txt"));
  CHECK(written({"--seed", "7"}) == read_all(goldens + "chars_seed7.txt"));
}

TEST_CASE("a checkpoint of another version is rejected with that version and a remedy, and left unchanged") {
  TempFolder folder;
  std::filesystem::copy(goldens + "run", folder / "run");
  const std::string before = read_all(folder / "run/checkpoint");
  const Outcome o = ebb_command({"train", "--resume", folder / "run"});
  check_rejected(o, "run/checkpoint: was written by Ebb 0.1.0");
  CHECK_THAT(o.err, Catch::Matchers::Contains("train again, or resume with Ebb 0.1.0"));
  CHECK(read_all(folder / "run/checkpoint") == before);

  // A later format than this one's.
  struct Later {
    std::string task = "adding", format = "99", version = "7.0.0";
    void visit(ebb::Archive& a) { a.same("task", task).same("format", format)("version", version); }
  } later;
  ebb::save(folder / "run/checkpoint", later);
  check_rejected(ebb_command({"train", "--resume", folder / "run"}), "was written by Ebb 7.0.0");

  // This version's own says who wrote it, and continues.
  train_quick("adding", folder, {"--steps", "3"});
  CHECK(ebb::read_safetensors_metadata(folder / "out/checkpoint").at("1/version").starts_with("text "));
  CHECK(ebb_command({"train", "--resume", folder / "out"}).code == 0);
}

}  // namespace earlier_version_test
