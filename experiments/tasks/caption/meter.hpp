#pragma once
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>

namespace ebb::app {

/// How well sentences agree with what should have been said.
class SentenceScore {
 public:
  void add(const Sentence& said, const Sentence& wanted);
  long count() const { return count_; }
  double exact() const;  ///< sentences that are right from first to last, %
  double words() const;  ///< of the wanted words, those that were said at their place, %
  double bleu() const { return 100 * bleu_.value(); }

 private:
  long count_ = 0, exact_ = 0, words_ = 0, right_ = 0;
  Bleu bleu_;
};

/// A scene as a picture in a report.
struct CaptionedScene {
  Array pixels;  ///< [rows, columns], from 0 to 1
  std::string said, wanted;
};
/// Scenes side by side, what was said below each; where that is wrong it is marked, and what was wanted stands below
/// it.
std::string scenes_svg(const std::vector<CaptionedScene>&, int across);

/// Exact captions, words and BLEU of the words said.
class CaptionMeter final : public Meter {
 public:
  CaptionMeter(const Scenes& scenes, const SentenceScore& baseline) : scenes_(scenes), baseline_(baseline) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  std::optional<std::string> validates_by() const override { return "exact captions"; }
  void show(Report&) const override;

 private:
  const Scenes& scenes_;
  SentenceScore baseline_, score_;
  std::vector<CaptionedScene> first_, wrong_;
};

}  // namespace ebb::app
