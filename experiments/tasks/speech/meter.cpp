#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>
#include <ebb/nn/decoding/ctc_decode.hpp>
#include <ebb/ops/index.hpp>

namespace ebb::app {
namespace {

constexpr int most_shown = 12;  // strings without errors, and strings with errors

}  // namespace

std::string digits_text(const std::vector<int>& digits) { return fmt::format("{}", fmt::join(digits, " ")); }

// Traces back through the Levenshtein table from its last corner.
std::string edits_text(const std::vector<int>& said, const std::vector<int>& recognised) {
  const std::size_t n = said.size(), m = recognised.size();
  std::vector<std::vector<int>> d(n + 1, std::vector<int>(m + 1));
  for (std::size_t i = 0; i <= n; ++i)
    for (std::size_t j = 0; j <= m; ++j)
      d[i][j] =
          i == 0   ? static_cast<int>(j)
          : j == 0 ? static_cast<int>(i)
                   : std::min({d[i - 1][j - 1] + (said[i - 1] != recognised[j - 1]), d[i - 1][j] + 1, d[i][j - 1] + 1});
  std::vector<std::string> edits;
  for (std::size_t i = n, j = m; i > 0 || j > 0;) {
    if (i > 0 && j > 0 && d[i][j] == d[i - 1][j - 1] + (said[i - 1] != recognised[j - 1])) {
      --i;
      --j;
      if (said[i] != recognised[j]) edits.push_back(fmt::format("{} heard as {}", said[i], recognised[j]));
    } else if (i > 0 && d[i][j] == d[i - 1][j] + 1) {
      edits.push_back(fmt::format("{} missed", said[--i]));
    } else {
      edits.push_back(fmt::format("{} added", recognised[--j]));
    }
  }
  std::reverse(edits.begin(), edits.end());
  return fmt::format("{}", fmt::join(edits, ", "));
}

std::vector<std::vector<int>> recognised_digits(const Array& scores, const Lengths& lengths) {
  auto digits = ctc_best_path(transpose(scores, {1, 0, 2}), lengths);
  for (auto& row : digits)
    for (int& d : row) --d;  // class 0 is the blank
  return digits;
}

std::vector<SpeechPicture::Said> places(const SpokenStrings& strings, const SpokenString& s) {
  std::vector<SpeechPicture::Said> all;
  double at = 0;
  const std::vector<int> digits = strings.digits(s);
  for (std::size_t k = 0; k < digits.size(); ++k) {
    const auto& samples = strings.recordings().all[static_cast<std::size_t>(s.digits[k].recording)].samples;
    const double begin = at + static_cast<double>(s.digits[k].silence) / speech_rate;
    at = begin + samples.dim(0) / s.digits[k].speed / speech_rate;
    all.push_back({digits[k], begin, at});
  }
  return all;
}

void SpeechMeter::update(const Batch& batch, const Result& r) {
  const auto& b = batch.get<SpeechBatch>();
  const Array& scores = digit_scores.of(r);
  const auto recognised = recognised_digits(scores, b.lengths);
  for (int row = 0; row < b.rows(); ++row) {
    std::vector<int> said;
    for (int k = 0; k < b.digit_counts.data()[row]; ++k) said.push_back(b.digits.at({row, k}) - 1);
    const std::vector<int>& digits = recognised[static_cast<std::size_t>(row)];
    if (!kept_.empty())
      kept_ += fmt::format("{},{},{},{}\n", singles_ + many_ + 1, digits_text(said), digits_text(digits),
                           csv_quoted(edits_text(said, digits)));
    if (said.size() == 1) {
      ++singles_;
      single_hits_ += digits == said;
    } else {
      see_string(b, row, scores[row], said, digits);
    }
  }
}

void SpeechMeter::see_string(const SpeechBatch& b, int row, const Array& scores, const std::vector<int>& said,
                             const std::vector<int>& recognised) {
  const bool right = recognised == said;
  ++many_;
  many_hits_ += right;
  edits_.add(recognised, said);
  const int wrong_shown = static_cast<int>(table_.rows.size()) - right_shown_;
  if ((right ? right_shown_ : wrong_shown) < most_shown) {
    table_.rows.push_back({digits_text(said), digits_text(recognised), edits_text(said, recognised)});
    right_shown_ += right;
  }
  if (picture_.features || said.size() < 4) return;
  const int T = b.lengths.data()[row], item = b.items[static_cast<std::size_t>(row)];
  Array features = Array::empty({T, b.x.columns()}, f32);
  for (int t = 0; t < T; ++t) features[t].assign(b.x[t][row]);
  picture_ = {.features = features,
              .scores = scores.range(0, T).copy(),
              .recognised = recognised,
              .said = places(strings_, strings_.item(item))};
}

std::vector<Measure> SpeechMeter::measures() const {
  if (singles_ == 0 && many_ == 0) throw ValueError("nothing was measured");
  std::vector<Measure> all;
  if (singles_ > 0)
    all.push_back({"single digits", 100.0 * single_hits_ / singles_, "%", single_baseline_, "the most frequent digit"});
  if (many_ > 0) {
    all.push_back({"digit error rate", 100 * edits_.value(), "%", 100, "an empty string", false});
    all.push_back({"exact strings", 100.0 * many_hits_ / many_, "%", 0, "an empty string"});
  }
  return all;
}

void SpeechMeter::show(Report& report) const {
  if (many_ == 0) return;
  report.section("Example strings",
                 fmt::format("{} of {} strings were recognised without an error.", many_hits_, many_));
  report.picture("The network's input and output for one string", picture_.svg(), SpeechPicture::caption());
  report.table(table_);
}

}  // namespace ebb::app
