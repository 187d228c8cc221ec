#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/sweep/ranking.hpp>
#include <ebb/experiments/sweep/runner.hpp>
#include <ebb/ranks/ranks.hpp>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace ebb::app::sweep {
namespace {

namespace fs = std::filesystem;

/// The last line of a log that reports an error; the last line of any kind if none does.
std::string last_words(const std::string& log) {
  std::ifstream in(log);
  std::string last, error;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    last = line;
    if (line.starts_with("ebb") && line.find(": warning: ") == std::string::npos) error = line;
  }
  return error.empty() ? last : error;
}

std::string reason_of(const Finished& f, const std::string& log) {
  if (f.signal != 0) return fmt::format("killed by signal {} ({})", f.signal, strsignal(f.signal));
  if (f.code == 127) return "the program could not be started";
  const std::string words = last_words(log);
  return words.empty() ? fmt::format("exit code {}", f.code) : words;
}

}  // namespace

Runner::Runner(Job& job, const Plan& plan, Workers& workers)
    : job_(job), plan_(plan), workers_(workers), schedule_(plan.schedule()), results_(plan.trials.size()),
      updates_(plan.trials.size(), 0) {
  for (const char* name : {"/trials", "/logs"}) fs::create_directories(job.folder() + name);
  for (std::size_t k = 0; k < plan.trials.size(); ++k) {
    const std::string at = folder(plan.trials[k]);
    const TrialRecord found = read_trial(at, plan.trials[k].seed);
    if (found.state == TrialRecord::State::none) continue;
    if (job.again()) {
      results_[k].record = found;
      updates_[k] = found.over() ? plan.steps_of(plan.trials[k].configuration) : progress_of(at).update;
    } else {  // with --force: of another sweep, whose options may differ
      fs::remove_all(at);
      fs::remove(log_of(plan.trials[k]));
    }
  }
}

bool Runner::stopped() const { return signalled() || workers_.stop_wanted(); }

void Runner::run(const std::function<void()>& each) {
  each_ = each;
  constexpr double look = .5;  // seconds between two looks at what runs
  bool told = false;
  for (;;) {
    if (!stopped()) begin();
    if (workers_.running() == 0) break;
    show();
    for (const Finished& f : workers_.wait(look)) take(f);
    if (!stopped() || told) continue;
    told = true;
    workers_.stop();
    table_.clear();
    job_.print(fmt::format("stopping {}\n", count_text(workers_.running(), "trial")));
  }
  table_.clear();
}

void Runner::begin() {
  for (;;) {
    if (workers_.free() == 0 || stopped()) return;
    fetch();
    if (waiting_.empty()) return;
    const Run run = waiting_.front();
    waiting_.pop_front();
    TrialResult& result = results_[run.trial];
    result.record = read_trial(folder(plan_.trials[run.trial]), plan_.trials[run.trial].seed);
    if (result.record.reached(run.until)) settle(run);
    else start(run);
  }
}

// As many runs as could begin now, but not more: what comes next may depend on those that run.
void Runner::fetch() {
  while (waiting_.size() < static_cast<std::size_t>(workers_.free())) {
    const std::optional<Leg> leg = schedule_->next();
    if (!leg) return;
    const std::size_t first = leg->seed.value_or(0), end = leg->seed ? first + 1 : plan_.seeds.size();
    for (std::size_t s = first; s < end; ++s)
      waiting_.push_back({plan_.trial(leg->configuration, s), legs_.size(), leg->until});
    legs_.push_back({*leg, end - first});
  }
}

void Runner::start(const Run& run) {
  const Trial& trial = plan_.trials[run.trial];
  results_[run.trial].failed.clear();
  if (!is_free(folder(trial))) return fail(run, "another process still writes into its folder");
  try {
    workers_.start(call_of(run), static_cast<int>(waiting_.size()) + 1);
    running_.push_back(run);
  } catch (const RankError&) {  // which ends the sweep
    throw;
  } catch (const Error& e) { fail(run, e.what()); }
}

