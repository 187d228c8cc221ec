#pragma once
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/lengths.hpp>
#include <ebb/experiments/train/simple_task.hpp>

namespace ebb::app {

/// A word of a language, and after each of its symbols those that may come next.
struct WordWithSets {
  std::vector<int> word;
  std::vector<std::vector<int>> next;  ///< of each step
};

/// The frame of languages that are learnt by predicting the set of next symbols: one output for each symbol, 1 if it
/// may come next and 0 otherwise.
///
///     y[t, s] = 1 if s may follow w1 ... wt, else 0;   a word is accepted if every |y - output| < 1/2
///
/// Symbols are one-hot. In training each batch has words of one length, drawn from --shortest to --length; the other
/// splits have words of --length. The accuracy is the share of accepted words.
///
/// Shapes    x [T, B, symbols]; y [T, B, outputs]
/// Numerics  always answering 1/2 has an MSE of 1/4
/// Source    Gers & Schmidhuber 2001, doi:10.1109/72.963769; the squared error and the threshold: the code of Suzgun et
///           al. 2018, arXiv:1811.01001, and 2019, arXiv:1911.03329
/// Differs   linear outputs, where the code has sigmoids
class SymbolSets : public SimpleTask, public HasMeter, public AnyLength {
 public:
  TaskInfo info() const override;
  SimpleSizes sizes() const override;
  void check_sizes(const TaskSettings&) const override;
  Batch batch(const BatchRequest&) const override;
  int batches(Split, int length, int rows) const override;
  int steps(const TaskSettings& s) const override { return word_steps(s.length); }
  std::string data() const override { return "generated"; }
  std::unique_ptr<Meter> meter() const override;

  /// Accepted words in % if each prediction depends on the last symbol alone, for words of T steps; the best such
  /// prediction.
  virtual double chance(int T) const = 0;

 protected:
  struct Form {
    const char* name;  ///< of the task
    int symbols, outputs;
    int least;  ///< smallest length of a word
  };
  SymbolSets(Inputs&, const Form&);

  /// The number of symbols of a word where `length` is asked for.
  virtual int word_steps(int length) const = 0;
  virtual WordWithSets draw(int T, const Key&) const = 0;

 private:
  Form form_;
  int shortest_;
};

}  // namespace ebb::app
