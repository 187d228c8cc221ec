#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/commands/run_files.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/characters.hpp>
#include <ebb/experiments/train/checkpoint.hpp>
#include <ebb/experiments/train/extension.hpp>
#include <ebb/experiments/train/length_report.hpp>
#include <ebb/experiments/train/rank_training.hpp>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/train_results.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ops/utf8.hpp>
#include <filesystem>
#include <sstream>

namespace ebb::app {
namespace {

/// Trains one cell on one task, shows the loss during training, and saves the weights.
struct TrainOne {
  static constexpr int seeds = 1;
  static constexpr bool ranks = true;  // mpirun shares the batches among processes
  std::string task_name, cell = "lstm";
  TaskOptions sizes;
  int checkpoint_every = 0, pause_at = 0;
  std::string resume;
  std::vector<std::string> lengths;
  observe::OverTrainingOptions measured;

  void options(Options& o) {
    o.add("TASK", task_name, "task; `ebb tasks` lists them").known_by(missing_task).required();
    o.add("--cell", cell, "cell; `ebb cells` lists them")
        .type("NAME")
        .known_by(missing_recurrence)
        .completes(recurrence_names());
    sizes.declare(o);
    sizes.declare_more(o);
    o.add("--checkpoint-every", checkpoint_every, "updates between checkpoints; 0: twenty checkpoints per run")
        .at_least(0);
    measured.declare(o);
    o.add("--pause-at", pause_at, "end after this update, to be resumed; 0: after the last").at_least(0).unrecorded();
    o.add("--test-lengths", lengths,
          "lengths of the test after training, in tasks of any length: for copy, group, mqar and the formal languages "
          "by default 1, 2, 4, 8 and 16 times that of training; none")
        .type("N,...");
    o.add("--resume", resume, "resume the run in this folder with its options; results are bit-identical")
        .type("DIR")
        .unrecorded();
    examples(o);
  }

  // A run is resumed with the options recorded in its folder, and in that folder.
  void prepare(SharedOptions& shared, Options& o) {
    keep_text_absolute();
    if (resume.empty()) return;
    if (!shared.out.empty() && shared.out != resume)
      throw ValueError(
          fmt::format("--resume continues in the run's own folder, '{}'; --out '{}' is another", resume, shared.out));
    check_run_folder(resume);
    check_files_of_run();  // before its options, whose names may have changed
    steps_given_ = std::any_of(o.entries().begin(), o.entries().end(),
                               [](const auto& e) { return e->name == "--steps" && e->given; });
    const std::string config = resume + "/config.toml";
    restore_config(o, "train", config, read_text(config), free_ones);
    keep_text_absolute();
    shared.out = resume;
    shared.again = true;
  }

  void run(Job& job) {
    check_words();
    sizes.inputs.quick = job.size() == Size::quick;
    const auto task = sizes.make(task_name);
    check_read("cell", task_name, cell != "lstm", !task->as<HasFeedForward>());
    text_sum_ = sum_of_text(sizes.inputs.text);
    const TaskSettings s = sizes.settings(task_name, *task, job.size());
    check_sizes(*task, s);
    {
      const Model first{*task, cell, s, job.seeds().front()};
      try_out(first, *task, s);
      measured.check(*task, first, cell, s);
      try_lengths(first, *task, s, lengths_of_tests(*task, s, lengths));
      check_ranks(job.ranks(), first, *task, s);
    }

    sizes.keep(s);
    sizes.inputs.keep(task->inputs());
    if (steps_given_) check_extension(job, s);
    for (const auto& [key, text] : architecture(*task, s).metadata())  // now, rather than after training
      if (!ebb::detail::is_utf8(text))
        throw ValueError(fmt::format("the {} '{}' is not UTF-8, so it cannot be saved with the weights", key, text));
    job.start(static_cast<double>(s.steps) * static_cast<double>(job.seeds().size()));
    if (from_start_)
      job.print(fmt::format("no checkpoint in '{}': starting from the first update\n", ebb::detail::printable(resume)));
    keep_extension(job, extension_);
    announce(job, *task, s);
    for (const std::uint64_t seed : job.seeds()) {
      std::error_code ignored;
      if (!job.again())
        std::filesystem::remove(RunFiles(job, seed).checkpoint(), ignored);  // of an earlier run in this folder
    }
    for (const std::uint64_t seed : job.seeds())
      if (!job.interrupted()) one_or_hint(job, *task, s, seed);
    if (job.interrupted())
      job.print(fmt::format("to resume: ebb train --resume {}\n", ebb::detail::printable(job.folder())));
    fill(job, *task);
  }

