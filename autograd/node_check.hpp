#pragma once
#include <ebb/autograd/probe.hpp>
#include <ebb/ops/random.hpp>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

/// Finds ops with a wrong gradient by checking each recorded op individually, within the model.
///
/// A run at the original values computes each op's own vjp v = J^T r for random r while recording. Two more runs move
/// every value by +-h d, d random, as soon as it is recorded, so that each op receives moved inputs x+ and x-
/// independent of earlier ops: <v, x+ - x-> must equal <r, y+ - y->.
namespace ebb::detail {

class NodeCheck {
 public:
  enum class Run { centre, plus, minus };
  explicit NodeCheck(std::uint64_t seed) : key_(Key{seed}.named("gradcheck nodes")) {}

  /// The probe for the ops of tape `lane` (a shard's index) in the current run.
  Probe& probe(int lane);
  void begin(Run run, double step);
  /// After centre, plus and minus: records which ops are wrong at this step.
  void judge();
  /// "cube (my_cell.cpp:31): <gradient, move> is 1.2, by differences 1.3" for the ops that were wrong at every step,
  /// last recorded first, each source line once.
  std::vector<std::string> wrong() const;
  Array direction(const Shape&, Key) const;
  Key key() const { return key_; }

 private:
  struct Op {
    std::string name;  ///< with the line
    bool checked = false;
    Array value, plus, minus;  ///< the result in each run
    std::vector<Array> vjp, in_plus, in_minus;
    std::vector<Array> outside;  ///< operands that require no gradient, in the plus run
    int wrong = 0;               ///< number of steps at which it was wrong
    double analytic = 0, numeric = 0;
  };
  struct Lane final : Probe {
    Lane(NodeCheck& check, int number) : check_(check), number_(number) {}
    void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) override;
    void sweep(Sweep&, std::uint32_t node) override;
    std::vector<Var> inputs_of(TapeImpl&, const Var* inputs, int count);
    void note_moved(TapeImpl&, Op&, const Var& y, const std::vector<Var>& in, const std::vector<Array>& outside);
    void take_vjp(TapeImpl&, Op&, const Var& y, const std::vector<Var>& in);
    Key key_of(const char* what) const;

    NodeCheck& check_;
    int number_;
    std::size_t at_ = 0;  ///< ops seen in this run
    std::vector<Op> ops_;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> passed_;  ///< inputs of ops without a value
  };
  void judge(Op&, Key) const;

  Key key_;
  Run run_ = Run::centre;
  double step_ = 0;
  int steps_ = 0;
  std::mutex mutex_;
  std::map<int, Lane> lanes_;
};

}  // namespace ebb::detail
