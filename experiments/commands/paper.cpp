#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/stored_page.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/papers/page.hpp>
#include <ebb/experiments/papers/paper_run.hpp>
#include <ebb/experiments/papers/papers.hpp>
#include <ebb/experiments/papers/record.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <filesystem>

namespace ebb::app {
namespace {

std::vector<std::string> paper_names() {
  std::vector<std::string> names;
  for (const papers::BuiltIn& b : papers::built_in_protocols()) names.emplace_back(b.name);
  return names;
}

/// Runs the experiments of a paper, and prints its numbers beside ours.
struct PaperCommand {
  static constexpr bool resumes = true;
  std::string what, page = "docs/papers.md";
  double hours = 2;
  int jobs = 0;
  bool cost = false, record = false;

  void options(Options& o) {
    o.add("PAPER", what, "paper; `ebb papers` lists them; or a protocol of your own, FILE.toml")
        .type("NAME|FILE.toml")
        .required()
        .completes(paper_names());
    o.add("--cost", cost, "only estimate how long each row takes, from a few updates");
    o.add("--hours", hours, "with --full: rows that would take longer are not run").above(0).with("--full");
    o.add("--jobs", jobs, "trials at a time (default: as many as threads)").at_least(0).at_most(1024).not_kept();
    o.add("--record", record, "store the results and write the page of all papers").unrecorded();
    o.add("--page", page, "with --record: that page; its data are stored in the same folder, as .json")
        .type("FILE")
        .with("--record")
        .unrecorded();
    o.example("ebb paper bai2018                     reduced, a few minutes on two cores");
    o.example("ebb paper bai2018 --full --cost       how long the published sizes would take");
    o.example("ebb paper pascanu2013 --full --record writes docs/papers.md");
    o.example("ebb paper mine.toml --quick           whether a protocol of your own can be run");
    o.example("ebb paper --resume runs/paper-20260101-120000");
  }

  // The copy of the protocol in the folder of a run is what the run is resumed with.
  void prepare(SharedOptions& shared, Options& o) {
    if (what.empty() && !shared.again) return;
    if (shared.again) {
      const std::string copy = shared.out + "/protocol.toml";
      protocol_ = papers::protocol_of(std::filesystem::path(what).stem().string(), copy, read_text(copy));
    } else {
      protocol_ = papers::find_protocol(what);
    }
    for (const auto& e : o.entries())
      if (e->name == "--seeds" && !e->given) {
        shared.seeds = shared.full ? protocol_.seeds : shared.quick ? 1 : protocol_.reduced_seeds;
        e->given = true;  // which a size does not change
      }
  }

  void run(Job& job) {
    papers::PaperRun paper{protocol_, job.size(), job.seeds()};
    if (record) check_recording(job);
    const papers::KeptPapers kept = record ? papers::read_papers(StoredPage(page).data()) : papers::KeptPapers{};
    if (cost) return estimate(job, paper, kept);
    if (job.size() == Size::full) leave_out(job, paper);
    const sweep::Plan plan = paper.plan();
    job.start(plan.updates());
    job.write("protocol.toml", protocol_.text);
    if (job.interrupted()) return;  // while costs were measured
    if (job.size() == Size::full) job.write("costs.json", paper.costs_json());
    const auto rows =
        std::count_if(paper.entries().begin(), paper.entries().end(), [](const auto& e) { return e.run; });
    job.print(fmt::format("{}: {}, {} with {} each\n", protocol_.short_title(), protocol_.title,
                          count_text(static_cast<double>(rows), "row"),
                          count_text(static_cast<double>(plan.seeds.size()), "seed")));
    const int most = std::max(1, std::min(jobs > 0 ? jobs : job.threads(), static_cast<int>(plan.trials.size())));
    const auto workers = sweep::processes(most, job.threads());
    sweep::Runner runner{job, plan, *workers};
    train(job, paper, plan, runner);
    const auto results = paper.results(plan, &runner, job.threads());
    fill(job, plan, runner, results);
    print_tables(job, results);
    if (record && !runner.stopped()) store(job, kept, results);
  }

 private:
  void check_recording(const Job& job) const {
    if (job.size() == Size::quick) throw ValueError("--record stores results, and a toy run with --quick has none");
    StoredPage(page).check();
  }