 private:
  void check_files_of_run() {
    check_writer(resume, "train");
    std::error_code none;
    std::string weights;
    from_start_ = true;
    for (const auto& file : std::filesystem::directory_iterator(resume, none)) {
      const std::string name = file.path().filename().string();
      if (name.starts_with("checkpoint")) check_checkpoint_version(file.path().string());
      if (name.starts_with("checkpoint") && name.find('.') == std::string::npos) from_start_ = false;
      if (name.starts_with("weights") && name.ends_with(".safetensors")) weights = file.path().string();
    }
    if (from_start_ && !weights.empty())
      throw FileError(
          fmt::format("no checkpoint in '{}', but the weights of a run that has ended, '{}': to train "
                      "again, use --config with another --out",
                      resume, weights));
  }

  void fill(Job& job, const Task& task) const {
    results_.report(job, task);
    longer_.report(job);
    observe::add_training(job, observed_);
    if (written_.empty()) return;
    job.report.section("Generated text", "Sampled character by character at temperature 1, after a line break.");
    job.report.verbatim(written_);
  }

  static void examples(Options& o) {
    o.example("ebb train adding --cell gru --hidden 64 --lr 5e-3");
    o.example("ebb train chars --cell lstm --hidden 256 --steps 5000 --out runs/shakespeare");
    o.example("ebb train chars --text book.txt --quick");
    o.example("ebb train adding --cell rnn:recurrent=orthogonal --length 400 --seeds 3");
    o.example("ebb train chars --cell lstm --layers 2 --dropout .2 --optimizer adamw --schedule cosine --patience 5");
    o.example("ebb train chars --cell gru --observe lyapunov,gates,norms --every 100   when does its gradient die?");
    o.example("ebb train sentiment --data FOLDER --direction both --threads 2");
    o.example("ebb train temporal-order --cell rnn --optimizer sgd --remedy omega:4");
    o.example("ebb train --resume runs/shakespeare               after Ctrl-C, a crash or a power cut");
    o.example("ebb train --resume runs/shakespeare --steps 20000 more updates than before");
    o.example("ebb train --config runs/shakespeare/config.toml --seed 2");
    o.example(
        "mpirun -n 4 ebb train chars --batch 256            processes that share each batch, with the same results");
  }

  void check_words() const {
    sizes.check_names({task_name});
    check_recurrence_names({cell});
  }

  void announce(Job& job, const Task& task, const TaskSettings& s) const {
    const TaskInfo info = task.info();
    const bool recurrence = !task.as<HasFeedForward>();
    const int length = task.as<FixedLength>() ? task.steps(s) : s.length;
    const std::string what = s.layers == 1 ? cell : fmt::format("{} layers of {}", s.layers, cell);
    const std::string treated = s.remedy.empty() ? "" : ", remedy " + s.remedy;
    const std::string within = recurrence ? what + ", " : "", title = recurrence ? what + " on " : "";
    job.print(fmt::format("{}: {}T {}, hidden {}, batch {}, {}, {} {}, clip {}{}; baseline: {}, {} {}\n", task_name,
                          within, length, s.hidden, s.batch, count_text(s.steps, "update"), s.optimizer, s.lr, s.clip,
                          treated, info.baseline_about, number_text(info.baseline), info.unit));
    for (const std::string& line : {task.data(), task.left_out(s)})
      for (const std::string& part : wrapped(line, 76))
        if (!part.empty()) job.print("  " + part + "\n");
    job.report.title(title + task_name);
    job.report.lead(fmt::format("Hidden {}, T = {}, batch {}, {} {}, at most {}{}.", s.hidden, length, s.batch,
                                s.optimizer, s.lr, count_text(s.steps, "update"), treated));
    if (const std::string data = task.data(); !data.empty()) job.report.note("Data: " + data + ".");
    if (const std::string left = task.left_out(s); !left.empty()) job.report.note(left + ".");
  }

  // An error in the middle of a run, such as one that a task throws, loses nothing but the updates since a checkpoint.
  void one_or_hint(Job& job, const Task& task, const TaskSettings& s, std::uint64_t seed) {
    try {
      one(job, task, s, seed);
    } catch (Error& e) {
      const std::string folder = ebb::detail::printable(job.folder());
      if (checkpoint_rejected_)
        e.with_context(fmt::format(
            "; the run cannot be resumed from this checkpoint: to train again, ebb train --config {}/config.toml --out "
            "ANOTHER",
            folder));
      else if (std::error_code none; std::filesystem::exists(RunFiles(job, seed).checkpoint(), none))
        e.with_context(fmt::format("; to resume: ebb train --resume {}", folder));
      throw;
    }
  }

