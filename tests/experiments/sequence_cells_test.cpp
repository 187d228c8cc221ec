#include <cstring>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

#include "catch.hpp"
#include "goes_on.hpp"
#include "train_quick.hpp"

namespace sequence_cells_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json quick(const TempFolder& folder, const std::string& task, const std::string& cell,
           std::vector<std::string> more = {}) {
  more.insert(more.begin(), {"--cell", cell});
  return train_quick(task, folder, more);
}

void rejected(const std::vector<std::string>& words, const std::string& message) {
  const Outcome o = ebb_command(words);
  INFO(o.out << o.err);
  CHECK(o.code == 2);
  CHECK_THAT(o.err, Contains(message));
}

}  // namespace

TEST_CASE("a TCN and a Transformer in place of a cell beat the baseline at --quick", "[science]") {
  for (const std::string cell : {"tcn", "transformer"}) {
    const TempFolder folder;
    INFO(cell);
    CHECK(quick(folder, "adding", cell)["loss"].get<double>() < .04);                       // a guess: .167
    CHECK(quick(folder, "chars", cell)["loss"].get<double>() < 4.2);                        // 4.85
    CHECK(quick(folder, "series", cell)["measures"]["NRMSE"]["value"].get<double>() < 75);  // 100
    CHECK(quick(folder, "pixels", cell)["measures"]["accuracy"]["value"].get<double>() > 80);
    for (const char* direction : {"forward", "both"}) {
      INFO(direction);
      CHECK(
          quick(folder, "sentiment", cell, {"--direction", direction})["measures"]["accuracy"]["value"].get<double>() >
          75);
      CHECK(quick(folder, "tags", cell, {"--direction", direction})["measures"]["accuracy"]["value"].get<double>() >
            75);
    }
  }
}

TEST_CASE("weights of a TCN or a Transformer record which it was, and ebb evaluate reproduces training's result",
          "[slow]") {
  for (const auto& [task, cell, more] :
       {std::tuple<std::string, std::string, std::vector<std::string>>{"adding", "tcn:kernel=2", {"--layers", "2"}},
        {"chars", "transformer:heads=2,positions=learned", {"--dropout", ".1"}},
        {"series", "transformer:heads=2", {}},
        {"pixels", "tcn", {"--order", "permuted"}},
        {"sentiment", "transformer:heads=2", {"--direction", "both"}},
        {"tags", "tcn:blocks=1", {"--direction", "both"}}}) {
    INFO(task << " " << cell);
    const TempFolder folder;
    std::vector<std::string> words{"--steps", "3", "--hidden", "6"};
    words.insert(words.end(), more.begin(), more.end());
    const json run = quick(folder, task, cell, words);
    const Outcome o = ebb_command({"evaluate", "--weights", folder / "out/weights.safetensors"});
    INFO(o.err);
    REQUIRE(o.code == 0);
    const json again = json::parse(read_all(folder / "out/evaluation-test.json"));
    CHECK(again["loss"] == run["loss"]);
    if (run.contains("measures")) CHECK(again["measures"] == run["measures"]);
  }
}

TEST_CASE("resumed runs of a TCN and a Transformer are bitwise identical", "[slow]") {
  for (const auto& [name, cell] : {std::pair<const char*, const char*>{"tags", "tcn"},
                                   {"sentiment", "transformer:heads=2"},
                                   {"series", "transformer:heads=2"},
                                   {"adding", "tcn"}})
    goes_on(name, cell, {.hidden = 6, .length = 20, .batch = 7, .steps = 5, .dropout = .1, .patience = 30}, {2},
            {.data = std::string(name) == "adding" ? "" : "generated"});
}

TEST_CASE("a row's result from a TCN or a Transformer does not depend on the other rows or their lengths") {
  for (const char* name : {"sentiment", "tags"})
    for (const char* cell : {"tcn", "transformer"})
      for (const char* direction : {"forward", "both"}) {
        INFO(name << " " << cell << " " << direction);
        const auto task = make_task(name, {.data = "generated", .own = {{"direction", direction}}});
        const Model m{*task, cell, TaskSettings{.hidden = 8}, 3};
        const auto scores = [&](const Batch& b) {
          return evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, b); })
              .rows(class_scores.name);
        };
        const Batch many = task->batch({.split = Split::test, .rows = 1000});
        const Array all = scores(many);
        for (const std::uint64_t number : {0u, 17u}) {
          const Batch one = task->batch({.split = Split::test, .rows = 1, .number = number});
          int row = 0;
          while (many.items()[static_cast<std::size_t>(row)] != one.items()[0]) ++row;
          const Array alone = scores(one)[0], among = all[row];
          for (std::int64_t k = 0; k < alone.size(); ++k)
            CHECK(alone.at_flat(k) == Approx(among.at_flat(k)).margin(1e-6));
        }
      }
}

