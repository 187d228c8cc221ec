#pragma once
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>

namespace ebb::app {

/// A word, and the output that must follow it.
struct Translation {
  std::vector<int> word, output;
};

/// The frame of the tasks of Deletang et al.: a word is read, one symbol per step, and then, at steps with an empty
/// symbol as input, something is output that depends on the whole word.
///
///     in    w1 ... wn  empty (m times)
///     out              o1 ... om
///
/// Symbols are one-hot. In training each batch has words of one length, drawn from --shortest to --length; the other
/// splits have words of --length. Only the outputs have a loss, all m of them.
///
/// Shapes    x [n + m, B, symbols + 1]; y [n + m, B], of `classes`, with targets from step n on
/// Source    Deletang et al. 2023, arXiv:2207.02098, and the authors' code, with its default without a target as input:
///           256 units, lengths from 1 to 40, batches of 128, Adam at .001, gradients clipped to the norm 1
/// Differs   no ReLU between the recurrence and the output layer
class Transduction : public SimpleTask, public HasMeter, public AnyLength {
 public:
  TaskInfo info() const override;
  SimpleSizes sizes() const override;
  TaskSettings settings(Size) const override;
  void check_sizes(const TaskSettings&) const override;
  Batch batch(const BatchRequest&) const override;
  int batches(Split, int length, int rows) const override;
  int steps(const TaskSettings&) const override;
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override;

  /// Accuracy in % of the best answers that do not depend on the word, for words of n symbols.
  virtual double chance(int n) const = 0;

 protected:
  struct Form {
    const char* name;  ///< of the task
    int symbols, classes;
    const char* chance_about = "guessing";
    int end = EveryStep::none;  ///< the class that ends an output; steps after it do not count in the accuracy
    bool sequences = true;      ///< guesses of the outputs are independent and of equal chance
  };
  Transduction(Inputs&, const Form&);

  /// The number of symbols of a word where `length` is asked for, at most as many.
  virtual int word_length(int length) const { return length; }
  virtual int output_length(int n) const = 0;
  virtual Translation draw(int n, const Key&) const = 0;

 private:
  Form form_;
  int shortest_;
};

}  // namespace ebb::app
