#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/observe/newton.hpp>

namespace ebb::app::observe {
namespace {

/// The iterations that Newton's method through time needs, against the length.
struct NewtonMeasure final : Measure {
  bool reads(std::string_view option) const override { return is_one_of(option, {"--length", "--rows", "--free"}); }

  std::string unfit(const Subject&, const Amount& a) const override {
    return a.steps < 10 ? "it needs at least 10 steps" : "";
  }

  Values measure(const Subject& s, const Amount& a) const override {
    const Amount few = a.by_default(1000, 4);
    NewtonOptions options;
    for (const int n : {10, 30, 100, 300, 1000, 3000, 10'000, 30'000, 100'000})
      if (n < few.steps) options.lengths.push_back(n);
    const NewtonRun run = newton_through_time(s.cell(), drive_of(s, few), {}, {}, options);
    Values v;
    for (std::size_t k = 0; k < run.lengths.size(); ++k) {
      v["lengths"].push_back(run.lengths[k]);
      for (const int i : run.iterations[k]) v["iterations"].push_back(i);
    }
    v.note("driven", drive_text(s, few));
    v["rows"] = {double(few.rows)};
    v["merit"] = run.merit[0];
    v["error"] = run.error;
    return v;
  }

  void present(Job& job, const std::vector<Observed>& all, const Amount&) const override {
    job.report.section(
        "Newton's method through time",
        "The iterations that Newton's method (DEER) needs to find the whole trajectory at once, to a merit of "
        "1e-10. A cell that needs few of them could run in parallel over time; nothing runs faster here.");
    Plot p{.title = "Iterations", .x_label = "length T", .y_label = "iterations", .log_y = true, .log_x = true};
    p.caption = fmt::format("The most over {}. Grey: T iterations, which always suffice.", driven_texts(all));
    for (const Observed& o : all) {
      job.report.text(sentence(o));
      p.series.push_back(line_of(o, o.values.at("lengths"), largest(o.values)));
      p.series.back().beads = true;
    }
    const std::vector<double>& lengths = all.front().values.at("lengths");
    p.marks.push_back({.name = "T", .x = lengths, .y = lengths});
    job.report.plots({p});
  }

  std::vector<Followed> followed(const Values& v) const override {
    std::vector<Followed> all;
    const std::vector<double> most = largest(v);
    for (std::size_t k = 0; k < most.size(); ++k)
      all.push_back({.plot = "Newton iterations",
                     .name = fmt::format("T = {}", count_text(v.at("lengths")[k])),
                     .value = most[k],
                     .log_y = true,
                     .caption = "Iterations that find all T steps at once, the most over sequences."});
    return all;
  }

  std::string sentence(const Observed& o) const override {
    const double n = largest(o.values).back(), T = o.values.at("lengths").back();
    const std::vector<double>& errors = o.values.at("error");
    return fmt::format("{}: {} to find {} at once, within {} of the states of a sequential run.", o.subject.name,
                       count_text(n, "Newton iteration"), count_text(T, "step"),
                       number_text(*std::max_element(errors.begin(), errors.end())));
  }

 private:
  /// By length, over sequences; T where the merit was not reached.
  static std::vector<double> largest(const Values& v) {
    const auto rows = static_cast<std::ptrdiff_t>(v.number("rows"));
    std::vector<double> most;
    for (auto at = v.at("iterations").begin(); at != v.at("iterations").end(); at += rows) {
      const double n = *std::max_element(at, at + rows);
      most.push_back(*std::min_element(at, at + rows) < 0 ? v.at("lengths")[most.size()] : n);
    }
    return most;
  }
};
EBB_MEASURE(newton, NewtonMeasure, "iterations of Newton's method through time (DEER)");

}  // namespace
}  // namespace ebb::app::observe
