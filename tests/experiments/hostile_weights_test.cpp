#include <ebb/experiments/train/architecture.hpp>
#include <ebb/ops/memory.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace hostile_weights_test {

namespace {

using namespace ebb;
using namespace ebb::app;

std::int64_t numbers(const Params& w) {
  std::int64_t n = 0;
  for (int k = 0; k < w.count(); ++k) n += w[k].shape().size();
  return n;
}

bool of_the_tests(const CellInfo& cell) { return cell.about.find("made by the tests") != std::string::npos; }

// Weights of a run, with metadata that somebody altered.
class Altered {
 public:
  explicit Altered(std::vector<std::string> train) {
    train.insert(train.begin(), "train");
    train.insert(train.end(), {"--quick", "--steps", "2", "--out", folder_ / "out"});
    const Outcome o = ebb_command(train);
    INFO(o.err);
    REQUIRE(o.code == 0);
  }
  Outcome run(const char* command, const Metadata& other) const {
    const std::string weights = folder_ / "out/weights.safetensors";
    Metadata m = read_safetensors_metadata(weights);
    for (const auto& [key, value] : other) m[key] = value;
    write_safetensors(path(), read_safetensors(weights), m);
    reset_pool_peak();
    return ebb_command({command, "--weights", path()});
  }
  std::string path() const { return folder_ / "odd.safetensors"; }

 private:
  TempFolder folder_;
};

void rejected(const Outcome& o, const std::string& path, const std::string& message) {
  INFO(o.err);
  CHECK(o.code == 2);
  CHECK(o.out.empty());
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK_THAT(o.err, Catch::Matchers::Contains(path) && Catch::Matchers::Contains(message));
}

constexpr std::uint64_t small = 16 << 20;  // bytes

}  // namespace

TEST_CASE("a parameter set accepts values up to its limit and rejects one more") {
  for (const CellInfo& cell : cell_list()) {
    if (of_the_tests(cell)) continue;
    INFO(cell.name);
    Params any;
    make_cell(cell.name, any / "cell", {3, 4});
    const std::int64_t n = numbers(any);
    if (n == 0) continue;  // a cell without parameters
    Params enough{{.most = n}}, less{{.most = n - 1}};
    make_cell(cell.name, enough / "cell", {3, 4});
    CHECK(numbers(enough) == n);
    CHECK_THROWS_WITH(make_cell(cell.name, less / "cell", {3, 4}),
                      Catch::Matchers::Contains("exceeds the maximum of "));
  }
}

TEST_CASE("a cell allocates no memory for rejected parameters") {
  for (const CellInfo& cell : cell_list()) {
    if (of_the_tests(cell)) continue;
    INFO(cell.name);
    Params w{{.most = 50'000}};  // enough for vectors, not for a matrix of 3000 x 3000: 72 MB
    reset_pool_peak();
    try {
      make_cell(cell.name, w / "cell", {2, 3000});
      CHECK(numbers(w) <= 50'000);  // a cell of vectors
    } catch (const ValueError& e) {
      CHECK_THAT(e.what(), Catch::Matchers::Contains("exceeds the maximum of 50000 values"));
    }
    CHECK(pool_stats().peak < small);
  }
}

TEST_CASE("metadata that require more than the file contains are rejected") {
  const Altered chars({"chars", "--cell", "lstm"}), adding({"adding", "--cell", "lstm"});
  const auto check = [](const Altered& a, const char* command, const Metadata& other) {
    rejected(a.run(command, other), "'" + a.path() + "'", "exceeds the maximum of ");
    CHECK(pool_stats().peak < small);
  };
  for (const char* command : {"generate", "evaluate"}) {
    check(chars, command, {{"hidden", "12000"}});
    check(chars, command, {{"hidden", "1000000"}});
    check(chars, command, {{"hidden", "3000"}, {"cell", "lstm:init.Wh=orthogonal"}});
    check(chars, command, {{"layers", "8"}});
  }
  check(adding, "evaluate", {{"hidden", "12000"}});
  check(adding, "evaluate", {{"hidden", "1000000"}, {"cell", "exprnn"}});
  rejected(chars.run("generate", {{"hidden", "12000"}}), "'" + chars.path() + "'", "hidden 12000");
}

TEST_CASE("an error in a metadata value that the model rejects names the file", "[slow]") {
  const Altered a({"chars", "--cell", "lstm"});
  for (const char* command : {"generate", "evaluate"}) {
    rejected(a.run(command, {{"dropout", "1"}}), "'" + a.path() + "'", "its metadata");
    rejected(a.run(command, {{"cell", "lstm:forget_bias=x"}}), "'" + a.path() + "'", "forget_bias");
    rejected(a.run(command, {{"cell", "lstm:init.Wh=orthogonl"}}), "'" + a.path() + "'", "orthogonl");
    rejected(
        a.run(command, {{"cell", "gur"}}), "'" + a.path() + "'",
        "this program has no cell 'gur' (did you mean 'gru'?): use the program that was built with that cell, or add "
        "the cell's file to this one with ebb_add_cells");
    rejected(a.run(command, {{"cell", "mine:width=3"}}), "'" + a.path() + "'",
             "this program has no cell 'mine': use the program");
    rejected(a.run(command, {{"hidden", "15"}}), a.path(), "in the file and");
    rejected(a.run(command, {{"hidden", "1e999"}}), "'" + a.path() + "'", "1e999");
    rejected(a.run(command, {{"dropout", "1e999"}}), "'" + a.path() + "'", "1e999");
  }
  rejected(a.run("evaluate", {{"task", "chras"}}), "'" + a.path() + "'",
           "this program has no task 'chras' (did you mean 'chars'?): use the program");
  const Altered series({"series", "--data", "generated"});
  rejected(series.run("evaluate", {{"length", "5000"}}), "'" + series.path() + "'", "fewer than");
  const Altered tags({"tags", "--data", "generated"});
  rejected(tags.run("evaluate", {{"direction", "sideways"}}), "'" + tags.path() + "'", "sideways");
  rejected(tags.run("evaluate", {{"direction", ""}}), "'" + tags.path() + "'",
           "'direction' is empty, but must be forward");
}

}  // namespace hostile_weights_test
