#pragma once
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/experiments/train/measure.hpp>

namespace ebb::app {

/// Nats per step, and the frame-level accuracy of the keys with a probability above one half:
///
///     sum of TP / sum of (TP + FP + FN) over all steps
///
/// Source    accuracy: Bay, Ehmann & Downie 2009, ISMIR, as in Boulanger-Lewandowski et al. 2012, arXiv:1206.6392
class MusicMeter final : public Meter {
 public:
  MusicMeter(const PieceSet& set, const KeyBaseline& baseline, int shown)
      : set_(set), baseline_(baseline), shown_(shown) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  /// Piano rolls of one piece: the piece, the model's predictions for each step, and the model's continuation.
  void show(Report&) const override;

 private:
  struct Hits {
    double hit = 0, all = 0;  // TP; TP + FP + FN
    void add(bool said, bool came) {
      hit += said && came;
      all += said || came;
    }
    double percent() const { return all > 0 ? 100 * hit / all : 100; }
  };
  void keep(const MusicBatch&, const Result&, int row);
  const PieceSet& set_;
  const KeyBaseline& baseline_;
  int shown_;
  double steps_ = 0, nats_ = 0, baseline_nats_ = 0;
  Hits model_, repeated_;
  Array expected_;  // [T + 1, 88], for the piece shown
  Piece continued_;
};

}  // namespace ebb::app
