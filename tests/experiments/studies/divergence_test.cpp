#include <ebb/experiments/train/train.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace divergence_test {

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace {

const std::vector<std::vector<std::string>> trainings{
    {"train", "adding"},
    {"vanish", "--tasks", "adding", "--cells", "lstm"},
    {"compare", "--task", "adding", "--cells", "lstm"},
    {"clip", "--task", "adding", "--thresholds", "1", "--values", "none"},
    {"tbptt", "--tasks", "echo", "--windows", "5", "--characters", "4000"},
    {"dropout", "--ways", "none"},
    {"forcing", "--ways", "forcing"},
    {"online", "--gradient", "rtrl"}};
const std::string one_update = "80";  // of tbptt --quick: --every times --rows

}  // namespace

TEST_CASE("one definition of divergence: a loss or gradient that is not finite, or a loss a million times the first") {
  const ebb::app::TaskInfo task{.unit = "bits", .unit_per_loss = 2};
  const auto of = [&](double loss, double norm, double first) { return ebb::app::divergence(loss, norm, first, task); };
  CHECK(of(INFINITY, 1, 1) == "the loss is infinite");
  CHECK(of(NAN, NAN, 1) == "the loss is not a number");
  CHECK(of(1, INFINITY, 1) == "the gradient's norm is infinite");
  CHECK(of(1, NAN, 1) == "the gradient's norm is not a number");
  CHECK(of(1.01e6, 1, 1) == "the loss is 2.02e+06 bits, over a million times that of the first update");
  CHECK(of(.99e6, 1e30, 1).empty());
  CHECK(of(999, 1, 0).empty());  // a first loss near zero is not the measure
  CHECK(!of(1001, 1, 0).empty());
  CHECK(of(-1e9, 1, 1).empty());  // the logarithm of a density
}

TEST_CASE("every command that trains fails with exit code 1 if its run diverges, and reports it", "[slow]") {
  for (const auto& training : trainings)
    for (const char* rate : {"1e20", "1e38"}) {  // the loss becomes too large, or not a number
      const TempFolder folder;
      std::vector<std::string> words = training;
      words.insert(words.end(), {"--quick", "--seeds", "1", "--lr", rate, "--out", folder / "out"});
      if (words[0] != "tbptt") words.insert(words.end(), {"--steps", "10"});
      const Outcome o = ebb_command(words);
      INFO(words[0] << " " << rate << ": " << o.out << o.err);
      CHECK(o.code == 1);
      CHECK_THAT(o.err, Contains("diverged at step 2: the ") || Contains("diverged at update 2: the "));
      CHECK_THAT(read_all(folder / "out/summary.json"),
                 Contains("\"diverged\": \"step 2: the ") || Contains("\"diverged\": \"update 2: the "));
      CHECK_THAT(read_all(folder / "out/report.html"), !Contains(">nan") && !Contains(">inf"));
    }
}

TEST_CASE("a run that diverges in its last update fails like one that diverges earlier", "[slow]") {
  for (const auto& training : trainings)
    for (const char* rate : {"1e20", "1e38"}) {
      const TempFolder folder;
      std::vector<std::string> words = training;
      words.insert(words.end(), {"--quick", "--seeds", "1", "--lr", rate, "--out", folder / "out"});
      if (words[0] == "tbptt") words[6] = one_update;
      else words.insert(words.end(), {"--steps", "1"});
      const Outcome o = ebb_command(words);
      INFO(words[0] << " " << rate << ": " << o.out << o.err);
      CHECK(o.code == 1);
      CHECK_THAT(o.err, Contains("diverged at step 1: the ") || Contains("diverged at update 1: the "));
      CHECK_THAT(o.err, Contains("last update"));
      CHECK_THAT(read_all(folder / "out/summary.json"),
                 Contains("\"diverged\": \"step 1: the ") || Contains("\"diverged\": \"update 1: the "));
      CHECK_THAT(read_all(folder / "out/report.html"), !Contains(">nan") && !Contains(">inf"));
    }
}

TEST_CASE("weights that are not finite after the last update are divergence, whatever the loss") {
  const ebb::app::TaskInfo task{.unit = "bits"};
  ebb::Params w{{.dtype = ebb::f64}};
  (w / "cell").trained("a", ebb::Array::full({2}, 1, ebb::f64));
  CHECK(ebb::app::divergence_at_end(w, 1, 1, task).empty());
  CHECK(ebb::app::divergence_at_end(w, NAN, 1, task) == "the loss is not a number, after the last update");
  CHECK(ebb::app::divergence_at_end(w, 1e9, 1, task) ==
        "the loss is 1e+09 bits, over a million times that of the first update, after the last update");
  w.edit().flat().set_flat(1, INFINITY);
  CHECK(ebb::app::divergence_at_end(w, 1, 1, task) == "the last update made weight 'cell/a' overflow");
}

TEST_CASE("the message about a failed run says whether the others were completed") {
  const TempFolder folder;
  const auto message = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--quick", "--steps", "10", "--force", "--out", folder / "out"});
    const Outcome o = ebb_command(words);
    CHECK(o.code == 1);
    return o.err;
  };
  const std::vector<std::string> compare{"compare", "--task", "adding", "--lengths", "0", "--cells"};
  const auto compared = [&](std::vector<std::string> more) {
    std::vector<std::string> words = compare;
    words.insert(words.end(), more.begin(), more.end());
    return message(words);
  };
  CHECK_THAT(compared({"lstm", "--seeds", "1", "--lr", "1e38"}), !Contains("completed"));  // there are no others
  CHECK_THAT(compared({"lstm,gru", "--seeds", "1", "--lr", "1e38"}), EndsWith("; no run was completed\n"));
  CHECK_THAT(compared({"lstm,gru", "--seeds", "1", "--rates", "lstm=1e38"}),
             EndsWith("; the other runs were completed\n"));
  CHECK_THAT(compared({"lstm,gru", "--seeds", "2", "--rates", "lstm=1e38"}),
             EndsWith("; 2 of 4 runs failed, the others were completed\n"));
  CHECK_THAT(compared({"lstm,gru", "--seeds", "2", "--rates", "lstm=1e38"}), Contains("seed 1") && Contains("seed 2"));
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"train", "adding", "--seeds", "2"},
           {"vanish", "--tasks", "adding", "--cells", "lstm,gru", "--seeds", "1"},
           {"clip", "--task", "adding", "--thresholds", "1,2", "--values", "none", "--seeds", "1"},
           {"dropout", "--ways", "none,naive", "--seeds", "1"},
           {"forcing", "--ways", "forcing,linear", "--seeds", "1"}}) {
    std::vector<std::string> diverging = words;
    diverging.insert(diverging.end(), {"--lr", "1e38"});
    INFO(words[0]);
    CHECK_THAT(message(diverging), EndsWith("; no run was completed\n"));
  }
}

TEST_CASE("every command that trains succeeds if no run diverges", "[slow]") {
  for (const auto& training : trainings) {
    const TempFolder folder;
    std::vector<std::string> words = training;
    words.insert(words.end(), {"--quick", "--seeds", "1", "--out", folder / "out"});
    if (words[0] != "tbptt") words.insert(words.end(), {"--steps", "10"});
    const Outcome o = ebb_command(words);
    INFO(words[0] << ": " << o.out << o.err);
    CHECK(o.code == 0);
    CHECK_THAT(o.out + o.err, !Contains("diverged"));
  }
}

}  // namespace divergence_test
