#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/plan.hpp>

namespace ebb::app::sweep {

double Plan::updates() const {
  double all = 0, from = 0;
  if (rungs.empty()) {
    for (std::size_t k = 0; k < configurations.size(); ++k) all += steps_of(k);
    return all * static_cast<double>(seeds.size());
  }
  const std::vector<std::size_t> sizes = sizes_of(configurations.size(), rungs.size(), eta);
  for (std::size_t k = 0; k < rungs.size(); ++k) {
    const double end = std::min(rungs[k], steps);
    all += static_cast<double>(sizes[k] * seeds.size()) * (end - from);
    from = end;
  }
  return all;
}

std::unique_ptr<Schedule> Plan::schedule() const {
  if (rungs.empty()) return train_all(configurations.size(), seeds.size());
  return asynchronous ? asynchronous_halving(configurations.size(), rungs, eta)
                      : halving(configurations.size(), rungs, eta);
}

std::string Plan::text() const {
  std::string options;
  for (const Axis& axis : axes) options += (options.empty() ? "" : ", ") + axis.option;
  const bool each = seeds.size() > 1 && configurations.size() > 1;
  return fmt::format(
      "{}{} with {}{}{}",
      count_text(static_cast<double>(configurations.size()), random ? "random configuration" : "configuration"),
      options.empty() ? "" : fmt::format(" of {}", options), count_text(static_cast<double>(seeds.size()), "seed"),
      each ? " each" : "",
      rungs.empty()  ? ""
      : asynchronous ? ", by asynchronous successive halving"
                     : ", by successive halving");
}

std::string TrialResult::state(bool halved) const {
  if (!failed.empty()) return "failed";
  switch (record.state) {
    case TrialRecord::State::ended: return "ended";
    case TrialRecord::State::diverged: return "diverged";
    case TrialRecord::State::begun: return halved ? "paused" : "interrupted";
    case TrialRecord::State::none: break;
  }
  return "not begun";
}

}  // namespace ebb::app::sweep
