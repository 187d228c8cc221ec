#pragma once
#include <ebb/autograd/probe.hpp>
#include <ebb/ops/random.hpp>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

/// Which op has a wrong gradient? Each recorded op is checked on its own, where it stands in the model.
///
/// A run at the values themselves takes each op's own vjp v = J^T r, r random, in the midst of recording. Two more runs
/// move every value by +-h d, d random, as soon as it is recorded, so that each op is given moved inputs x+ and x-, and
/// nothing that went before it matters: <v, x+ - x-> has to be <r, y+ - y->.
namespace ebb::detail {

class NodeCheck {
 public:
  enum class Run { centre, plus, minus };
  explicit NodeCheck(std::uint64_t seed) : key_(Key{seed}.named("gradcheck nodes")) {}

  /// What is to see the ops of tape `lane` (a shard's number) in the run that was begun last.
  Probe& probe(int lane);
  void begin(Run run, double step);
  /// After centre, plus and minus: notes which ops are off at this step.
  void judge();
  /// "cube (my_cell.cpp:31): <gradient, move> is 1.2, by differences 1.3" of the ops that were off at every step; the
  /// last recorded come first, and each line of the source once.
  std::vector<std::string> wrong() const;
  Array direction(const Shape&, Key) const;
  Key key() const { return key_; }

 private:
  struct Op {
    std::string name;  ///< and line
    bool checked = false;
    Array value, plus, minus;  ///< of the result
    std::vector<Array> vjp, in_plus, in_minus;
    std::vector<Array> outside;  ///< operands that need no gradient, in the run with plus
    int wrong = 0;               ///< steps at which it was off
    double analytic = 0, numeric = 0;
  };
  struct Lane final : Probe {
    Lane(NodeCheck& check, int number) : check_(check), number_(number) {}
    void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) override;
    std::vector<Var> inputs_of(TapeImpl&, const Var* inputs, int count);
    void note_moved(TapeImpl&, Op&, const Var& y, const std::vector<Var>& in, const std::vector<Array>& outside);
    void take_vjp(TapeImpl&, Op&, const Var& y, const std::vector<Var>& in);
    Key key_of(const char* what) const;

    NodeCheck& check_;
    int number_;
    std::size_t at_ = 0;  ///< ops seen in this run
    std::vector<Op> ops_;
    std::unordered_map<std::uint32_t, std::vector<std::uint32_t>>
        passed_;  ///< inputs of ops without a value of their own
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
