#include <atomic>
#include <csignal>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/nn/cell.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace own_experiment_test {

namespace {

/// An experiment of the user's own: options, sizes, threads, report, summary and Ctrl-C come from the helpers.
struct Squares {
  int largest = 100;
  double power = 2;
  bool interrupt = false, terminate = false, fail = false, seven = false, keep = false;

  void options(ebb::app::Options& o) {
    o.add("--largest", largest, "last number").at_least(1).quick(10).full(1000);
    o.add("--power", power, "exponent").above(0);
    o.add("--interrupt", interrupt, "as if Ctrl-C were pressed in the middle");
    o.add("--terminate", terminate, "as if a SIGTERM came in the middle");
    o.add("--keep", keep, "keep two files for each number");
    o.add("--seven", seven, "throw 7");
    o.add("--fail", fail, "end with an error");
  }

  void run(ebb::app::Job& job) {
    if (power > 10) throw ebb::ValueError("that is too much");
    if (seven) throw 7;
    std::vector<double> y(static_cast<std::size_t>(largest));
    job.start(largest);
    job.parallel(largest, [&](int k) {
      if (interrupt && k == largest / 2) std::raise(SIGINT), std::raise(SIGINT);  // a bouncing key
      if (terminate && k == largest / 2) std::raise(SIGTERM);
      if (job.interrupted()) return;
      y[static_cast<std::size_t>(k)] = std::pow(k + 1, power);
      for (int copy = 0; copy < (keep ? 2 : 0); ++copy)
        job.keep(std::to_string(k) + "-" + std::to_string(copy) + ".kept", [](const std::string&) {});
      job.progress().advance(1);
    });
    double sum = 0;
    for (const double x : y) sum += x;
    job.summary.set({"sum"}, sum);
    job.report.lead("Numbers <raised> to a power & summed.");
    job.report.plots({{.title = "Powers",
                       .x_label = "k",
                       .y_label = "k^p",
                       .series = {{.name = "</script>", .x = {1, 2}, .y = {1, 4}}}}});
    job.write("numbers.csv", "k,y\n");
    if (fail) job.fail("the numbers are wrong");
  }
};
EBB_EXPERIMENT(squares, Squares, "sums powers (made by the tests)");

/// A cell whose matrix has the wrong width.
struct Crooked {
  ebb::Param U;
  Crooked(ebb::Builder p, ebb::CellSizes s) : U(p.matrix("U", s.hidden + 1, s.hidden)) {}
  ebb::Hidden step(const ebb::Var&, const ebb::Hidden& s) const { return {tanh(matmul(s.h, U))}; }
};
EBB_CELL(crooked, Crooked, "a cell that does not fit (made by the tests)");

/// A cell that breaks in the middle of the work, once armed: it counts the steps that have gradients.
struct Fragile {
  static inline std::atomic<long> steps_left{1L << 40};
  ebb::Param U;
  Fragile(ebb::Builder p, ebb::CellSizes s) : U(p.matrix("U", s.hidden, s.hidden)) {}
  ebb::Hidden step(const ebb::Var& x, const ebb::Hidden& s) const {
    (void)x;
    if (ebb::detail::TapeImpl::current().recording() && --steps_left < 0) throw ebb::ValueError("the cell broke");
    return {tanh(matmul(s.h, U))};
  }
};
EBB_CELL(fragile, Fragile, "a cell that breaks (made by the tests)");

}  // namespace