  void one(Job& job, const Task& task, const TaskSettings& s, std::uint64_t seed) {
    Model model{task, cell, s, seed};
    model.ranks = job.ranks();
    if (seed == job.seeds().front()) job.print(model.w.summary() + "\n");
    const TrainRecord record = trained(job, model, task, s, seed);
    const double trained_at = job.seconds();
    if (record.skipped > 0)
      job.print(
          fmt::format("seed {}: {} of {} skipped, because their gradients would have made {}'s moments infinite\n",
                      seed, count_text(static_cast<double>(record.skipped)),
                      count_text(static_cast<double>(record.curve.size()), "update"), s.optimizer));
    if (job.interrupted()) job.print("interrupted; testing the weights so far (press Ctrl-C again to skip this)\n");
    if (record.paused) job.summary.set({"paused"}, true);
    const bool diverged = !record.diverged.empty(), tested = !diverged && !record.paused, writes = written_.empty();
    const std::string ended = end_text(record, task.info(), s);
    if (!ended.empty()) job.print(fmt::format("seed {}: {}\n", seed, ended));
    auto meter = tested ? meter_of(task) : nullptr;
    if (meter) meter->keep_outputs();
    const double loss = tested ? test_loss(model, task, Split::test, s, 1 << 30, meter.get()) : NAN;
    if (tested) keep_results(job, model, task, s, seed, loss, meter.get());
    LengthTest longer = tested ? tested_at_lengths(job, model, task, s, seed, lengths) : LengthTest{};
    if (diverged)
      job.fail_run(
          fmt::format(
              "diverged at {} (seed {}, {}, lr {}); the curve so far and the last checkpoint are kept, but no weights",
              record.diverged, seed, cell, s.lr),
          job.seeds().size());
    if (!record.interrupted && !record.paused) end_log(record, model, loss, meter.get(), writes ? written_ : "");
    const double seconds =
        record.seconds + job.seconds() - trained_at;  // includes earlier processes if the run was resumed
    std::vector<std::string> remedies;
    for (const auto& remedy : make_remedies(s.remedy)) remedies.push_back(remedy->text());
    const auto take = [&] {
      results_.add(job, task, {seed, loss, seconds, model.w.trained(), cell, remedies, ended}, record,
                   std::move(meter));
      longer_.add(seed, cell, trained_length(task, s), std::move(longer));
    };
    if (seed == job.seeds().back()) take();
    else job.run_ended(take, [&] { fill(job, task); });
  }

  // The weights of a run that has not diverged, and what they make of the test split.
  void keep_results(Job& job, const Model& model, const Task& task, const TaskSettings& s, std::uint64_t seed,
                    double loss, const Meter* meter) {
    const RunFiles files(job, seed);
    if (const std::optional<OutputTable> outputs = meter ? meter->outputs() : std::nullopt)
      job.write(files.name(outputs->name) + ".csv", outputs->csv);
    job.keep(files.name("weights") + ".safetensors",
             [&](const std::string& path) { save_weights(path, model.w, architecture(task, s).metadata()); });
    job.print(fmt::format("seed {}: test {} {} ({} {})\n", seed, number_text(loss), task.info().unit,
                          task.info().baseline_about, number_text(task.info().baseline)));
    if (const auto* const text = task.as<HasAlphabet>(); text && written_.empty())
      continue_text(model, text->alphabet(), {.length = 600},
                    [this](const std::string& character) { written_ += character; });
    if (meter) job.print(fmt::format("seed {}: {}\n", seed, measures_text(meter->measures())));
  }

  Architecture architecture(const Task& task, const TaskSettings& s) const {
    const auto* const text = task.as<HasAlphabet>();
    return {.task = task_name,
            .cell = cell,
            .text = sizes.inputs.text,
            .alphabet = text ? std::optional(text->alphabet()) : std::nullopt,
            .settings = s,
            .inputs = sizes.inputs,
            .text_sum = text_sum_};
  }