Call Runner::call_of(const Run& run) const {
  const Trial& trial = plan_.trials[run.trial];
  Call call{.id = run.trial, .log = log_of(trial)};
  if (results_[run.trial].record.state == TrialRecord::State::begun) {
    call.words = {"train", "--resume", folder(trial)};
  } else {
    const std::vector<std::string>& own = plan_.configurations[trial.configuration].words;
    call.words = plan_.words;
    call.words.insert(call.words.end(), own.begin(), own.end());
    for (std::size_t k = 0; k < plan_.axes.size(); ++k) {
      call.words.push_back("--" + plan_.axes[k].option);
      call.words.push_back(plan_.configurations[trial.configuration].values[k]);
    }
    // --force: a process that was killed as it began has left a folder without anything to resume.
    call.words.insert(call.words.end(),
                      {"--seed", std::to_string(trial.seed), "--seeds", "1", "--force", "--out", folder(trial)});
  }
  if (run.until != to_the_end) { call.words.insert(call.words.end(), {"--pause-at", std::to_string(run.until)}); }
  return call;
}

// The trials of a sweep that was killed end by themselves, but after it.
bool Runner::is_free(const std::string& folder) const {
  constexpr int most = 300;  // tenths of a second
  for (int k = 0; in_use(folder); ++k) {
    if (k == most || stopped()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

void Runner::take(const Finished& f) {
  cpu_seconds_ += f.cpu_seconds;
  const auto at = std::find_if(running_.begin(), running_.end(), [&](const Run& r) { return r.trial == f.id; });
  const Run run = *at;
  running_.erase(at);
  const Trial& trial = plan_.trials[run.trial];
  TrialRecord& record = results_[run.trial].record = read_trial(folder(trial), trial.seed);
  constexpr int most = 100;  // tenths of a second: a network file system may show late what another host has written
  for (int k = 0; k < most && f.code == 0 && !record.reached(run.until) && !stopped(); ++k) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    record = read_trial(folder(trial), trial.seed);
  }
  if (record.reached(run.until)) return settle(run);
  if (!stopped()) fail(run, reason_of(f, log_of(trial)));
}

void Runner::fail(const Run& run, const std::string& why) {
  if (stopped()) return;
  results_[run.trial].failed = why;
  table_.clear();
  job_.print(fmt::format("trial {} failed: {}\n", plan_.trials[run.trial].name, why));
  settle(run);
}

void Runner::settle(const Run& run) {
  const TrialResult& result = results_[run.trial];
  updates_[run.trial] = result.record.over() || !result.failed.empty() ? end_of(run) : result.record.updates;
  OpenLeg& leg = legs_[run.leg];
  const double valid = result.failed.empty() ? result.record.valid_at(run.until, plan_.validation) : NAN;
  leg.sum += plan_.validation.rises ? -valid : valid;
  const std::size_t runs = leg.leg.seed ? 1 : plan_.seeds.size();
  if (--leg.left == 0) schedule_->ended(leg.leg, leg.sum / static_cast<double>(runs));
  each_();
}

int Runner::end_of(const Run& run) const {
  return std::min(run.until, plan_.steps_of(plan_.trials[run.trial].configuration));
}

double Runner::done() const {
  double all = 0;
  for (const int n : updates_) all += n;
  return all;
}

void Runner::show() {
  if (!table_.is_due()) return;
  LiveTable::Status now{.trials = plan_.trials.size(), .running = {}};
  for (const Run& run : running_) {
    const Trial& trial = plan_.trials[run.trial];
    const Progressing p = progress_of(folder(trial));
    updates_[run.trial] = std::max(updates_[run.trial], p.update);
    const int end = end_of(run);
    now.running.push_back({text_of(plan_.axes, plan_.configurations[trial.configuration]), trial.seed,
                           std::min(1.0, static_cast<double>(p.update) / end), p.loss, p.valid});
  }
  for (const TrialResult& r : results_) {
    now.over += r.record.over();
    now.failed += !r.failed.empty();
    now.diverged += r.record.state == TrialRecord::State::diverged;
  }
  if (done_before_ < 0) done_before_ = done();
  const double all = plan_.updates(), speed = (done() - done_before_) / std::max(job_.seconds(), 1e-3);
  now.share = std::min(1.0, done() / std::max(1.0, all));
  now.seconds_left = speed > 0 ? (all - done()) / speed : NAN;
  const std::vector<ConfigurationResult> best =
      plan_.compares ? ranking_of(plan_, results_) : std::vector<ConfigurationResult>{};
  if (!best.empty() && best.front().valid.count > 0)
    now.best = fmt::format("{}: {} {}", text_of(plan_.axes, plan_.configurations[best.front().configuration]),
                           plan_.validation.measure, best.front().valid.text());
  table_.draw(now);
  if (!table_.on_terminal())
    job_.progress().advance(done() - std::exchange(told_, done()), line_of(now));  // a line a minute
}

}  // namespace ebb::app::sweep
