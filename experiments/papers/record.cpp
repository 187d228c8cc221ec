#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/machine.hpp>
#include <ebb/experiments/cli/run_file.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/papers/papers.hpp>
#include <ebb/experiments/papers/record.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <filesystem>
#include <iterator>

namespace ebb::app::papers {
namespace {

struct Kept {
  KeptPapers papers;
};

KeptRow kept_of(const RowResult& r, Size size) {
  return {.experiment = r.experiment->name,
          .quantity = r.experiment->quantity(),
          .label = r.row->label,
          .paper = r.paper(),
          .ours = r.run ? r.ours() : "",
          .each_seed = r.each_seed(),
          .difference = r.difference(),
          .verdict = r.verdict(size),
          .note = r.row->note,
          .seconds = r.run && r.over() > 0 ? r.seconds() : 0,
          .wall = std::isnan(r.wall) ? 0 : r.wall};
}

bool same_row(const KeptRow& a, const KeptRow& b) { return a.experiment == b.experiment && a.label == b.label; }

const KeptRow* row_in(const KeptPaper& p, const char* size, const KeptRow& like) {
  const auto run = p.runs.find(size);
  if (run == p.runs.end()) return nullptr;
  const std::vector<KeptRow>& rows = run->second.rows;
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const KeptRow& r) { return same_row(r, like); });
  return at == rows.end() ? nullptr : &*at;
}

// "0.161 ± 0.004; agrees: within 10 %", "not run: about 3.0 h"
std::string cell_of(const KeptRow* r) {
  if (!r) return "not run";
  if (r->ours.empty()) return r->wall > 0 ? fmt::format("not run: about {}", rough_time_text(r->wall)) : "not run";
  return fmt::format("**{}**{}; {}", r->ours, r->each_seed == r->ours ? "" : " (" + r->each_seed + ")", r->verdict);
}

std::string time_of(const KeptRow* r) { return r && !r->ours.empty() ? number_text(r->seconds) : ""; }

std::string run_line(const KeptPaper& p, const char* size, const char* name) {
  const auto run = p.runs.find(size);
  if (run == p.runs.end()) return {};
  const KeptRun& r = run->second;
  return fmt::format("{}: {}, {}, {}{}.\n", name, r.date, r.version, r.machine,
                     r.first_seed == 1 ? "" : fmt::format(", `--seed {}`", r.first_seed));
}

bool is_built_in(const std::string& name) {
  const auto& all = built_in_protocols();
  return std::any_of(all.begin(), all.end(), [&](const BuiltIn& b) { return name == b.name; });
}

std::string section(const std::string& name, const KeptPaper& p) {
  std::string text = fmt::format(
      "\n## {}\n\n*{}*, {}.\n\n    ebb paper {}{}\n\n"
      "| experiment | row | measure | paper | as published | s | reduced | s |\n|---|---|---|---|---|---|---|---|\n",
      markdown_text(p.short_title), markdown_text(p.title), markdown_text(p.source), name,
      is_built_in(name) ? "" : ".toml");
  const std::vector<KeptRow>& rows = p.runs.begin()->second.rows;
  for (const KeptRow& r : rows) {
    const KeptRow *full = row_in(p, "full", r), *reduced = row_in(p, "standard", r);
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n", markdown_text(r.experiment),
                        markdown_text(r.label), markdown_text(r.quantity), markdown_text(r.paper),
                        markdown_text(cell_of(full)), time_of(full), markdown_text(cell_of(reduced)), time_of(reduced));
  }
  text += "\n";
  for (const KeptRow& r : rows)
    if (!r.note.empty()) text += markdown_text(fmt::format("{}, {}: {}", r.experiment, r.label, r.note)) + "\n\n";
  const auto full = p.runs.find("full");
  const bool ran = full != p.runs.end() && std::any_of(full->second.rows.begin(), full->second.rows.end(),
                                                       [](const KeptRow& r) { return !r.ours.empty(); });
  const std::string runs = run_line(p, "full", ran ? "As published" : "Estimates") + run_line(p, "standard", "Reduced");
  return text + runs;
}

}  // namespace

static void visit(Fields& f, KeptRow& r) {
  f("experiment", r.experiment)("quantity", r.quantity)("label", r.label)("paper", r.paper)("ours", r.ours);
  f("each_seed", r.each_seed)("difference", r.difference)("verdict", r.verdict)("note", r.note)("seconds", r.seconds)(
      "wall", r.wall);
}
static void visit(Fields& f, KeptRun& r) {
  f("date", r.date)("version", r.version)("machine", r.machine)("first_seed", r.first_seed)("rows", r.rows);
}
static void visit(Fields& f, KeptPaper& p) {
  f("title", p.title)("short_title", p.short_title)("source", p.source)("runs", p.runs);
}
namespace {
void visit(Fields& f, Kept& k) { f("papers", k.papers); }
}  // namespace

KeptPapers read_papers(const std::string& path) {
  if (!std::filesystem::exists(path)) return {};
  return from_json<Kept>(read_file(path), path).papers;
}

std::string papers_json(const KeptPapers& all) { return json_of(Kept{all}) + "\n"; }

void keep(KeptPapers& all, const Protocol& p, Size size, const std::vector<RowResult>& results,
          std::uint64_t first_seed, int threads) {
  KeptPaper& paper = all[p.name];
  paper.title = p.title;
  paper.short_title = p.short_title();
  paper.source = p.source;
  KeptRun run{.date = time_with_zone().substr(0, 10),
              .version = version_and_commit(),
              .machine = fmt::format("{}, {}", count_text(threads, "thread"), processor()),
              .first_seed = first_seed,
              .rows = {}};
  bool any = false;
  for (const RowResult& r : results) {
    run.rows.push_back(kept_of(r, size));
    any |= r.run;
    if (r.run && r.over() == std::ssize(r.seeds)) continue;  // a trial that failed is no result
    if (const KeptRow* const before = row_in(paper, name_of(size), run.rows.back()); before && !before->ours.empty()) {
      const double wall = run.rows.back().wall;
      run.rows.back() = *before;
      run.rows.back().wall = wall;
    }
  }
  const auto before = paper.runs.find(name_of(size));
  if (!any && before != paper.runs.end()) {  // the machine and the version of its results
    run.date = before->second.date;
    run.version = before->second.version;
    run.machine = before->second.machine;
    run.first_seed = before->second.first_seed;
  }
  paper.runs[name_of(size)] = run;
}

std::string papers_page(const KeptPapers& all) {
  std::string text =
      "# Papers, run again\n\n"
      "`ebb paper NAME` trains the networks of a paper and prints its numbers beside ours;\n"
      "[paper-protocols.md](paper-protocols.md) explains how. `ebb paper NAME --record` writes this page. An entry has "
      "the\n"
      "mean over seeds on the test split, each seed in brackets, and the verdict of its row's rule: of a run as "
      "published,\n"
      "whether it agrees with the paper. Reduced runs are smaller experiments. In the protocols that are built in, "
      "their\n"
      "sizes and most of their rules were chosen in trials with other seeds, often until the paper's effect showed, "
      "so\n"
      "that \"as expected\" means no more than that the trials were repeated. The columns s have the seconds of one "
      "seed;\n"
      "the times of rows that were not run are estimates for all seeds.\n";
  for (const auto& [name, paper] : all) text += section(name, paper);
  return text;
}

}  // namespace ebb::app::papers
