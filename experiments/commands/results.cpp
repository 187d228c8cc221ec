#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/cli/command_line.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/stored_page.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/commands/results_page.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/parallel.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

/// Runs the rows of docs/results.md and writes the page after each row; interrupted rows are resumed.
class ResultsCommand final : public Command {
 public:
  void options(Options& o) override {
    threads_ = threads();
    o.add("ROW", rows_, "rows to run again (default: the missing ones)");
    o.add("--list", list_, "only list the rows and their results");
    o.add("--page", page_, "page to write; its data are stored in the same folder, as .json").type("FILE");
    o.add("--runs", runs_, "folder for the runs").type("DIR");
    o.add("--seeds", seeds_, "number of seeds; 0: the default of the row, 3 or 1").at_least(0).at_most(1000);
    o.add("--threads", threads_, "number of threads; results do not depend on it").at_least(1).at_most(1024);
    o.add("--quick", quick_, "run every row at a toy size, to test that it works");
    o.example("ebb results --list");
    o.example("ebb results images series                  these two, from scratch or resumed");
    o.example("EBB_DATA=data ebb results                  all missing rows, about an hour and a half on two cores");
  }

  int run() override {
    if (quick_ && page_ == default_page) page_ = (fs::path(runs_) / "quick.md").string();
    all_ = read_results(StoredPage(page_).data());
    if (list_) return print_list();
    StoredPage(page_).check();
    std::vector<const ResultRow*> todo;
    for (const std::string& name : rows_) todo.push_back(&result_row(name));
    if (rows_.empty())
      for (const ResultRow& row : result_rows())
        if (!all_.contains(row.name)) todo.push_back(&row);
    int code = 0;
    for (const ResultRow* row : todo) {
      const int row_code = one(*row);
      if (row_code == 130) return 130;
      code = std::max(code, row_code);
    }
    if (code == 0) {
      write();
      put(fmt::format("{}\n", page_));
    }
    return code;
  }

 private:
  int print_list() const {
    for (const std::string& name : rows_) result_row(name);
    for (const ResultRow& row : result_rows()) {
      if (!rows_.empty() && std::find(rows_.begin(), rows_.end(), row.name) == rows_.end()) continue;
      const auto at = all_.find(row.name);
      const std::string state = at == all_.end()                     ? "not run yet"
                                : shortfall(row, at->second).empty() ? "reached"
                                                                     : shortfall(row, at->second);
      put(fmt::format("{:<20} {:<50} {}\n", row.name, row.command(), state));
    }
    return 0;
  }

  int one(const ResultRow& row) {
    const std::string folder = (fs::path(runs_) / row.name).string();
    put(fmt::format("\n=== {}: {}\n", row.name, row.command()));
    try_put({});
    const Begun begun = begin(row, folder);
    const int code = begun == Begun::ended ? 0 : command(words_of(row, folder, begun));
    if (code == 130) return code;
    if (code != 0) {
      forget(row);
      std::fputs(fmt::format("ebb results: the row '{}' ended with exit code {}; its previous result is kept\n",
                             row.name, code)
                     .c_str(),
                 stderr);
      return code;
    }
    RowResult result = RowResult::of_summary(folder + "/summary.json", row);
    result.date = time_with_zone().substr(0, 10);
    result.version = version_and_commit();
    result.quick = quick_;
    result.machine = fmt::format("{}, {}", count_text(threads_, "thread"), processor());
    all_[row.name] = result;
    write();
    forget(row);
    return 0;
  }

  // How far a run of the same command by the same version is.
  enum class Begun { anew, on, ended };
  Begun begin(const ResultRow& row, const std::string& folder) const {
    const std::string note = folder + ".command";
    const std::string line =
        fmt::format("{} ebb {}\n", version_and_commit(), fmt::join(words_of(row, folder, Begun::anew), " "));
    RunFolder own{folder, true};
    own.create();
    own.lock();  // who trains there now is not disturbed
    const bool same = fs::exists(folder + "/config.toml") && fs::exists(note) && read_file(note) == line;
    if (!same)  // of an older run: it would be taken for this one, if this one is killed
      for (const char* left : {"/summary.json", "/config.toml"}) remove(folder + left);
    RunFolder beside{runs_, true};
    beside.create();
    beside.write(row.name + ".command", line);
    own.discard();
    return !same ? Begun::anew : ended(folder) ? Begun::ended : Begun::on;
  }

  // Asked for once more, the row is run from scratch.
  void forget(const ResultRow& row) const { remove((fs::path(runs_) / (row.name + ".command")).string()); }
  static void remove(const std::string& path) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }

  std::vector<std::string> words_of(const ResultRow& row, const std::string& folder, Begun begun) const {
    if (begun == Begun::on) return {"train", "--resume", folder};
    std::vector<std::string> words = row.words;
    if (quick_) words.emplace_back("--quick");
    words.insert(words.end(), {"--seeds", std::to_string(seeds_ > 0 ? seeds_ : row.seeds), "--out", folder, "--force"});
    return words;
  }

  static bool ended(const std::string& folder) {
    return fs::exists(folder + "/summary.json") &&
           read_file(folder + "/summary.json").find("\"interrupted\": true") == std::string::npos;
  }

  int command(std::vector<std::string> words) const {
    words.insert(words.end(), {"--threads", std::to_string(threads_)});
    return run_command(words);
  }

  void write() const { StoredPage(page_).write(results_json(all_), results_page(all_)); }

  std::vector<std::string> rows_;
  static constexpr const char* default_page = "docs/results.md";
  std::string page_ = default_page, runs_ = "runs/results";
  int seeds_ = 0, threads_ = 1;
  bool list_ = false, quick_ = false;
  RowResults all_;
};
EBB_SUBCOMMAND(results, "results", ResultsCommand, "run the rows of docs/results.md and write the page");

}  // namespace
}  // namespace ebb::app
