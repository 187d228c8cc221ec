#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/class_meter.hpp>

namespace ebb::app {
namespace {

// The class with the largest score: [B, K] -> [1, B], [B, T, K] -> [T, B].
Tokens best_of(const Array& scores) {
  const int rows = scores.dim(0), K = scores.columns(), T = scores.rank() == 3 ? scores.dim(1) : 1;
  const Array flat = scores.compact().to(f32);
  Tokens best({T, rows});
  for (int t = 0; t < T; ++t)
    for (int row = 0; row < rows; ++row) {
      const float* s = flat.data<float>() + static_cast<std::int64_t>(row * T + t) * K;
      best.data()[t * rows + row] = static_cast<int>(std::max_element(s, s + K) - s);
    }
  return best;
}

}  // namespace

ClassBaseline class_baseline(const std::vector<long>& counts) {
  double all = 0, most = 0, nats = 0;
  for (const long n : counts) {
    all += static_cast<double>(n);
    most = std::max(most, static_cast<double>(n));
  }
  for (const long n : counts)
    if (n > 0) nats -= static_cast<double>(n) / all * std::log(static_cast<double>(n) / all);
  const auto classes = static_cast<double>(std::count_if(counts.begin(), counts.end(), [](long n) { return n > 0; }));
  return {100 * most / all, 100 * 2 * most / (most + all) / classes, nats};
}

ClassMeter::ClassMeter(std::vector<std::string> names, double most_frequent, double f1_of_that)
    : names_(std::move(names)), baseline_(most_frequent), baseline_f1_(f1_of_that),
      counts_(static_cast<int>(names_.size())) {}

void ClassMeter::add(const Array& scores, const Tokens& wanted) {
  counts_.add(best_of(scores).reshape({scores.dim(0)}), wanted);
}

void ClassMeter::add(const Array& scores, const Tokens& wanted, const Lengths& lengths) {
  counts_.add(best_of(scores), wanted, lengths);
}

std::vector<Measure> ClassMeter::measures() const {
  if (counts_.total() == 0) throw ValueError("nothing was measured");
  return {{"accuracy", 100 * counts_.accuracy(), "%", baseline_, "the most frequent class"},
          {"F1", 100 * (names_.size() == 2 ? counts_.f1(1) : counts_.f1(Average::macro)),
           names_.size() == 2 ? "%" : "% macro", baseline_f1_}};
}

void ClassMeter::show(Report& report) const {
  report.picture("Confusion matrix", confusion_svg(names_, counts_),
                 "Rows are true classes, columns predicted ones, in % of the row.");
  Table t{.head = {"class", "precision %", "recall %", "F1 %", "examples"}};
  for (int k = 0; k < counts_.classes(); ++k) {
    double wanted = 0;
    for (int p = 0; p < counts_.classes(); ++p) wanted += static_cast<double>(counts_.count(k, p));
    t.rows.push_back({names_[static_cast<std::size_t>(k)], number_text(100 * counts_.precision(k)),
                      number_text(100 * counts_.recall(k)), number_text(100 * counts_.f1(k)), count_text(wanted)});
  }
  report.table(t);
}

}  // namespace ebb::app
