#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/length_report.hpp>
#include <iterator>

namespace ebb::app {
namespace {

std::string value_text(double x, const std::string& unit) {
  return unit.empty() ? number_text(x) : number_text(x) + " " + unit;
}

}  // namespace

std::string lengths_text(const LengthTest& t) {
  std::string text;
  for (const LengthScore& s : t.scores)
    text +=
        fmt::format("{}{}: {}", text.empty() ? t.measure + " at length " : ", ", s.length, value_text(s.value, t.unit));
  return text;
}

LengthTest tested_at_lengths(Job& job, const Model& m, const Task& task, const TaskSettings& s, std::uint64_t seed,
                             const std::vector<std::string>& words) {
  const std::vector<int> lengths = lengths_of_tests(task, s, words);
  if (lengths.empty()) return {};
  LengthTest test = test_at_lengths(m, task, s, lengths);
  if (!test.scores.empty()) job.print(fmt::format("seed {}: {}\n", seed, lengths_text(test)));
  return test;
}

void LengthReport::add(std::uint64_t seed, const std::string& group, int trained, LengthTest test) {
  if (test.scores.empty()) return;
  runs_.push_back({seed, group, std::move(test)});
  trained_ = trained;
}

std::string LengthReport::name_of(const Run& run) const { return fmt::format("seed {}", run.seed); }
std::string LengthReport::group_of(const Run& run) const { return runs_.size() == 1 ? run.group : name_of(run); }

// The run that was tested at the most lengths: Ctrl-C may have ended the tests of another.
const LengthTest& LengthReport::longest() const {
  return std::max_element(runs_.begin(), runs_.end(),
                          [](const Run& a, const Run& b) { return a.test.scores.size() < b.test.scores.size(); })
      ->test;
}

std::string LengthReport::finding() const {
  const LengthTest& t = longest();
  std::string text;
  for (const LengthScore& at : t.scores) {
    if (&at != &t.scores.front() && &at != &t.scores.back()) continue;
    double sum = 0, n = 0;
    for (const Run& run : runs_)
      for (const LengthScore& s : run.test.scores)
        if (s.length == at.length) {
          sum += s.value;
          n += 1;
        }
    text += fmt::format("{}{} at length {}{}", text.empty() ? "" : ", ", value_text(sum / n, t.unit), at.length,
                        n > 1 && text.empty() ? fmt::format(" in the mean of {} seeds", n) : "");
  }
  return fmt::format("On the test split, {} {}; baseline there: {}. Greatest length of training: {}.", t.measure, text,
                     value_text(t.scores.back().baseline, t.unit), trained_);
}

std::string LengthReport::csv() const {
  std::string csv = "seed,length,sequences,measure,value,baseline,loss\n";
  for (const Run& run : runs_)
    for (const LengthScore& s : run.test.scores)
      fmt::format_to(std::back_inserter(csv), "{},{},{},{},{},{},{}\n", run.seed, s.length, s.sequences,
                     run.test.measure, csv_text(s.value), csv_text(s.baseline), csv_text(s.loss));
  return csv;
}

Plot LengthReport::plot() const {
  const LengthTest& all = longest();
  Plot plot{.title = "Longer sequences",
            .x_label = "length",
            .y_label = fmt::format("{}, {}", all.measure, all.unit),
            .caption =
                "On sequences of the test split that all have one length. Grey: the baseline, which does not "
                "read the sequence.",
            .log_x = true,
            .finding = finding(),
            .id = "lengths"};
  Series baseline{.name = "baseline"};
  for (const LengthScore& s : all.scores) {
    baseline.x.push_back(s.length);
    baseline.y.push_back(s.baseline);
  }
  plot.marks.push_back(std::move(baseline));
  for (const Run& run : runs_) {
    Series line{.name = name_of(run), .group = group_of(run), .beads = true};
    for (const LengthScore& s : run.test.scores) {
      line.x.push_back(s.length);
      line.y.push_back(s.value);
    }
    plot.series.push_back(std::move(line));
  }
  return plot;
}

Table LengthReport::table() const {
  const LengthTest& all = longest();
  Table table{.head = {"run"}, .caption = fmt::format("By length: {}, {}.", all.measure, all.unit)};
  const auto row_of = [&](Entry first, const LengthTest& t, double LengthScore::* value) {
    std::vector<Entry> row{std::move(first)};
    for (const LengthScore& s : t.scores) row.emplace_back(number_text(s.*value));
    row.resize(all.scores.size() + 1, "");
    return row;
  };
  for (const LengthScore& s : all.scores) table.head.push_back(count_text(s.length));
  for (const Run& run : runs_)
    table.rows.push_back(row_of({name_of(run), group_of(run)}, run.test, &LengthScore::value));
  table.foot.push_back(row_of("baseline", all, &LengthScore::baseline));
  return table;
}

void LengthReport::summarise(Summary& summary) const {
  for (const Run& run : runs_) {
    const auto section = summary.under({"runs", std::to_string(run.seed)});
    section.set({"length_measure"}, run.test.measure);
    section.set({"length_unit"}, run.test.unit);
    section.set({"length_measure_rises"}, run.test.rises);
    for (const LengthScore& s : run.test.scores) {
      const auto at = section.under({"lengths", std::to_string(s.length)});
      at.set({"value"}, s.value);
      at.set({"baseline"}, s.baseline);
      at.set({"loss"}, s.loss);
      at.set({"sequences"}, s.sequences);
    }
  }
}

void LengthReport::report(Job& job) const {
  if (runs_.empty()) return;
  job.report.section("Longer sequences than in training");
  job.report.plots({plot()});
  job.report.table(table());
  summarise(job.summary);
  job.write("lengths.csv", csv());
}

}  // namespace ebb::app