TEST_CASE("files that are written from several threads are all listed") {
  TempFolder folder;
  const Outcome o = ebb_command({"squares", "--keep", "--largest", "1000", "--threads", "4", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  int listed = 0;
  for (std::size_t at = 0; (at = o.out.find(".kept", at)) != std::string::npos; ++at) ++listed;
  CHECK(listed == 2000);
}

TEST_CASE("a cell that throws midway is marked as failed, the others continue, and the exit code is 1") {
  TempFolder folder;
  for (const long steps : {5L, 200L}) {  // while its start is measured; in training
    const std::string out = folder / std::to_string(steps);
    Fragile::steps_left = steps;
    const Outcome o = ebb_command({"vanish", "--quick", "--tasks", "adding", "--cells", "fragile,rnn", "--steps", "20",
                                   "--lags", "10", "--rows", "2", "--seeds", "1", "--out", out, "--threads", "1"});
    Fragile::steps_left = 1L << 40;
    INFO(o.out << o.err);
    CHECK(o.code == 1);
    CHECK_THAT(o.err, Catch::Matchers::Contains("fragile on adding, seed 1: the cell broke"));
    CHECK_THAT(o.out, Catch::Matchers::Contains("fragile: seed 1 FAILED: the cell broke"));
    const auto s = summary_of(out);
    const auto& cells = s["tasks"]["adding"]["cells"];
    CHECK(cells["fragile"]["failed"] == true);
    CHECK(cells["fragile"]["loss"].is_null());
    CHECK_THAT(cells["fragile"]["runs"]["1"]["failed"].get<std::string>(),
               Catch::Matchers::StartsWith("the cell broke (time step "));
    CHECK(cells["fragile"].contains("init") == (steps > 5));
    CHECK(cells["fragile"]["runs"]["1"]["updates"] == 0);  // known only once training has ended
    CHECK(cells["rnn"]["failed"] == false);
    CHECK(cells["rnn"]["loss"].is_number());
    CHECK_THAT(read_all(out + "/report.html"), Catch::Matchers::Contains("seed 1 failed: the cell broke"));
  }
}

TEST_CASE("an exception of unknown type is an internal error") {
  TempFolder folder;
  const Outcome o = ebb_command({"squares", "--seven", "--out", folder / "out"});
  CHECK(o.code == 1);
  CHECK_THAT(o.err, Catch::Matchers::Contains("ebb squares: internal error"));
}

TEST_CASE("runs started in the same second get separate folders") {
  TempFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  for (int k = 0; k < 4; ++k) CHECK(ebb_command({"squares", "--quick"}).code == 0);
  std::filesystem::current_path(before);
  int folders = 0;
  for (const auto& f : std::filesystem::directory_iterator(folder / "runs"))
    folders += std::filesystem::exists(f.path() / "summary.json");
  CHECK(folders == 4);
}

TEST_CASE("two runs with the same name get separate folders") {
  TempFolder folder;
  auto a = ebb::app::RunFolder::of_its_own(folder / "runs/x"), b = ebb::app::RunFolder::of_its_own(folder / "runs/x");
  a.create();
  b.create();
  CHECK(a.path() == folder / "runs/x");
  CHECK(b.path() == folder / "runs/x-2");
  b.discard();
  CHECK(!folder.has("runs/x-2"));
  CHECK(folder.has("runs/x"));
}

TEST_CASE("the helpers give a user's experiment its options, folder, report and summary") {
  TempFolder folder;
  const Outcome o = ebb_command({"squares", "--out", folder / "out", "--threads", "2"});
  INFO(o.err);
  REQUIRE(o.code == 0);
  const auto s = summary_of(folder / "out");
  CHECK(s["sum"] == 338350.0);
  CHECK(s["options"]["largest"] == 100);
  CHECK(s["seeds"].size() == 3);
  CHECK(folder.has("out/numbers.csv"));
  const std::string html = read_all(folder / "out/report.html");
  CHECK_THAT(html, Catch::Matchers::Contains("Numbers &lt;raised&gt; to a power &amp; summed."));
  CHECK_THAT(html, !Catch::Matchers::Contains("\"</script>\""));
}

TEST_CASE("sizes have their default values unless the user sets them") {
  TempFolder folder;
  const auto sum = [&](const std::string& name, std::vector<std::string> more) {
    more.insert(more.begin(), {"squares", "--out", folder / name});
    REQUIRE(ebb_command(more).code == 0);
    return summary_of(folder / name)["sum"].get<double>();
  };
  CHECK(sum("a", {"--quick"}) == 385);
  CHECK(sum("b", {"--quick", "--largest", "3"}) == 14);
  CHECK(sum("c", {"--full", "--power", "1"}) == 500500);
}

TEST_CASE("help shows options, their defaults and examples at each level") {
  const Outcome top = ebb_command({"--help"});
  CHECK(top.code == 0);
  CHECK_THAT(top.out, Catch::Matchers::Contains("squares") && Catch::Matchers::Contains("Examples:"));
  for (const char* command : {"vanish", "train", "check", "new", "cells", "tasks"}) {
    const Outcome o = ebb_command({command, "--help"});
    CHECK(o.code == 0);
    CHECK_THAT(o.out, Catch::Matchers::Contains("Examples:"));
  }
  CHECK_THAT(ebb_command({"squares", "--help"}).out, Catch::Matchers::Contains("--largest N=100"));
}

TEST_CASE("Ctrl-C ends cleanly: finished results are reported and stored") {
  TempFolder folder;
  CHECK(ebb_command({"squares", "--terminate", "--out", folder / "terminated", "--threads", "1"}).code == 130);
  CHECK(summary_of(folder / "terminated")["sum"] == 42925.0);
  const Outcome o = ebb_command({"squares", "--interrupt", "--out", folder / "out", "--threads", "1"});
  CHECK(o.code == 130);
  const auto s = summary_of(folder / "out");
  CHECK(s["interrupted"] == true);
  CHECK(s["sum"] == 42925.0);  // of 1 to 50
  CHECK_THAT(read_all(folder / "out/report.html"), Catch::Matchers::Contains("INTERRUPTED"));
}

TEST_CASE("an experiment that fails exits with 1; one that rejects its input exits with 2 and writes nothing") {
  TempFolder folder;
  const Outcome failed = ebb_command({"squares", "--fail", "--out", folder / "failed"});
  CHECK(failed.code == 1);
  CHECK_THAT(failed.err, Catch::Matchers::Contains("ebb squares: the numbers are wrong"));
  const Outcome rejected = ebb_command({"squares", "--power", "11", "--out", folder / "refused/deep"});
  CHECK(rejected.code == 2);
  CHECK(rejected.err == "ebb squares: that is too much\n");
  CHECK(!folder.has("refused"));
}

TEST_CASE("a shape error in a user's cell names the op, shapes, file, line and time step") {
  TempFolder folder;
  const Outcome o =
      ebb_command({"vanish", "--cells", "crooked", "--tasks", "adding", "--hidden", "4", "--out", folder / "out"});
  CHECK(o.code == 2);
  for (const char* part : {"matmul", "[5, 4]", "own_experiment_test.cpp", "time step 0"})
    CHECK_THAT(o.err, Catch::Matchers::Contains(part));
  CHECK(folder.empty());
}

}  // namespace own_experiment_test
