#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ctime>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/papers/row_training.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb::app::papers {
namespace {

constexpr int toy_updates = 20;  // of --quick

/// Of all threads of this process; another program that keeps the processor busy does not count.
double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

void shorten(Words& words) {
  const auto at = std::find(words.begin(), words.end(), "--steps");
  if (at != words.end() && at + 1 != words.end()) words.erase(at, at + 2);
  words.insert(words.end(), {"--steps", std::to_string(toy_updates)});
}

}  // namespace

void visit(Fields& f, Cost& c) { f("updates", c.updates)("update", c.update)("checking", c.checking); }

RowTraining::RowTraining(const Protocol& p, const Experiment& e, const Row& r, Size size, const std::string& rate)
    : rate_(rate) {
  try {
    read(words_of(e, r, size == Size::full, rate), size);
    trial_ = std::make_unique<sweep::TrialOptions>(options_, size);
    trial_->read({}, {});
    task_ = trial_->task();
    settings_ = trial_->settings(*task_);
    if (settings_.steps < 1) throw ValueError("--steps must be at least 1: nothing would be trained");
    check_measure(e);
    check_lengths(e);
  } catch (const ValueError& error) {
    throw ValueError(fmt::format("'{}', line {}: [{}.{}]: {}", p.file, r.line, e.name, r.name, error.what()));
  }
}

RowTraining::~RowTraining() = default;

void RowTraining::read(const Words& given, Size size) {
  for (const CommandEntry* c : command_list())
    if (std::string_view(c->name) == "train") train_ = c->make();
  train_->options(options_);
  Words words = given;
  if (size == Size::quick) shorten(words);
  for (std::size_t k = 0; k < words.size();) {
    const std::string name = words[k++];
    Words values;
    while (name.starts_with("--") && k < words.size() && !words[k].starts_with("--")) values.push_back(words[k++]);
    read_option(name, values);
  }
  words_ = {"train"};
  words_.insert(words_.end(), words.begin(), words.end());
  if (size != Size::standard) words_.push_back(fmt::format("--{}", name_of(size)));
}

void RowTraining::read_option(const std::string& word, const Words& values) {
  const bool positional = !word.starts_with("--");
  const std::string name = positional ? "TASK" : word.substr(2);
  if (const char* const instead = sweep::instead_of(name))
    throw ValueError(fmt::format("{}: a protocol cannot set this option; {}", word, instead));
  std::vector<std::string> known;
  for (const auto& e : options_.entries()) {
    known.push_back(sweep::bare_name(*e));
    if (e->positional != positional || (!positional && known.back() != name)) continue;
    if (positional && e->given) throw ValueError(fmt::format("'{}': a task is given already", word));
    if (values.empty() && !positional && !e->flag) throw ValueError(fmt::format("{} has no value", word));
    e->read(positional ? word : values.empty() ? "true" : fmt::format("{}", fmt::join(values, ",")));
    for (const auto& check : e->checks) check();
    e->given = true;
    return;
  }
  const std::string near = nearest(name, known);
  throw ValueError(fmt::format("{}: `ebb train` has no such option{}", word,
                               near.empty() ? "" : fmt::format("; did you mean '--{}'?", near)));
}

Model RowTraining::model() const { return {*task_, trial_->cell(), settings_, 1}; }

void RowTraining::check_measure(const Experiment& e) const {
  const Model m = model();
  try_out(m, *task_, settings_);
  if (e.measure == "loss") return;
  const auto meter = meter_of(*task_);
  Words known{"loss"};
  if (meter) {
    TaskSettings few = settings_;  // enough for the names of the measures
    few.batch = std::min(few.batch, 2);
    test_loss(m, *task_, Split::valid, few, 1, meter.get());
    for (const Measure& x : meter->measures()) known.push_back(x.name);
    // Tests at several lengths have one measure.
    if (e.beyond) known = {"loss", meter->validates_by().value_or(known[1])};
  }
  check_name("measure", e.measure, known);
}

void RowTraining::check_lengths(const Experiment& e) {
  if (!task_->as<AnyLength>()) {
    if (e.beyond) throw ValueError("lengths: its task has no test at other lengths");
    return;
  }
  Words words;
  for (const auto& o : options_.entries())
    if (o->name == "--test-lengths") words = detail::option_words(o->json());
  tested_ = test_lengths(words, settings_.length);
  try_lengths(model(), *task_, settings_, tested_);
  if (!e.beyond) return;
  for (const int length : tested_)
    if (length > settings_.length) beyond_.push_back(length);
  if (beyond_.empty()) throw ValueError(fmt::format("--test-lengths has none above --length {}", settings_.length));
}

double RowTraining::length_seconds(double batch) const {
  const auto work = [&](int sequences, int length) {
    TaskSettings s = settings_;
    s.length = length;
    return static_cast<double>(sequences) * task_->steps(s);
  };
  double all = 0;
  for (const int length : tested_) all += work(task_->as<AnyLength>()->sequences_at(length), length);
  return batch * all / std::max(1.0, work(settings_.batch, settings_.length));
}

Cost RowTraining::cost() const {
  const bool lengths_vary = std::any_of(options_.entries().begin(), options_.entries().end(),
                                        [](const auto& o) { return o->name == "--shortest" && o->given; });
  const int measured = lengths_vary ? 25 : 4;  // updates, of which the first is not counted
  const OneThread alone;
  Model m = model();
  double begin = 0, end = 0;
  int updates = 0;
  train(m, *task_, settings_, 1,
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
  const double checking = batch * (validations * valid + test) + length_seconds(batch);
  Cost c{.updates = settings_.steps, .update = 0, .checking = checking};
  if (updates > 1) c.update = (end - begin) / (updates - 1);
  return c;
}

}  // namespace ebb::app::papers
