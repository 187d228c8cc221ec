#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ebb/nn/sequence/checkpoint.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <string_view>

namespace ebb {

namespace {

constexpr int unlimited = std::numeric_limits<int>::max();

/// s + r over s, or a number above any T.
std::int64_t most_steps(int s, int r) {
  std::int64_t n = 1;
  for (int k = 1; k <= std::min(s, r) && n < unlimited; ++k) n = n * (std::max(s, r) + k) / k;
  return std::min<std::int64_t>(n, unlimited);
}

/// How often a step must be run at most, to sweep so many with s states.
int repeats(std::int64_t steps, int s) {
  int r = 0;
  while (most_steps(s, r) < steps) ++r;
  return r;
}

int few_states(int steps) {
  int s = 1;
  while (most_steps(s, 3) < steps) ++s;
  return s;
}

int positive(std::string_view text) {
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc() && end == text.data() + text.size() && n > 0 ? n : 0;
}

}  // namespace

Checkpoint::Checkpoint(int every) : kind_(Kind::every), number_(every) {
  if (every < 1) throw ValueError(fmt::format("checkpoint: every {} steps; expected at least 1", every));
}

Checkpoint Checkpoint::square_root() {
  Checkpoint c;
  c.kind_ = Kind::square_root;
  return c;
}

Checkpoint Checkpoint::revolve(int states) {
  if (states < 0) throw ValueError(fmt::format("checkpoint: revolve with {} states; expected at least 1", states));
  Checkpoint c;
  c.kind_ = Kind::revolve;
  c.number_ = states;
  return c;
}

Checkpoint Checkpoint::parse(const std::string& text) {
  constexpr std::string_view counted = "revolve:";
  if (text == "none") return {};
  if (text == "sqrt") return square_root();
  if (text == "revolve") return revolve();
  const bool states = text.starts_with(counted);
  const int n = positive(states ? std::string_view(text).substr(counted.size()) : std::string_view(text));
  if (n == 0)
    throw ValueError("checkpoint: '" + text + "' is none of none, sqrt, revolve, revolve:STATES and a number of steps");
  return states ? revolve(n) : Checkpoint(n);
}

CheckpointPlan::CheckpointPlan(const Checkpoint& c, int steps) : block_(steps), states_(unlimited), recorded_from_(0) {
  using Kind = Checkpoint::Kind;
  if (c.kind_ == Kind::every) block_ = c.number_;
  if (c.kind_ == Kind::square_root) block_ = static_cast<int>(std::ceil(std::sqrt(steps)));
  if (c.kind_ == Kind::revolve) {
    binomial_ = true;
    block_ = 1;
    states_ = (c.number_ > 0 ? c.number_ : few_states(steps)) - 1;
  }
  int free = states_;
  while (steps - recorded_from_ > block_) {
    recorded_from_ = next(recorded_from_, steps, free);
    if (free == 0) break;
    kept_.push_back(recorded_from_);
    --free;
  }
  if (!kept_.empty() && kept_.back() == recorded_from_) kept_.pop_back();  // the recorded part begins with it
}

int CheckpointPlan::next(int begin, int end, int free) const {
  if (free == 0) return end - block_;
  if (!binomial_) return begin + block_;
  const int steps = end - begin, s = free + 1, r = repeats(steps, s);
  return begin + static_cast<int>(std::min(most_steps(s, r - 1), steps - most_steps(s - 1, r - 1)));
}

}  // namespace ebb
