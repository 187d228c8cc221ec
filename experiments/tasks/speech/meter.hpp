#pragma once
#include <ebb/experiments/tasks/speech/batch.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>

namespace ebb::app {

/// "3 1 4"
std::string digits_text(const std::vector<int>&);

/// The edits from the spoken to the recognised digits, "5 heard as 9, 1 missed, 7 added"; empty if they are equal.
std::string edits_text(const std::vector<int>& said, const std::vector<int>& recognised);

/// The digits of each row's most probable path. Shapes: scores [B, T, 11], the blank first; lengths [B]
std::vector<std::vector<int>> recognised_digits(const Array& scores, const Lengths&);

/// The network's input for a string, and its output at each step.
struct SpeechPicture {
  Array features;  ///< [T, 120]
  Array scores;    ///< [T, 11], before the softmax, the blank first
  std::vector<int> recognised{};
  struct Said {
    int digit;
    double begin, end;  ///< seconds
  };
  std::vector<Said> said{};  ///< empty if unknown
  std::string svg() const;
  static const char* caption();
};

/// Single digits and strings of digits, recognised by the most probable path.
class SpeechMeter final : public Meter {
 public:
  SpeechMeter(const SpokenStrings& strings, double single_baseline)
      : strings_(strings), single_baseline_(single_baseline) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  std::optional<std::string> validates_by() const override { return "digit error rate"; }
  void show(Report&) const override;
  void keep_outputs() override { kept_ = "item,spoken,recognised,errors\n"; }
  std::optional<OutputTable> outputs() const override { return OutputTable{"recognised", kept_}; }

 private:
  void see_string(const SpeechBatch&, int row, const Array& scores, const std::vector<int>& said,
                  const std::vector<int>& recognised);
  const SpokenStrings& strings_;
  double single_baseline_;
  std::string kept_;  // empty if it is not needed
  int singles_ = 0, single_hits_ = 0, many_ = 0, many_hits_ = 0, right_shown_ = 0;
  ErrorRate edits_;
  Table table_{.head = {"spoken", "recognised", "errors"}};
  SpeechPicture picture_;
};

/// The position of each digit in a string.
std::vector<SpeechPicture::Said> places(const SpokenStrings&, const SpokenString&);

}  // namespace ebb::app
