#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/update_times.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/task_call.hpp>
#include <ebb/experiments/train/task_options.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <fstream>
#include <numeric>

namespace ebb::app {
namespace {

double spent_in(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

bool equal_bits(const Result& a, const Result& b) {
  const auto x = a.grads.flats(), y = b.grads.flats();
  bool equal = std::memcmp(&a.loss, &b.loss, sizeof a.loss) == 0 && x.size() == y.size();
  for (std::size_t k = 0; equal && k < x.size(); ++k)
    equal = x[k].bytes() == y[k].bytes() && std::memcmp(x[k].raw(), y[k].raw(), x[k].bytes()) == 0;
  return equal;
}

/// The text of a source line; empty if the file is not here.
std::string source_text(const std::string& file, unsigned number) {
  std::ifstream in(file);
  std::string line;
  for (unsigned k = 0; k < number; ++k)
    if (!std::getline(in, line)) return {};
  line.erase(0, line.find_first_not_of(" \t"));
  return line;
}

/// The seconds of the measured updates, by part.
struct UpdateParts {
  int updates = 0;
  double data = 0, optimizer = 0;
  std::vector<double> plain, profiled;  // of each update: loss and gradient, without and with the profile
  bool equal = true;
};

/// A few updates of ebb train, with the profile on.
struct ProfileUpdates {
  static constexpr int seeds = 1;
  std::string task_name, cell = "lstm";
  TaskOptions sizes;
  int updates = 10, warm_up = 3;

  void options(Options& o) {
    o.add("TASK", task_name, "task; `ebb tasks` lists them").known_by(missing_task).required();
    o.add("--cell", cell, "cell; `ebb cells` lists them").type("NAME").completes(recurrence_names());
    o.add("--updates", updates, "number of updates that are measured").at_least(1).at_most(1000).quick(3);
    o.add("--warm-up", warm_up, "updates before them, which are not measured").at_least(0).at_most(1000).quick(1);
    sizes.declare(o);
    sizes.declare_more(o);
    o.example("ebb profile chars --cell gru");
    o.example("ebb profile adding --cell lstm-layernorm --hidden 128 --batch 64 --threads 2");
    o.example("ebb profile chars --cell mycell --updates 3 --out profiles/mycell     then open its trace.json");
  }

  void run(Job& job) {
    sizes.check_names({task_name});
    check_recurrence_names({cell});
    sizes.inputs.quick = job.size() == Size::quick;
    const auto task = sizes.make(task_name);
    check_read("cell", task_name, cell != "lstm", !task->as<HasFeedForward>());
    const TaskSettings s = sizes.settings(task_name, *task, job.size());
    if (!s.remedy.empty()) throw ValueError("ebb profile measures updates without remedies: leave out --remedy");
    check_sizes(*task, s);
    Model model{*task, cell, s, job.seeds().front()};
    try_out(model, *task, s);
    sizes.keep(s);
    sizes.inputs.keep(task->inputs());

    job.start(warm_up + updates);
    Profile profile;
    const UpdateParts parts = measure(job, model, *task, s, profile);
    if (parts.updates == 0) return;
    const std::string name = task->as<HasFeedForward>() ? task_name : cell + " on " + task_name;
    job.report.title("Profile: " + name);
    job.report.lead(fmt::format("Where the time of an update goes: hidden {}, T = {}, batch {}, mean of {}.", s.hidden,
                                s.length, s.batch, count_text(parts.updates, "update")));
    print(job, profile, parts);
    report(job, profile, parts);
    write(job, profile, parts);
  }

 private:
  /// Each update's loss and gradient are computed twice, without and with the profile, so that both have met the same
  /// processor, and the results can be compared.
  UpdateParts measure(Job& job, Model& m, const Task& task, const TaskSettings& s, Profile& profile) const {
    const auto optimizer = make_optimizer(s.optimizer, m.w, s.lr);
    const Schedule rate = schedule_of(s);
    UpdateParts parts;
    StateArrays carry;
    for (int k = 0; k < warm_up + updates && !job.interrupted(); ++k) {
      const bool measured = k >= warm_up;
      std::optional<Batch> batch;
      const double data = spent_in([&] {
        batch = make_batch(task, {.length = s.length,
                                  .rows = s.batch,
                                  .number = static_cast<std::uint64_t>(k),
                                  .seed = job.seeds().front()});
      });
      if (!batch->continues()) carry = {};
      const ShardOptions options{
          .rows = batch->rows(), .update = static_cast<std::uint64_t>(k), .seed = job.seeds().front()};
      const auto loss = [&](Shard& shard) { return m.loss(shard, *batch, carry); };
      Result r, again;
      double plain = 0, profiled = 0;
      for (const bool on : {k % 2 == 0, k % 2 != 0}) {  // each is first in turn
        if (on && !measured) continue;
        std::optional<Profile::Scope> scope;
        if (on) scope.emplace(profile);
        Result& to = on ? again : r;
        (on ? profiled : plain) = spent_in([&] { to = backward(m.w, options, loss); });
      }
      if (!std::isfinite(r.loss) || !r.grads.finite()) {
        job.fail(fmt::format("update {}: not finite: {}", k + 1, trace_nonfinite(m.w, options, loss)));
        return parts;
      }
      if (measured) {
        parts.equal = parts.equal && equal_bits(r, again);
        parts.plain.push_back(plain);
        parts.profiled.push_back(profiled);
        parts.data += data;
        ++parts.updates;
      }
      const double applied = spent_in([&] {
        if (s.clip > 0) clip_by_norm(r.grads, s.clip);
        optimizer->set_lr(rate(k));
        optimizer->step(r.grads);
      });
      if (measured) parts.optimizer += applied;
      carry = CarryingNetwork::carried(r);
      job.progress().advance(1, measured ? "measuring" : "warming up");
    }
    return parts;
  }

  static double sum(const std::vector<double>& seconds) { return std::accumulate(seconds.begin(), seconds.end(), 0.); }
  static std::string milliseconds(double seconds) { return number_text(1e3 * seconds) + " ms"; }

  static void print(Job& job, const Profile& profile, const UpdateParts& p) {
    const int width = terminal_columns(fileno(stdout));
    const double n = p.updates;
    const ProfileTable lines = profile.by_line();
    job.print(
        fmt::format("an update, mean of {}: batch {}, loss and gradient {} (median {}), clipping and optimiser {}\n\n",
                    p.updates, milliseconds(p.data / n), milliseconds(sum(p.plain) / n),
                    milliseconds(median_of(p.plain)), milliseconds(p.optimizer / n)));
    job.print("By op\n" + profile.by_op().text(width, 16, n) + "\n");
    job.print("By line\n" + lines.text(width, 16, n) + sources(lines, width) + "\n");
    job.print("By time step\n" + profile.by_step().text(width, 10, n) + "\n");
    for (const std::string& line : wrapped(check_text(profile, p), std::min(width, 100) - 2)) job.print(line + "\n");
  }

  /// The code of the lines, where it can be read.
  static std::string sources(const ProfileTable& lines, int width) {
    std::string text;
    for (std::size_t k = 0; k < lines.rows.size() && k < 15; ++k) {
      const ProfileRow& row = lines.rows[k];
      if (const std::string code = source_text(row.file, row.line); !code.empty())
        text += shortened_line(fmt::format("  {:<22} {}", row.place(), code), width) + "\n";
    }
    return text;
  }

  static std::string shortened_line(const std::string& text, int columns) {
    const std::string line = fit(text, columns - 1);
    return line.substr(0, line.find_last_not_of(' ') + 1);
  }

  static std::string check_text(const Profile& profile, const UpdateParts& p) {
    const ProfileTable t = profile.by_op();
    const double n = p.updates, ops = t.sum().seconds();
    const double with = median_of(p.profiled), without = median_of(p.plain);
    const std::string slowest = slowest_text(p.plain, p.profiled);
    return fmt::format(
        "Ops took {} of {} measured in all shards, {:.1f} %; tape and rest {}. With the profile on, the median of loss "
        "and gradient was {} instead of {} ({:+.1f} %), and {}.{}{}",
        milliseconds(ops / n), milliseconds(t.seconds / n), 100 * ops / t.seconds, milliseconds(t.rest() / n),
        milliseconds(with), milliseconds(without), 100 * (with / without - 1),
        p.equal ? "losses and gradients were the same bits" : "RESULTS DIFFERED, which is an error of Ebb",
        slowest.empty() ? "" : " ", slowest);
  }

  static Table table_of(const ProfileTable& t, const char* what, double n) {
    Table out{.head = {what, "calls", "forward ms", "backward ms", "%", "forward bytes", "kept", "backward bytes"}};
    const auto ms = [&](double seconds) { return fmt::format("{:.3f}", 1e3 * seconds / n); };
    const auto percent = [&](double seconds) { return fmt::format("{:.1f}", 100 * seconds / t.seconds); };
    const auto bytes = [&](std::int64_t b) {
      return (b < 0 ? "-" : "") + bytes_text(std::abs(static_cast<double>(b)) / n);
    };
    for (const ProfileRow& r : t.rows)
      out.rows.push_back({r.op.empty() ? r.place() : r.op, count_text(static_cast<double>(r.calls) / n), ms(r.forward),
                          ms(r.backward), percent(r.seconds()), bytes(r.forward_bytes), bytes(r.kept_bytes),
                          bytes(r.backward_bytes)});
    out.rows.push_back(
        {"tape and rest", "", ms(t.rest()), "", percent(t.rest()), "", bytes(t.kept_bytes - t.sum().kept_bytes), ""});
    return out;
  }

  static void report(Job& job, const Profile& profile, const UpdateParts& p) {
    const double n = p.updates;
    job.report.text(check_text(profile, p));
    job.report.section("By op", "Means of an update. Kept: results alive when the backward pass begins.");
    job.report.table(table_of(profile.by_op(), "op", n));
    job.report.section("By line", "The line of the cell, the network or the task that called the op.");
    job.report.table(table_of(profile.by_line(), "line", n));
    if (const std::string code = sources(profile.by_line(), 121); !code.empty()) job.report.verbatim(code);
    Plot plot{.title = "Time by time step", .x_label = "time step", .y_label = "ms in an update"};
    Series forward{.name = "forward"}, backward{.name = "backward"};
    for (const ProfileRow& r : profile.by_step().rows) {
      if (r.step < 0) continue;
      forward.x.push_back(r.step);
      forward.y.push_back(1e3 * r.forward / n);
      backward.x.push_back(r.step);
      backward.y.push_back(1e3 * r.backward / n);
    }
    if (forward.x.size() > 1) {
      const auto mean = [](const Series& s) {
        return std::accumulate(s.y.begin(), s.y.end(), 0.) / static_cast<double>(s.y.size());
      };
      plot.finding = fmt::format("A step takes {} ms forward and {} ms backward on average.",
                                 number_text(mean(forward)), number_text(mean(backward)));
      plot.caption = "Ops that were called at that step of the sequence, averaged over the measured updates.";
      plot.series = {forward, backward};
      job.report.section("By time step");
      job.report.plots({plot});
    }
    job.report.note("trace.json beside this page has every op in order: open it in speedscope.app or ui.perfetto.dev.");
  }

  static void write(Job& job, const Profile& profile, const UpdateParts& p) {
    const double n = p.updates;
    job.keep("trace.json", [&](const std::string& path) { profile.write_trace(path); });
    if (profile.left_out() > 0)
      job.print(fmt::format("trace.json leaves out {} of the ops; the tables have them all\n",
                            count_text(static_cast<double>(profile.left_out()))));
    job.write("profile.csv", profile.rows().csv());
    const ProfileTable ops = profile.by_op();
    job.summary.set({"updates"}, p.updates);
    for (const auto& [name, seconds] : {std::pair{"batch", p.data},
                                        {"loss_and_gradient", sum(p.plain)},
                                        {"loss_and_gradient_profiled", sum(p.profiled)},
                                        {"optimizer", p.optimizer},
                                        {"measured", ops.seconds},
                                        {"ops", ops.sum().seconds()},
                                        {"tape_and_rest", ops.rest()}})
      job.summary.set({"seconds_per_update", name}, seconds / n);
    job.summary.set({"median_seconds", "loss_and_gradient"}, median_of(p.plain));
    job.summary.set({"median_seconds", "loss_and_gradient_profiled"}, median_of(p.profiled));
    job.summary.set({"same_bits"}, p.equal);
    for (const auto& [kind, table] : {std::pair{"ops", ops}, {"lines", profile.by_line()}})
      for (const ProfileRow& r : table.rows) {
        const auto of = job.summary.under({kind, r.op.empty() ? r.place() : r.op});
        of.set({"calls"}, static_cast<double>(r.calls) / n);
        of.set({"forward_seconds"}, r.forward / n);
        of.set({"backward_seconds"}, r.backward / n);
        of.set({"forward_bytes"}, static_cast<double>(r.forward_bytes) / n);
        of.set({"kept_bytes"}, static_cast<double>(r.kept_bytes) / n);
        of.set({"backward_bytes"}, static_cast<double>(r.backward_bytes) / n);
      }
  }
};
EBB_EXPERIMENT(profile, ProfileUpdates, "time and bytes of an update, by op, line of the cell and time step");

}  // namespace
}  // namespace ebb::app