  void estimate(Job& job, papers::PaperRun& paper, const papers::KeptPapers& kept) const {
    job.start(static_cast<double>(paper.entries().size()));
    job.write("protocol.toml", protocol_.text);
    const std::string file = job.folder() + "/costs.json";
    if (job.again() && std::filesystem::exists(file)) paper.read_costs(read_file(file), file);
    measure(job, paper, [&] { job.write("costs.json", paper.costs_json()); });
    if (job.interrupted()) return;
    const double all = paper.wall(job.threads());
    job.print(fmt::format("\nall rows, {} each: about {} on {}\n",
                          count_text(static_cast<double>(job.seeds().size()), "seed"), duration_text(all),
                          count_text(job.threads(), "idle core")));
    job.summary.set({"estimated_seconds"}, all);
    const auto results = paper.results({}, nullptr, job.threads());
    papers::report(job, protocol_, results);
    if (record) store(job, kept, results);
  }

  static void measure(Job& job, papers::PaperRun& paper, const std::function<void()>& each = {}) {
    for (const papers::PaperRun::Entry& e : paper.entries())
      if (e.cost.known()) job.print(sweep::cost_line(e.name(), e.cost));
    paper.measure_costs([&](const papers::PaperRun::Entry& e) {
      job.print(sweep::cost_line(e.name(), e.cost));
      if (each) each();
    });
  }

  // What is left out must be the same when the job is resumed, whatever else the machine does then.
  void leave_out(Job& job, papers::PaperRun& paper) const {
    const std::string file = job.folder() + "/costs.json";
    if (job.again() && std::filesystem::exists(file)) paper.read_costs(read_file(file), file);
    measure(job, paper);
    if (job.interrupted()) return;
    paper.leave_out(3600 * hours, job.threads());
    for (const papers::PaperRun::Entry& e : paper.entries())
      if (!e.run)
        job.print(fmt::format("{} is not run: it would take about {}, more than --hours {}\n", e.name(),
                              duration_text(paper.wall(e, job.threads())), hours));
    if (std::none_of(paper.entries().begin(), paper.entries().end(), [](const auto& e) { return e.run; }))
      throw ValueError(fmt::format("every row would take more than --hours {}: raise it, or leave out --full", hours));
  }

  void train(Job& job, const papers::PaperRun& paper, const sweep::Plan& plan, sweep::Runner& runner) const {
    constexpr double between = 30;  // seconds between two intermediate pages
    double written = job.seconds();
    runner.run([&] {
      if (job.seconds() - written < between) return;
      written = job.seconds();
      job.run_ended([] {}, [&] { fill(job, plan, runner, paper.results(plan, &runner, job.threads())); });
    });
    job.summary.set({"cpu_seconds"}, runner.cpu_seconds());
  }

  void fill(Job& job, const sweep::Plan& plan, const sweep::Runner& runner,
            const std::vector<papers::RowResult>& results) const {
    papers::report(job, protocol_, results);
    job.write("records.json", papers::records_json(protocol_, results, job.size()));
    for (std::size_t k = 0; k < plan.trials.size(); ++k)
      if (const std::string& why = runner.results()[k].failed; !why.empty())
        job.fail_run(fmt::format("trial {}: {}", plan.trials[k].name, why), plan.trials.size());
  }

  void print_tables(Job& job, const std::vector<papers::RowResult>& results) const {
    for (const papers::Experiment& e : protocol_.experiments)
      job.print("\n" + papers::table_lines(e, results, job.size()));
  }

  void store(Job& job, papers::KeptPapers kept, const std::vector<papers::RowResult>& results) const {
    papers::keep(kept, protocol_, job.size(), results, job.seeds().front(), job.threads());
    StoredPage(page).write(papers::papers_json(kept), papers::papers_page(kept));
    job.print(page + "\n");
  }

  papers::Protocol protocol_;
};
EBB_EXPERIMENT(paper, PaperCommand, "run the experiments of a paper and compare its numbers with ours");

class PapersCommand final : public Command {
 public:
  void options(Options& o) override {
    o.add("PAPER", names_, "papers to list, with their experiments (default: all)").completes(paper_names());
    o.example("ebb papers");
    o.example("ebb papers bai2018     the protocol, to read or to change");
  }

  int run() override {
    for (const std::string& name : names_) put(papers::find_protocol(name).text);
    if (!names_.empty()) return 0;
    for (const std::string& name : paper_names()) {
      const papers::Protocol p = papers::find_protocol(name);
      put(fmt::format("{} {}: {}\n", fit(name, 16), p.short_title(), p.title));
      for (const papers::Experiment& e : p.experiments) put(fmt::format("{} {}\n", fit("", 18), e.question));
    }
    put("\nTo run one: ebb paper NAME. A protocol of your own: ebb papers NAME > mine.toml, then ebb paper "
        "mine.toml\n");
    return 0;
  }

 private:
  std::vector<std::string> names_;
};
EBB_SUBCOMMAND(papers, "papers", PapersCommand, "list the papers that `ebb paper` runs, or print a protocol");

}  // namespace
}  // namespace ebb::app