  TrainRecord trained(Job& job, Model& model, const Task& task, const TaskSettings& s, std::uint64_t seed) {
    Origin origin{.task = task_name,
                  .cell = cell,
                  .data = data_of(task),
                  .options = options_of(job),
                  .seed = seed,
                  .steps = s.steps,
                  .started = now(),
                  .instruction_set = ebb::name_of(isa())};
    const int every = checkpoint_every > 0 ? checkpoint_every : std::max(1, s.steps / 20);
    TrainKeeper keeper = keep_at(RunFiles(job, seed).checkpoint(), every, origin, job.again());
    if (keeper.load)
      keeper.load = [this, load = keeper.load](TrainPart& run) {
        checkpoint_rejected_ = true;
        load(run);
        checkpoint_rejected_ = false;
      };
    const RunFiles files(job, seed);
    std::optional<observe::OverTraining> observer;
    observe::TrainingRecords observations{.name = fmt::format("seed {}", seed), .driven = {}};
    keeper.begin = [&](const TrainRecord& before) {
      const auto done = static_cast<double>(before.curve.size());
      if (done > 0) job.print(extension_text(seed, before, origin.steps, s));
      log_ = files.log(origin.started, before.curve, task);
      files.observe(observer, observations, measured, task, model, cell, s, static_cast<int>(done));
      warn_of_other_kernels("ebb train", origin);
      origin.instruction_set = ebb::name_of(isa());
      origin.steps = s.steps;
      job.progress().advance(done);
      if (job.again() && done > 0)
        job.print(fmt::format("seed {}: resuming after {}\n", seed, count_text(done, "update")));
    };
    keeper.pause_at = pause_at;
    keeper.observe_every = measured.any() ? measured.interval(s) : 0;
    keeper.observe = [&](int update) { observer->take(update); };
    watch_gradients(keeper, s, [&](const Grads& g) {
      if (log_) log_->look(model.w, g);
    });
    TrainRecord record = train(
        model, task, s, seed,
        [&](const CurvePoint& p) {
          if (log_) log_->add(p);  // on rank 0 only
          show(job, s, p);
        },
        among_ranks(keeper, model));
    if (measured.any()) observed_.push_back(std::move(observations));
    job.keep(files.name("checkpoint"), [](const std::string&) {});
    return record;
  }

  // A text that was edited in the meantime counts as different data.
  std::string data_of(const Task& task) const {
    return text_sum_.empty() ? task.data() : fmt::format("{}, CRC-32C {}", task.data(), text_sum_);
  }

  // Weights and checkpoints may be read from a different working directory.
  void keep_text_absolute() {
    if (!sizes.inputs.text.empty()) sizes.inputs.text = std::filesystem::absolute(sizes.inputs.text).string();
  }

  static double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  }

  static std::map<std::string, std::string> options_of(const Job& job) {
    std::map<std::string, std::string> values;
    std::istringstream lines(config_text("train", job.options(), free_ones));
    for (std::string line; std::getline(lines, line);)
      if (const std::size_t equals = line.find(" = "); line[0] != '#' && equals != std::string::npos)
        values[line.substr(0, equals)] = line.substr(equals + 3);
    return values;
  }

  // Twenty lines per run, so that a log file also shows the loss.
  static void show(Job& job, const TaskSettings& s, const CurvePoint& p) {
    job.progress().advance(1, fmt::format("loss {:.4g}", p.loss));
    if (p.step == 1 || p.step % std::max(1, s.steps / 20) == 0)
      job.print(fmt::format("  update {:>7}  loss {:>9}  gradient {:>9}{}  {}{}\n", count_text(p.step),
                            number_text(p.loss), number_text(p.gradient_norm), p.clipped ? " clipped" : "        ",
                            !p.validated() ? "" : "valid " + number_text(p.valid) + "  ", duration_text(p.seconds)));
  }

  // Before anything is written: another number of updates must suit what the seeds have made so far.
  void check_extension(Job& job, const TaskSettings& s) {
    std::vector<std::pair<std::uint64_t, Reached>> seeds;
    for (const std::uint64_t seed : job.seeds()) seeds.emplace_back(seed, reached_in(RunFiles(job, seed).checkpoint()));
    extension_ = extension_to(s.steps, seeds, job.folder());
  }

  // What TensorBoard shows of a run that has ended.
  void end_log(const TrainRecord& record, const Model& model, double loss, const Meter* meter,
               const std::string& generated) const {
    EventLog::End end{.training = record,
                      .weights = model.w,
                      .loss = loss,
                      .measures = meter ? meter->measures() : std::vector<Measure>{},
                      .texts = {}};
    if (!generated.empty()) end.texts.emplace_back("generated", "```\n" + generated + "\n```\n");
    if (log_) log_->end(end);
  }

  // These do not affect the results of the updates that were made.
  inline static const std::vector<std::string> free_ones = [] {
    std::vector<std::string> names = observe::OverTrainingOptions::names();
    names.insert(names.end(), {"threads", "checkpoint-every", "steps", "test-lengths"});
    return names;
  }();
  TrainResults results_;
  LengthReport longer_;
  std::unique_ptr<RunLog> log_;                     // of the current seed
  std::vector<observe::TrainingRecords> observed_;  // by seed
  bool steps_given_ = false;                        // with --resume
  std::optional<Extension> extension_;
  bool from_start_ = false;           // resumed without a checkpoint
  bool checkpoint_rejected_ = false;  // damaged, or of another run
  std::string text_sum_, written_;    // written_: text generated by a character model
};
EBB_EXPERIMENT(train, TrainOne, "train one cell on one task");

}  // namespace
}  // namespace ebb::app
