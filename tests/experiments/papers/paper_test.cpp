#include <algorithm>
#include <fstream>
#include <sstream>

#include "catch.hpp"
#include "ebb_process.hpp"

// A paper's rows are trained by the program that runs it, so it runs as a process here.
namespace paper_test {

using Catch::Matchers::Contains;
using nlohmann::json;

#ifdef EBB_COMMAND
namespace {

const std::string toy = R"(title = "A toy, <not> a paper"
authors = "Roe, Doe, Poe"
year = 2020
source = "nowhere"
seeds = 2
reduced-seeds = 2
differs = ["It was never written."]

[add]
question = "Is the sum learned?"
where = "table 0"
train = "adding --hidden 6 --length 10 --batch 4 --steps 30 --optimizer adam --lr 1e-2"
reduced = "--steps 25"
[add.gru]
name = "GRU"
options = "--cell gru"
paper = 0.1
agrees = "within 1000 %"
agrees-reduced = ">= 0"
[add.rnn]
options = "--cell rnn"
paper = [0.2, 0.4]
agrees = "<= 0"
agrees-reduced = "<= 0"

[order]
question = "Is the order learned?"
train = "temporal-order --hidden 6 --length 12 --batch 4 --steps 40 --lr 1e-2"
measure = "accuracy"
solved = ">= 0"
[order.lstm]
options = "--cell lstm"
paper = "solved"
agrees = ">= 100"
)";

const std::string best_of_rates = R"(title = "Longer"
authors = "Roe"
year = 2020
source = "nowhere"
reduced-seeds = 2

[odd]
question = "Is parity learned?"
train = "parity --hidden 4 --length 4 --shortest 1 --batch 4 --steps 20 --test-lengths 4,6,9"
measure = "accuracy"
lengths = "beyond"
number = "highest"
reduced-rates = [1e-3, 1e-2]
[odd.gru]
options = "--cell gru"
paper = 100
agrees-reduced = ">= 0"
)";

/// records.json without what a clock decides.
std::string records_of(const std::string& folder) {
  std::string text;
  for (const json& r : json::parse(read_all(folder + "/records.json"))["records"])
    text += r["experiment"].get<std::string>() + " " + r["row"].get<std::string>() + " " + r["seed"].dump() + " " +
            r["state"].get<std::string>() + " " + r["value"].dump() + " " + r["updates"].dump() + "\n";
  return text;
}

}  // namespace