TEST_CASE("a Transformer is bidirectional with one network, a TCN with two, and forward only with one") {
  const auto width = [](const char* cell, const char* direction) {
    Params w;
    const Recurrence r{cell, {.hidden = 8, .length = 10}};
    return Reader(w / "net", r, 3, read_direction(direction)).width();
  };
  CHECK(width("tcn", "both") == 16);
  CHECK(width("gru", "both") == 16);
  CHECK(width("transformer", "both") == 8);
  CHECK(width("transformer", "forward") == 8);
}

TEST_CASE("a Transformer over characters continues a text, rereading its own output", "[slow]") {
  const TempFolder folder;
  std::string text;
  while (text.size() < 4000) text += "hello wörld\n";
  write_all(folder / "text", text);
  for (const char* cell : {"transformer", "tcn"}) {
    INFO(cell);
    quick(folder, "chars", cell, {"--text", folder / "text", "--length", "16", "--steps", "500"});
    const Outcome o = ebb_command({"generate", "--weights", folder / "out/weights.safetensors", "--prompt", "hello wör",
                                   "--length", "30", "--greedy"});
    CHECK(o.code == 0);
    CHECK(o.out == "hello wörld\nhello wörld\nhello wörld\nhel\n");  // longer than the T that it was trained on
  }
}

TEST_CASE("logits of the next token equal those of the whole window") {
  const SimpleSizes sizes{.inputs = TokenInputs{7}, .outputs = 7};
  const Model m{sizes, "transformer:heads=2", TaskSettings{.hidden = 4, .length = 3}, 1};
  Tape tape;
  const NoGrad off;
  const auto after = [&](const std::vector<std::vector<int>>& read) {  // of two rows
    State state;
    Var logits;
    for (const auto& tokens : read) logits = m.simple().next(Tokens({2}, {tokens[0], tokens[1]}), state);
    return logits.value();
  };
  const Array all = after({{1, 2}, {3, 4}, {5, 6}, {0, 1}}), window = after({{3, 4}, {5, 6}, {0, 1}}),
              other = after({{5, 6}, {0, 1}});
  CHECK(std::memcmp(all.copy().raw(), window.copy().raw(), all.bytes()) == 0);  // the oldest of four is forgotten
  CHECK(std::memcmp(all.copy().raw(), other.copy().raw(), all.bytes()) != 0);
}

TEST_CASE("commands that need single steps reject a whole-sequence layer by name, before any work") {
  const TempFolder folder;
  const char* const why = "'tcn' runs over whole sequences and has no step";
  rejected({"vanish", "--cells", "lstm,tcn", "--quick", "--out", folder / "out"}, why);
  rejected({"check", "tcn"}, why);
  rejected({"train", "adding", "--cell", "tcm", "--quick", "--out", folder / "out"}, "did you mean 'tcn'?");
  rejected({"train", "adding", "--cell", "tcn", "--zoneout", ".1", "--quick", "--out", folder / "out"},
           "zoneout needs a state");
  rejected({"train", "adding", "--cell", "transformer:heads=3", "--quick", "--out", folder / "out"},
           "3 heads do not divide the width 16");
  CHECK_FALSE(folder.has("out"));
  Params w;
  const Recurrence r{"tcn", {.hidden = 8}};
  CHECK_THROWS_WITH(r.make(w / "a", 2), Contains(why));
  CHECK_THROWS_WITH(r.plain(w / "a", 2, 3), Contains(why));
  CHECK_THROWS_WITH((Model{*make_task("adding"), "tcn", 8, 1}.simple().cell()), Contains("no cell and no state"));
}

TEST_CASE("ebb cells lists whole-sequence layers separately") {
  const Outcome o = ebb_command({"cells"});
  CHECK(o.out.find("\nslstm") < o.out.find("Layers over whole sequences"));
  CHECK(o.out.find("Layers over whole sequences") < o.out.find("\ntcn"));
  CHECK_THAT(ebb_command({"cells", "transformer"}).out, Contains("heads=4") && !Contains("lstm"));
}

}  // namespace sequence_cells_test
