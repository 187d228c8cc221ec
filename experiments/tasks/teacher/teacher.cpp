#include <ebb/experiments/tasks/teacher/linear_teacher.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/generated.hpp>
#include <ebb/experiments/train/simple_task.hpp>

namespace ebb::app {
namespace {

/// Reproduce another network: at every step, the output of a random linear recurrent network, the teacher, which reads
/// the same white noise.
///
///     x[t] in N(0, 1);   y[t] = D x[t] + sum over k of C A^k B x[t-k],  divided by its standard deviation
///
/// The moduli of A's eigenvalues are at least --modulus, so what has to be remembered grows with it (LinearTeacher).
///
/// Shapes    x, y [T, B, 1]
/// Numerics  always answering 0 has an MSE of about 1 long after the start; over T steps from the start
///           LinearTeacher::mean_variance
/// Source    Zucchet & Orvieto 2024, arXiv:2405.21064, figure 3, and the authors' code: 10 units, T = 300, students of
///           64 units, batches of 128, 10,000 updates of Adam with a cosine schedule
/// Differs   the targets are divided by their standard deviation, so that losses at different --modulus are comparable;
///           the reported loss is not halved; a teacher is chosen by --teacher, where each seed of theirs has its own
class Teacher final : public SimpleTask, public AnyLength {
 public:
  static constexpr TaskOption options[] = {
      {.name = "modulus",
       .help = "least modulus of the teacher's eigenvalues (default: .9, quick: .5)",
       .takes = RealNumber{0, .999}},
      {.name = "units",
       .help = "units of the teacher (default: 10)",
       .takes = WholeNumber{1, LinearTeacher::most_units}},
      {.name = "teacher", .help = "number of the random teacher (default: 1)", .takes = WholeNumber{1, 1'000'000}}};
  explicit Teacher(Inputs& in) : teacher_(drawn(in)) {}

  TaskInfo info() const override {
    return {.unit = "variances", .baseline = 1, .baseline_about = "always answering 0, long after the start"};
  }

  SimpleSizes sizes() const override { return {.inputs = ValueInputs{1}, .outputs = 1}; }

  TaskSettings settings(Size size) const override {
    switch (size) {
      case Size::quick:
        return {.hidden = 16, .length = 30, .batch = 32, .steps = 400, .lr = 1e-2, .schedule = "cosine"};
      case Size::full:
        return {.hidden = 64, .length = 300, .batch = 128, .steps = 10'000, .lr = 1e-2, .schedule = "cosine"};
      default: return {.hidden = 64, .length = 100, .batch = 32, .steps = 2000, .lr = 1e-2, .schedule = "cosine"};
    }
  }

  Batch batch(const BatchRequest& r) const override {
    const Array x = normal({r.length, r.rows, 1}, batch_key(r, "teacher"), 0, 1);
    return SimpleBatch{.inputs = x, .targets = EveryValue{teacher_.outputs(x)}};
  }

  int batches(Split, int, int rows) const override { return (512 + rows - 1) / rows; }
  std::string data() const override { return "generated"; }
  bool tested_by_default() const override { return false; }
  std::optional<double> baseline_at(int length) const override { return teacher_.mean_variance(length); }

 private:
  static LinearTeacher drawn(Inputs& in) {
    const int units = in.own.choose_whole("units", 10);
    const double memory = in.own.choose_real("modulus", in.quick ? .5 : .9);
    const auto number = static_cast<std::uint64_t>(in.own.choose_whole("teacher", 1));
    return {units, memory, Key{number}.named("linear teacher")};
  }

  LinearTeacher teacher_;
};
EBB_TASK(teacher, Teacher, "reproduce the outputs of a random linear network (Zucchet & Orvieto 2024)");

}  // namespace
}  // namespace ebb::app
