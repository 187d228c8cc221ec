#pragma once
#include <ebb/experiments/papers/row_result.hpp>
#include <map>

namespace ebb::app::papers {

/// A row of docs/papers.md, as it is kept in docs/papers.json.
struct KeptRow {
  std::string experiment, quantity, label, paper, ours, each_seed, difference, verdict, note;
  double seconds = 0, wall = 0;  ///< of one seed, as it took; of all seeds, as estimated (0: not known)
};
/// The latest run of a protocol at one size.
struct KeptRun {
  std::string date, version, machine;  ///< "2026-01-31"; "0.2.0 at 1a2b3c4"; "2 threads, AMD EPYC"
  std::uint64_t first_seed = 1;
  std::vector<KeptRow> rows;
};
/// A paper and its runs: "full", "standard".
struct KeptPaper {
  std::string title, short_title, source;
  std::map<std::string, KeptRun> runs;
};
using KeptPapers = std::map<std::string, KeptPaper>;

/// Reads the stored papers; none if the file does not exist yet. Errors: FileError naming the file if it is not one of
/// these
KeptPapers read_papers(const std::string& path);
std::string papers_json(const KeptPapers&);

/// Takes over a run. Rows that were not run, or of which a trial failed, keep the results of an earlier run; the former
/// get the estimated time.
void keep(KeptPapers&, const Protocol&, Size, const std::vector<RowResult>&, std::uint64_t first_seed, int threads);

/// The page as Markdown: for each paper, a table of its rows.
std::string papers_page(const KeptPapers&);

}  // namespace ebb::app::papers
