#include <algorithm>
#include <cmath>
#include <deque>
#include <ebb/experiments/sweep/schedule.hpp>
#include <utility>

namespace ebb::app::sweep {
namespace {

class TrainAll final : public Schedule {
 public:
  TrainAll(std::size_t configurations, std::size_t seeds) : n_(configurations), seeds_(seeds) {}
  std::optional<Leg> next() override {
    if (next_ == n_ * seeds_) return std::nullopt;
    const std::size_t k = next_++;
    return Leg{k % n_, to_the_end, k / n_};
  }
  void ended(const Leg&, double) override {}

 private:
  std::size_t n_, seeds_, next_ = 0;
};

struct Scored {
  std::size_t configuration;
  double score;
};

/// The best first; equal ones, and those without a score, by number.
std::vector<Scored> ranked(std::vector<Scored> all) {
  std::sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) {
    if (std::isnan(a.score) != std::isnan(b.score)) return std::isnan(b.score);
    if (!std::isnan(a.score) && a.score != b.score) return a.score < b.score;
    return a.configuration < b.configuration;
  });
  return all;
}

class Halving final : public Schedule {
 public:
  Halving(std::size_t n, std::vector<int> rungs, int eta)
      : rungs_(std::move(rungs)), sizes_(sizes_of(n, rungs_.size(), eta)) {
    for (std::size_t k = 0; k < n; ++k) waiting_.push_back(k);
  }
  std::optional<Leg> next() override {
    if (waiting_.empty()) return std::nullopt;
    const std::size_t k = waiting_.front();
    waiting_.pop_front();
    return Leg{k, rungs_[rung_], {}};
  }
  void ended(const Leg& leg, double score) override {
    reached_.push_back({leg.configuration, score});
    if (reached_.size() < sizes_[rung_] || ++rung_ == rungs_.size()) return;
    for (const Scored& s : ranked(std::exchange(reached_, {})))
      if (waiting_.size() < sizes_[rung_]) waiting_.push_back(s.configuration);
  }

 private:
  std::vector<int> rungs_;
  std::vector<std::size_t> sizes_;
  std::size_t rung_ = 0;
  std::deque<std::size_t> waiting_;
  std::vector<Scored> reached_;  // this rung
};

class AsynchronousHalving final : public Schedule {
 public:
  AsynchronousHalving(std::size_t n, std::vector<int> rungs, int eta)
      : n_(n), eta_(static_cast<std::size_t>(eta)), rungs_(std::move(rungs)), reached_(rungs_.size()),
        promoted_(rungs_.size()) {}
  std::optional<Leg> next() override {
    for (std::size_t rung = rungs_.size() - 1; rung-- > 0;) {
      const std::vector<Scored> best = ranked(reached_[rung]);
      for (std::size_t k = 0; k < best.size() / eta_; ++k) {
        if (std::isnan(best[k].score) || is_promoted(rung, best[k].configuration)) continue;
        promoted_[rung].push_back(best[k].configuration);
        return Leg{best[k].configuration, rungs_[rung + 1], {}};
      }
    }
    if (next_ == n_) return std::nullopt;
    return Leg{next_++, rungs_[0], {}};
  }
  void ended(const Leg& leg, double score) override {
    const auto rung = std::find(rungs_.begin(), rungs_.end(), leg.until) - rungs_.begin();
    reached_[static_cast<std::size_t>(rung)].push_back({leg.configuration, score});
  }

 private:
  bool is_promoted(std::size_t rung, std::size_t configuration) const {
    return std::find(promoted_[rung].begin(), promoted_[rung].end(), configuration) != promoted_[rung].end();
  }
  std::size_t n_, eta_, next_ = 0;
  std::vector<int> rungs_;
  std::vector<std::vector<Scored>> reached_;        // by rung
  std::vector<std::vector<std::size_t>> promoted_;  // from that rung
};

}  // namespace

Schedule::~Schedule() = default;

std::unique_ptr<Schedule> train_all(std::size_t configurations, std::size_t seeds) {
  return std::make_unique<TrainAll>(configurations, seeds);
}

std::vector<int> rungs_of(std::size_t configurations, int steps, int eta) {
  const int every = std::max(1, steps / 20);  // updates between validations
  std::vector<int> rungs{to_the_end};
  double share = 1, left = static_cast<double>(configurations);
  while (left >= eta) {
    left /= eta;
    share /= eta;
    const int at = static_cast<int>(std::lround(steps * share / every)) * every;
    if (at < every || at >= std::min(rungs.front(), steps)) break;
    rungs.insert(rungs.begin(), at);
  }
  return rungs;
}

std::vector<std::size_t> sizes_of(std::size_t configurations, std::size_t rungs, int eta) {
  std::vector<std::size_t> sizes{configurations};
  while (sizes.size() < rungs) sizes.push_back(std::max<std::size_t>(1, sizes.back() / static_cast<std::size_t>(eta)));
  return sizes;
}

std::unique_ptr<Schedule> halving(std::size_t n, std::vector<int> rungs, int eta) {
  return std::make_unique<Halving>(n, std::move(rungs), eta);
}

std::unique_ptr<Schedule> asynchronous_halving(std::size_t n, std::vector<int> rungs, int eta) {
  return std::make_unique<AsynchronousHalving>(n, std::move(rungs), eta);
}

}  // namespace ebb::app::sweep