TEST_CASE("ebb paper trains every row, and shows the paper's numbers beside ours with a verdict", "[slow]") {
  const TempFolder f;
  const std::string file = f.file("toy.toml", toy);
  const Outcome o = ebb_process("paper " + file + " --threads 2 --out " + (f / "p"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("Roe et al. 2020: A toy, <not> a paper, 3 rows with 2 seeds each"));
  CHECK_THAT(o.out, Contains("as expected: >= 0") && Contains("not as expected: <= 0") && Contains("100 % (2 of 2)"));
  const json all = summary_of(f / "p")["experiments"];
  const json records = json::parse(read_all(f / "p/records.json"))["records"];
  REQUIRE(records.size() == 6);
  double sum = 0;
  for (const json& r : records)
    if (r["row"] == "gru") sum += r["value"].get<double>() / 2;
  CHECK(all["add"]["gru"]["number"] == Approx(sum));
  CHECK(all["add"]["rnn"]["paper"] == "0.2, 0.4");
  CHECK(all["order"]["lstm"]["number"] == 100);
  CHECK(records[0]["recorded"]["options"]["steps"] == 25);
  CHECK(records[0]["recorded"]["run"]["loss"] == records[0]["value"]);
  CHECK(read_all(f / "p/protocol.toml") == toy);
  const std::string page = read_all(f / "p/report.html");
  CHECK_THAT(page, Contains("A toy, &lt;not&gt; a paper") && Contains("It was never written.") &&
                       Contains("Is the sum learned?") && Contains("Learning curves, add"));
  CHECK(plots_of(page).size() == 2);

  SECTION("the trained weights are those of ebb train with the row's options") {
    const std::string trial = records[0]["command"].get<std::string>().substr(4);
    CHECK(ebb_process(trial + " --seed 1 --seeds 1 --threads 1 --out " + (f / "alone")).code == 0);
    CHECK(summary_of(f / "alone")["runs"]["1"]["loss"] == records[0]["value"]);
  }
  SECTION("a run that is resumed reads the protocol in its folder and does not train again what has ended") {
    const std::string before = records_of(f / "p");
    std::filesystem::remove(file);
    std::filesystem::remove(f / "p/summary.json");
    for (const auto& entry : std::filesystem::directory_iterator(f / "p/trials"))
      if (entry.path().filename().string().find("rnn") != std::string::npos) std::filesystem::remove_all(entry.path());
    const Outcome again = ebb_process("paper --resume " + (f / "p"));
    INFO(again.out << again.err);
    CHECK(again.code == 0);
    CHECK(records_of(f / "p") == before);
  }
}

TEST_CASE("ebb paper takes the best of several rates at lengths beyond training", "[slow]") {
  const TempFolder f;
  const std::string file = f.file("longer.toml", best_of_rates);
  const Outcome o = ebb_process("paper " + file + " --threads 2 --out " + (f / "p"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("odd: highest accuracy beyond training") && Contains("as expected: >= 0"));
  const json records = json::parse(read_all(f / "p/records.json"))["records"];
  REQUIRE(records.size() == 4);
  double best = 0;
  for (std::size_t k = 0; k < 4; ++k) {
    const json &r = records[k], &lengths = r["recorded"]["run"]["lengths"];
    const double mean = (lengths["6"]["value"].get<double>() + lengths["9"]["value"].get<double>()) / 2;
    CHECK(r["value"] == Approx(mean));
    CHECK_THAT(r["command"].get<std::string>(), Contains(k < 2 ? "--lr 1e-3" : "--lr 1e-2"));
    best = std::max(best, mean);
  }
  CHECK(summary_of(f / "p")["experiments"]["odd"]["gru"]["number"] == Approx(best));
  CHECK_THAT(read_all(f / "p/report.html"), Contains("lr 1e-2, seed 2"));
}

TEST_CASE("ebb paper --cost counts every row, and those that train alike each") {
  const TempFolder f;
  const std::string alike = "[add.again]\noptions = \"--cell gru\"\npaper = 0.1\nagrees-reduced = \">= 0\"\n\n[order]";
  std::string text = toy;
  text.replace(text.find("[order]"), 7, alike);
  const Outcome o =
      ebb_process("paper " + f.file("toy.toml", text) + " --cost --threads 1 --seeds 1 --out " + (f / "c"));
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  const json s = summary_of(f / "c"), &all = s["experiments"];
  double sum = 0;
  for (const char* row : {"gru", "rnn", "again"}) sum += all["add"][row]["estimated_seconds"].get<double>();
  sum += all["order"]["lstm"]["estimated_seconds"].get<double>();
  CHECK(s["estimated_seconds"] == Approx(sum));
}

TEST_CASE("ebb paper --cost estimates, and --full leaves out what takes too long", "[slow]") {
  const TempFolder f;
  const std::string file = f.file("toy.toml", toy), page = f / "docs/papers.md";
  std::filesystem::create_directories(f / "docs");
  const Outcome cost = ebb_process("paper " + file + " --full --cost --record --page " + page + " --out " + (f / "c"));
  INFO(cost.out << cost.err);
  REQUIRE(cost.code == 0);
  CHECK_THAT(cost.out, Contains("a seed of 30 updates") && Contains("all rows, 2 seeds each: about"));
  CHECK(!f.has("c/trials"));
  CHECK_THAT(read_all(page), Contains("not run"));

  // As if Ctrl-C had come after the first row.
  std::ofstream(f / "c/costs.json") << R"({"rows": {"add.gru": {"updates": 30, "update": 1000.0, "checking": 0.0}}})";
  std::filesystem::remove(f / "c/summary.json");
  const Outcome resumed = ebb_process("paper --resume " + (f / "c"));
  INFO(resumed.out << resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(!f.has("c/trials"));
  CHECK_THAT(resumed.out, Contains("add.gru") && Contains("order.lstm") && Contains("8:20:00 a seed of 30 updates"));
  CHECK(summary_of(f / "c")["estimated_seconds"].get<double>() > 2 * 30'000 / 2);
  CHECK(json::parse(read_all(f / "c/costs.json"))["rows"].size() == 3);

  const Outcome none = ebb_process("paper " + file + " --full --hours 1e-9 --out " + (f / "n"));
  CHECK(none.code == 2);
  CHECK_THAT(none.err, Contains("every row would take more than --hours 1e-09: raise it"));
  CHECK(!f.has("n"));

  const Outcome full = ebb_process("paper " + file + " --full --record --page " + page + " --out " + (f / "f"));
  INFO(full.out << full.err);
  REQUIRE(full.code == 0);
  CHECK_THAT(read_all(page),
             Contains("## Roe et al. 2020") && Contains("; differs: not <= 0 |") && Contains("As published: 20"));
}
#endif

TEST_CASE("what is wrong with a protocol is found before a folder is made") {
  const TempFolder f;
  const auto rejected = [](const std::vector<std::string>& words, const std::string& message) {
    check_rejected("paper", words, message);
  };
  rejected({"bai2019"}, "unknown paper 'bai2019'; did you mean 'bai2018'?");
  rejected({f / "none.toml"}, "none.toml");
  rejected({f.file("bad.toml", "title = \"x\"\n[a]\nquestoin = \"y\"\n")},
           "line 3: an experiment has no key 'questoin'");
  rejected({}, "PAPER");
  rejected({"bai2018", "--record", "--page", f.file("papers.md", "# Papers\n")},
           "papers.md' has no data: there is no '");
  rejected({"bai2018", "--hours", "3"}, "--hours is read only with --full");
  rejected({"bai2018", "--page", "x.md"}, "--page is read only with --record");
  rejected({"bai2018", "--quick", "--record"}, "--record stores results, and a toy run with --quick has none");
}

TEST_CASE("ebb papers lists the protocols and prints one that can be run") {
  const Outcome all = ebb_command({"papers"});
  CHECK(all.code == 0);
  CHECK_THAT(all.out, Contains("bai2018") && Contains("pascanu2013"));
  const Outcome one = ebb_command({"papers", "bai2018"});
  CHECK_THAT(one.out, Contains("[adding-600.gru]"));
}

}  // namespace paper_test
