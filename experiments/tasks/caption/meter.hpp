#pragma once
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>

namespace ebb::app {

/// Agreement of generated sentences with their references.
class SentenceScore {
 public:
  void add(const Sentence& said, const Sentence& wanted);
  long count() const { return count_; }
  double exact() const;  ///< sentences that are completely correct, %
  double words() const;  ///< reference words that were generated at the right position, %
  double bleu() const { return 100 * bleu_.value(); }

 private:
  long count_ = 0, exact_ = 0, words_ = 0, right_ = 0;
  Bleu bleu_;
};

/// A scene as an image in a report.
struct CaptionedScene {
  Array pixels;  ///< [rows, columns], from 0 to 1
  std::string said, wanted;
};
/// Scenes side by side with their captions; wrong captions are highlighted and followed by the reference.
std::string scenes_svg(const std::vector<CaptionedScene>&, int across);

/// Exact captions, words and BLEU of the generated sentences.
class CaptionMeter final : public Meter {
 public:
  CaptionMeter(const Scenes& scenes, const SentenceScore& baseline) : scenes_(scenes), baseline_(baseline) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  std::optional<std::string> validates_by() const override { return "exact captions"; }
  void show(Report&) const override;
  void keep_outputs() override { kept_ = "scene,caption,reference,exact\n"; }
  std::optional<OutputTable> outputs() const override { return OutputTable{"captions", kept_}; }

 private:
  const Scenes& scenes_;
  std::string kept_;  // empty if it is not needed
  SentenceScore baseline_, score_;
  std::vector<CaptionedScene> first_, wrong_;
};

}  // namespace ebb::app
