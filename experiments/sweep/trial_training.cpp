#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ctime>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/one_thread.hpp>
#include <ebb/experiments/sweep/trial_training.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/treatment.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/nearest.hpp>

namespace ebb::app::sweep {
namespace {

constexpr int toy_updates = 20;  // of --quick

/// Of all threads of this process; another program that keeps the processor busy does not count.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

void shorten(std::vector<std::string>& words) {
  const auto at = std::find(words.begin(), words.end(), "--steps");
  if (at != words.end() && at + 1 != words.end()) words.erase(at, at + 2);
  words.insert(words.end(), {"--steps", std::to_string(toy_updates)});
}

}  // namespace

TrialTraining::TrialTraining(const std::vector<std::string>& words, Size size) : size_(size) {
  read(words);
  trial_ = std::make_unique<TrialOptions>(options_, size);
  trial_->read({}, {});
  task_ = trial_->task();
  settings_ = trial_->settings(*task_);
  if (settings_.steps < 1) throw ValueError("--steps must be at least 1: nothing would be trained");
  const Model m = model();
  try_out(m, *task_, settings_);
  try_lengths(m, *task_, settings_, lengths());
}

TrialTraining::~TrialTraining() = default;

void TrialTraining::read(const std::vector<std::string>& given) {
  for (const CommandEntry* c : command_list())
    if (std::string_view(c->name) == "train") train_ = c->make();
  train_->options(options_);
  std::vector<std::string> words = given;
  if (size_ == Size::quick) shorten(words);
  for (std::size_t k = 0; k < words.size();) {
    const std::string name = words[k++];
    std::vector<std::string> values;
    while (name.starts_with("--") && k < words.size() && !words[k].starts_with("--")) values.push_back(words[k++]);
    read_option(name, values);
  }
  words_ = {"train"};
  words_.insert(words_.end(), words.begin(), words.end());
  if (size_ != Size::standard) words_.push_back(fmt::format("--{}", name_of(size_)));
}

void TrialTraining::read_option(const std::string& word, const std::vector<std::string>& values) {
  const bool positional = !word.starts_with("--");
  const std::string name = positional ? "TASK" : word.substr(2);
  if (const char* const instead = instead_of(name))
    throw ValueError(fmt::format("{}: a protocol cannot set this option; {}", word, instead));
  std::vector<std::string> known;
  for (const auto& e : options_.entries()) {
    known.push_back(bare_name(*e));
    if (e->positional != positional || (!positional && known.back() != name)) continue;
    if (positional && e->given) throw ValueError(fmt::format("'{}': a task is given already", word));
    if (values.empty() && !positional && !e->flag) throw ValueError(fmt::format("{} has no value", word));
    e->read(positional ? word : values.empty() ? "true" : fmt::format("{}", fmt::join(values, ",")));
    for (const auto& check : e->checks) check();
    e->given = true;
    if (name == "test-lengths") lengths_ = detail::option_words(e->json());
    return;
  }
  const std::string near = nearest(name, known);
  throw ValueError(fmt::format("{}: `ebb train` has no such option{}", word,
                               near.empty() ? "" : fmt::format("; did you mean '--{}'?", near)));
}

Model TrialTraining::model() const { return {*task_, trial_->cell(), settings_, 1}; }

std::vector<int> TrialTraining::lengths() const { return lengths_of_tests(*task_, settings_, lengths_); }

/// Of the remedies' own updates.
struct TrialTraining::OwnTimes {
  double updates = 0;      // in the whole training
  double all = 0;          // seconds of these
  double among = 0;        // seconds among the measured updates, which make those of `remedies`
  std::string remedies{};  // those that do something else, too, in updates of the task's loss
};

TrialTraining::OwnTimes TrialTraining::own_times(int measured) const {
  constexpr int repeated = 2;  // own updates, after a first one, which warms up caches
  OwnTimes times;
  Model m = model();
  Treatment treatment(m, *task_, settings_, 1);
  for (std::size_t k = 0; k < treatment.remedies().size(); ++k) {
    const Remedy& remedy = *treatment.remedies()[k];
    const auto* const own = remedy.as<OwnUpdates>();
    const bool more = !own || remedy.as<PenaltyOnRun>() || remedy.as<GradientRule>();
    if (more) times.remedies += (times.remedies.empty() ? "" : "+") + remedy.text();
    if (!own) continue;
    double all = 0, among = 0;
    for (int step = 1; step <= settings_.steps; ++step) {
      const int due = own->due(step);
      all += due;
      among += more && step > 1 && step <= measured ? due : 0;
    }
    if (all == 0) continue;
    treatment.own_update_of(k, 0);
    const double before = cpu_seconds();
    for (int number = 1; number <= repeated; ++number) treatment.own_update_of(k, number);
    const double one = (cpu_seconds() - before) / repeated;
    times.updates += all;
    times.all += all * one;
    times.among += among * one;
  }
  return times;
}

Cost TrialTraining::cost() const {
  const bool lengths_vary = std::any_of(options_.entries().begin(), options_.entries().end(),
                                        [](const auto& o) { return o->name == "--shortest" && o->given; });
  const int measured = lengths_vary ? 25 : 4;  // updates, of which the first is not counted
  const OneThread alone;
  const OwnTimes own = own_times(measured);
  TaskSettings settings = settings_;
  settings.remedy = own.remedies;  // updates before training may be many: they are counted, not made
  Model m = model();
  double begin = 0, end = 0;
  int updates = 0;
  train(m, *task_, settings, 1,
        [&](const CurvePoint&) {
          (updates == 0 ? begin : end) = cpu_seconds();
          ++updates;
        },
        {.every = 0, .save = {}, .load = {}, .begin = {}, .pause_at = measured});
  const double before = cpu_seconds();
  test_loss(m, *task_, Split::valid, settings_, 1);
  const double batch = cpu_seconds() - before;
  const int between = std::max(1, settings_.steps / 20), validations = settings_.steps / between;
  const int valid = std::min(m.task.valid_batches, task_->batches(Split::valid, settings_.length, settings_.batch));
  const int test = task_->batches(Split::test, settings_.length, settings_.batch);
  Cost c{.updates = settings_.steps,
         .update = 0,
         .checking = batch * (validations * valid + test),
         .own_updates = own.updates,
         .own = own.all};
  c.checking += length_tests(batch);
  if (updates > 1) c.update = std::max(0., end - begin - own.among) / (updates - 1);
  return c;
}

/// Seconds of the tests at other lengths, if a batch of the validation split takes `batch`.
double TrialTraining::length_tests(double batch) const {
  const auto work = [&](int sequences, int length) {
    TaskSettings s = settings_;
    s.length = length;
    return static_cast<double>(sequences) * task_->steps(s);
  };
  double all = 0;
  for (const int length : lengths()) all += work(task_->as<AnyLength>()->sequences_at(length), length);
  return batch * all / std::max(1.0, work(settings_.batch, settings_.length));
}

}  // namespace ebb::app::sweep
