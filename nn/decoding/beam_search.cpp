#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/decoding/beam_search.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

struct Live {
  std::vector<int> tokens;
  double log_probability;
  int parent;  // its index in the previous step's batch
};

struct Candidate {
  double log_probability;
  int parent, token;  // parent: index among the row's live hypotheses
};

/// The hypotheses of one row.
class RowBeam {
 public:
  RowBeam(const BeamOptions& o, int row) : o_(o), live_{{{}, 0, row}} {}

  const std::vector<Live>& live() const { return live_; }
  int last_token(const Live& h, int first) const { return h.tokens.empty() ? first : h.tokens.back(); }

  /// l [N, V], float64, contiguous; this beam's rows begin at `place`.
  void advance(const Array& l, int place) {
    std::vector<Live> next;
    for (const Candidate& c : best_candidates(l, place)) {
      Live h{live_[static_cast<std::size_t>(c.parent)].tokens, c.log_probability, place + c.parent};
      const bool ends = c.token == o_.end;
      if (!ends) h.tokens.push_back(c.token);
      if (ends) finish(std::move(h), true);
      else next.push_back(std::move(h));
    }
    live_ = std::move(next);
    if (decided()) live_.clear();
  }

  std::vector<BeamHypothesis> result() {
    for (Live& h : live_) finish(std::move(h), false);
    live_.clear();
    return done_;
  }

 private:
  double penalty(double tokens) const { return std::pow((5 + tokens) / 6, o_.length_penalty); }

  std::vector<Candidate> best_candidates(const Array& l, int place) const {
    const int V = l.columns();
    std::vector<Candidate> all;
    all.reserve(live_.size() * static_cast<std::size_t>(V));
    for (int h = 0; h < static_cast<int>(live_.size()); ++h)
      for (int k = 0; k < V; ++k) {
        const double p = l.data<double>()[std::int64_t{place + h} * V + k];
        if (std::isnan(p) || p > 1e-3)
          throw ValueError(fmt::format("beam_search: the step returned the log-probability {1} for token {0}", k, p));
        if (std::isfinite(p)) all.push_back({live_[static_cast<std::size_t>(h)].log_probability + p, h, k});
      }
    const auto before = [](const Candidate& a, const Candidate& b) {
      if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
      return std::pair{a.parent, a.token} < std::pair{b.parent, b.token};
    };
    const auto kept = std::min(all.size(), static_cast<std::size_t>(o_.width));
    std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(kept), all.end(), before);
    all.resize(kept);
    return all;
  }

  void finish(Live&& h, bool ended) {
    const double score = h.log_probability / penalty(static_cast<double>(h.tokens.size()) + ended);
    const auto after = [](double s, const BeamHypothesis& other) { return s > other.score; };
    done_.insert(std::upper_bound(done_.begin(), done_.end(), score, after),
                 {std::move(h.tokens), h.log_probability, score, ended});
    if (static_cast<int>(done_.size()) > o_.best) done_.pop_back();
  }

  /// Log-probabilities can only decrease, and the length penalty favours the maximum length most.
  bool decided() const {
    if (static_cast<int>(done_.size()) < o_.best) return false;
    const double to_beat = done_.back().score, most_help = penalty(o_.longest);
    return std::all_of(live_.begin(), live_.end(),
                       [&](const Live& h) { return h.log_probability / most_help <= to_beat; });
  }

  BeamOptions o_;
  std::vector<Live> live_;
  std::vector<BeamHypothesis> done_;  // best first
};

void check(const State& initial, const Tokens& first, const BeamOptions& o) {
  if (o.width < 1 || o.best < 1 || o.longest < 1)
    throw ValueError(
        fmt::format("beam_search: width {}, best {} and longest {} must be at least 1", o.width, o.best, o.longest));
  if (!(o.length_penalty >= 0 && std::isfinite(o.length_penalty)))
    throw ValueError(fmt::format("beam_search: invalid length penalty {}", o.length_penalty));
  if (first.rank() != 1) throw ShapeError("beam_search: first tokens are " + text(first.shape()) + ", expected [B]");
  for (int k = 0; k < initial.size(); ++k)
    if (const Shape s = initial[k].shape(); s.rank() < 1 || s[0] != first.dim(0))
      throw ShapeError(fmt::format("beam_search: the initial {} is {}, expected {}", initial.name(k), text(s),
                                   detail::counted(first.dim(0), "row")));
}

void check(const BeamStep& s, int live) {
  if (!s.log_probabilities) throw ValueError("beam_search: the step returned no log-probabilities");
  const Shape l = s.log_probabilities.shape();
  if (l.rank() != 2 || l[0] != live)
    throw ShapeError(
        fmt::format("beam_search: the step returned log-probabilities {} for {} hypotheses", text(l), live));
  for (int k = 0; k < s.state.size(); ++k)
    if (const Shape f = s.state[k].shape(); f.rank() < 1 || f[0] != live)
      throw ShapeError(
          fmt::format("beam_search: the step returned {} as {} for {} hypotheses", s.state.name(k), text(f), live));
}

/// The batch of all live hypotheses, each with its parent's state after the step.
BeamBatch gathered(const std::vector<RowBeam>& beams, const Tokens& first, const State& after, int time) {
  std::vector<int> tokens, rows, parents;
  for (std::size_t b = 0; b < beams.size(); ++b)
    for (const Live& h : beams[b].live()) {
      tokens.push_back(beams[b].last_token(h, first.data()[b]));
      rows.push_back(static_cast<int>(b));
      parents.push_back(h.parent);
    }
  const auto to_tokens = [](const std::vector<int>& v) {
    Tokens t({static_cast<int>(v.size())});
    std::copy(v.begin(), v.end(), t.data());
    return t;
  };
  BeamBatch batch{time, to_tokens(tokens), to_tokens(rows), after};
  const Tokens from = to_tokens(parents);
  for (int k = 0; k < after.size(); ++k) batch.state[k] = gather(after[k], from);
  return batch;
}

}  // namespace

std::vector<std::vector<BeamHypothesis>> beam_search(const State& initial, const Tokens& first,
                                                     const std::function<BeamStep(const BeamBatch&)>& step,
                                                     const BeamOptions& o) {
  check(initial, first, o);
  const NoGrad off;
  std::vector<RowBeam> beams;
  for (int b = 0; b < first.dim(0); ++b) beams.emplace_back(o, b);
  State state = initial;
  for (int time = 0; time < o.longest; ++time) {
    const BeamBatch batch = gathered(beams, first, state, time);
    if (batch.tokens.size() == 0) break;
    const BeamStep next = step(batch);
    check(next, batch.tokens.dim(0));
    const Array l = next.log_probabilities.value().to(f64).compact();
    if (o.end < 0 || o.end >= l.columns())
      throw ValueError(fmt::format("beam_search: the end token {} is outside [0, {})", o.end, l.columns()));
    int place = 0;
    for (RowBeam& b : beams) {
      const int live = static_cast<int>(b.live().size());
      if (live > 0) b.advance(l, place);
      place += live;
    }
    state = next.state;
  }
  std::vector<std::vector<BeamHypothesis>> found;
  for (RowBeam& b : beams) found.push_back(b.result());
  return found;
}

}  // namespace ebb
