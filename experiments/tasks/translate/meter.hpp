#pragma once
#include <ebb/experiments/tasks/translate/data.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <map>

namespace ebb::app {

/// The sentences of all splits (train, valid, test), and the vocabulary of the target.
struct Translations {
  Symbols symbols;
  std::vector<std::vector<std::string>> source{}, target{};  ///< symbols of each line
  Vocabulary vocabulary;                                     ///< of the target
  int first_test = 0;

  /// The symbols of a translation of that source; an unknown one is replaced by the source symbol with the largest
  /// attention weight.
  ///
  /// Shapes    attention [steps, S]
  std::vector<std::string> symbols_of(const Sentence&, const std::vector<std::string>& source,
                                      const Array& attention) const;
};

/// The picture of the attention for these symbols and the end token.
///
/// Shapes    attention [written + 1, read]
void show_attention(Report&, std::vector<std::string> read, std::vector<std::string> written, const Array& attention);

/// Counts exact translations if the symbols are characters, or computes BLEU if they are words; keeps a few of the test
/// split for the report.
class TranslateMeter final : public Meter {
 public:
  explicit TranslateMeter(const Translations& all) : all_(all), exact_(all.symbols != Symbols::words) {}
  void update(const Batch&, const Result&) override;
  std::vector<Measure> measures() const override;
  std::optional<std::string> validates_by() const override { return exact_ ? "exact" : "BLEU"; }
  void show(Report&) const override;
  void keep_outputs() override { keeps_ = true; }
  std::optional<OutputTable> outputs() const override;

 private:
  struct Score {
    long exact = 0, seen = 0;
    Bleu bleu;
  };
  struct Shown {
    std::vector<std::string> source, target, greedy, beam;
    Array attention;  // [greedy and end, source]
  };
  void add(Score&, const std::vector<std::string>& said, const std::vector<std::string>& wanted);
  double value(const Score&) const;
  const Translations& all_;
  bool exact_, keeps_ = false;
  std::map<int, std::string> kept_;  // lines by item
  int beam_ = 0;                     // width of the search, if there was one
  Score greedy_, searched_, copied_;
  std::map<std::string, int> numbers_;  // ids of symbols, in the vocabulary or not
  std::map<int, Shown> shown_;          // by item
};

}  // namespace ebb::app
