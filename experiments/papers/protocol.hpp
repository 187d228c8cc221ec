#pragma once
#include <cmath>
#include <ebb/experiments/papers/rule.hpp>
#include <string>
#include <vector>

/// `ebb paper`: the experiments of a paper, run again beside its numbers.
namespace ebb::app::papers {

using Words = std::vector<std::string>;

/// A number of a paper: one network, or one choice of options.
struct Row {
  std::string name;     ///< of its section: "lstm" of [adding.lstm]
  std::string label;    ///< as the tables show it
  Words options{};      ///< of `ebb train`, after those of the experiment
  Words reduced{};      ///< replaced when the protocol is reduced
  std::string paper;    ///< what the paper prints: "0.164", "not solved"
  double number = NAN;  ///< the same as a number, the mean if it prints one for each seed; NaN: it is none
  double spread = NAN;  ///< standard deviation that the paper prints
  std::string note{};   ///< a sentence about this row
  std::optional<Rule> agrees{}, agrees_reduced{};  ///< none: no verdict
  int line = 1;                                    ///< of its section's first key
};

/// Which number a row has: the mean over its seeds, or the highest or lowest of all its runs.
enum class Pick { mean, highest, lowest };

/// Rows that share a task and its settings.
struct Experiment {
  std::string name, question{}, where{};  ///< of its section; what is asked; "table 1"
  Words train{}, reduced{};               ///< task and options of `ebb train`; options that are replaced when reduced
  std::string measure = "loss";           ///< on the test split: the loss, or a measure of the task
  bool beyond = false;                    ///< instead: its mean over those --test-lengths that are above --length
  std::optional<Rule> solved{};           ///< given: the number is the share of seeds, in %, whose measure obeys it
  Pick pick = Pick::mean;
  Words rates{}, reduced_rates{};      ///< values of --lr, each of which trains every seed; none: that of the options
  std::vector<std::string> differs{};  ///< what differs from the paper, and why
  std::vector<Row> rows{};
  int line = 1;

  /// "accuracy", "accuracy beyond training"
  std::string measured() const { return measure + (beyond ? " beyond training" : ""); }
  /// "highest accuracy", "% of seeds with accuracy >= 99"
  std::string quantity() const;
  const Words& rates_of(bool full) const { return full ? rates : reduced_rates; }
};

/// A file in TOML that says what a paper did and what it found: the settings of each experiment, the paper's numbers,
/// the rule by which ours agree with them, and what differs. docs/papers.md describes the format.
struct Protocol {
  std::string name, file;  ///< "bai2018"; for messages
  std::string title{}, authors{}, source{}, code{};
  int year = 0;
  std::vector<std::string> about{}, differs{};
  int seeds = 3, reduced_seeds = 2;
  std::vector<Experiment> experiments{};
  std::string text;  ///< the file

  std::string short_title() const;  ///< "Bai et al. 2018"
};

/// Errors    ValueError naming file and line: what the format rejects (config_lines), an unknown key (with the
///           nearest), a missing one, a number or a rule of another form, an experiment without rows
Protocol protocol_of(const std::string& name, const std::string& file, const std::string& text);

/// The words that train a row: of the experiment and the row, and in a reduced run (`full` false) of both in `reduced`.
/// A later value of an option replaces an earlier one, and `rate`, if it is not empty, that of --lr.
Words words_of(const Experiment&, const Row&, bool full, const std::string& rate = {});

}  // namespace ebb::app::papers
