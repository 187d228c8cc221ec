#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/decoding/ctc_decode.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <limits>
#include <map>

namespace ebb {

namespace {

constexpr double log_zero = -std::numeric_limits<double>::infinity();

double add_logs(double a, double b) {
  const double larger = a < b ? b : a, lesser = a < b ? a : b;
  return larger == log_zero ? lesser : larger + std::log1p(std::exp(lesser - larger));
}

void check(const char* op, const Array& logits, const Lengths& lengths, int blank) {
  if (logits.rank() != 3 || lengths.rank() != 1 || lengths.dim(0) != logits.dim(1))
    throw ShapeError(fmt::format("{}: logits are {}, lengths {}; expected [T, B, V] and [B]", op, text(logits.shape()),
                                 text(lengths.shape())));
  if (blank < 0 || blank >= logits.dim(2))
    throw ValueError(fmt::format("{}: the blank {} is outside [0, {})", op, blank, logits.dim(2)));
  for (int b = 0; b < lengths.dim(0); ++b)
    if (const int n = lengths.data()[b]; n < 0 || n > logits.dim(0))
      throw ValueError(fmt::format("{}: length {} of row {} is outside [0, {}]", op, n, b, logits.dim(0)));
}

/// Log-probability of a prefix, separately for paths that end in a blank and paths that end in its last label.
struct Score {
  double blank = log_zero, label = log_zero;
  double both() const { return add_logs(blank, label); }
};

/// Prefixes as nodes of a tree; each stores its parent, which is one label shorter.
class Prefixes {
 public:
  static constexpr int empty = 0;
  int last(int prefix) const { return nodes_[static_cast<std::size_t>(prefix)].label; }
  /// The node that extends `parent` by a label, or -1.
  int find(int parent, int label) const {
    const auto found = children_.find({parent, label});
    return found == children_.end() ? -1 : found->second;
  }
  int make(int parent, int label) {
    const int id = static_cast<int>(nodes_.size());
    nodes_.push_back({parent, label});
    children_.emplace(std::pair{parent, label}, id);
    return id;
  }
  std::vector<int> labels(int prefix) const {
    std::vector<int> l;
    for (; prefix != empty; prefix = nodes_[static_cast<std::size_t>(prefix)].parent) l.push_back(last(prefix));
    std::reverse(l.begin(), l.end());
    return l;
  }

 private:
  struct Node {
    int parent, label;
  };
  std::vector<Node> nodes_{{-1, -1}};
  std::map<std::pair<int, int>, int> children_;
};

/// Candidates after a step: a known prefix {id, -1}, or a new one {parent, label}, which gets a node if it is kept.
using Candidates = std::map<std::pair<int, int>, Score>;

class Beam {
 public:
  explicit Beam(const CtcBeamOptions& o) : o_(o), live_{{Prefixes::empty, {.blank = 0}}} {}

  void step(const Array& l) {  // [V] log-probabilities of one step
    Candidates next;
    for (const auto& [prefix, score] : live_) {
      const int last = prefixes_.last(prefix);
      for (int k = 0; k < l.columns(); ++k) {
        const double p = l.at_flat(k);
        if (p == log_zero) continue;
        if (k == o_.blank) add(next[{prefix, -1}].blank, score.both() + p);
        else if (k != last) add(longer(next, prefix, k).label, score.both() + p);
        else {  // a repeat merges with the previous label unless a blank separates them
          add(next[{prefix, -1}].label, score.label + p);
          add(longer(next, prefix, k).label, score.blank + p);
        }
      }
    }
    keep(next);
  }

  std::vector<CtcHypothesis> best() const {
    std::vector<CtcHypothesis> found;
    for (const auto& [prefix, score] : live_) {
      if (static_cast<int>(found.size()) == o_.best) break;
      found.push_back({prefixes_.labels(prefix), score.both()});
    }
    return found;
  }

 private:
  static void add(double& sum, double term) { sum = add_logs(sum, term); }
  Score& longer(Candidates& next, int prefix, int label) const {
    const int known = prefixes_.find(prefix, label);
    return known >= 0 ? next[{known, -1}] : next[{prefix, label}];
  }
  void keep(const Candidates& next) {
    std::vector<Candidates::const_iterator> order;
    for (auto it = next.begin(); it != next.end(); ++it)
      if (it->second.both() > log_zero) order.push_back(it);
    std::sort(order.begin(), order.end(), [](auto a, auto b) {
      const double p = a->second.both(), q = b->second.both();
      return p != q ? p > q : a->first < b->first;
    });
    live_.clear();
    for (const auto& it : order) {
      if (static_cast<int>(live_.size()) == o_.width) break;
      const auto [prefix, label] = it->first;
      live_.push_back({label < 0 ? prefix : prefixes_.make(prefix, label), it->second});
    }
  }

  CtcBeamOptions o_;
  Prefixes prefixes_;
  std::vector<std::pair<int, Score>> live_;  // best first
};

}  // namespace

std::vector<std::vector<int>> ctc_best_path(const Array& logits, const Lengths& lengths, int blank) {
  check("ctc_best_path", logits, lengths, blank);
  const Tokens path = argmax(logits, -1);  // [T, B]
  std::vector<std::vector<int>> rows(static_cast<std::size_t>(lengths.dim(0)));
  for (int b = 0; b < lengths.dim(0); ++b)
    for (int t = 0, before = blank; t < lengths.data()[b]; ++t) {
      const int k = path.at({t, b});
      if (k != blank && k != before) rows[static_cast<std::size_t>(b)].push_back(k);
      before = k;
    }
  return rows;
}

std::vector<std::vector<CtcHypothesis>> ctc_beam_search(const Array& logits, const Lengths& lengths,
                                                        const CtcBeamOptions& o) {
  check("ctc_beam_search", logits, lengths, o.blank);
  if (o.width < 1 || o.best < 1)
    throw ValueError(fmt::format("ctc_beam_search: width {} and best {} must be at least 1", o.width, o.best));
  const Array l = log_softmax(logits.to(f64), -1);
  std::vector<std::vector<CtcHypothesis>> rows(static_cast<std::size_t>(lengths.dim(0)));
  parallel_for(lengths.dim(0), 1, [&](std::int64_t begin, std::int64_t end) {
    for (int b = static_cast<int>(begin); b < end; ++b) {
      Beam beam(o);
      for (int t = 0; t < lengths.data()[b]; ++t) beam.step(l[t][b]);
      rows[static_cast<std::size_t>(b)] = beam.best();
    }
  });
  return rows;
}

}  // namespace ebb
