#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/model.hpp>

/// Train short, test long: a model that was trained on a task with AnyLength is tested at lengths beyond those of
/// training, which are all --length, or are drawn up to it.
///
///     const LengthTest test = test_at_lengths(model, *task, settings, test_lengths({}, settings.length));
///     for (const LengthScore& s : test.scores) ...   // accuracy and chance at 1, 2, 4, 8 and 16 times --length
namespace ebb::app {

/// The option --shortest of tasks that draw the lengths of their training batches.
inline constexpr TaskOption shortest_option{
    .name = "shortest",
    .help = "smallest length of a training batch, whose lengths are drawn up to --length; 0: all have --length",
    .takes = WholeNumber{0, 1'000'000}};

/// The length of a batch: in training drawn uniformly from `shortest` to the length requested, with one length for all
/// sequences of a batch; the length requested in the other splits, or if `shortest` is 0.
///
/// Source    Deletang et al. 2023, arXiv:2207.02098, whose lengths are uniform in 1, ..., 40
int drawn_length(const BatchRequest&, const Key& batch, int shortest);
/// Errors    ValueError if --shortest is greater than --length
void check_shortest(int shortest, const TaskSettings&);

/// What a model achieves on sequences of one length.
struct LengthScore {
  int length = 0, sequences = 0;
  double value = 0;     ///< of the measure
  double baseline = 0;  ///< of the measure at this length, without reading the sequence
  double loss = 0;      ///< in the task's unit
  void visit(Fields& f) {
    f("length", length)("sequences", sequences)("value", value)("baseline", baseline)("loss", loss);
  }
};

struct LengthTest {
  std::string measure = "loss", unit;  ///< the measure used for validation, else the task's first one, else the loss
  bool rises = false;                  ///< a higher value of the measure is better
  std::vector<LengthScore> scores;     ///< by length
  void visit(Fields& f) { f("measure", measure)("unit", unit)("rises", rises)("scores", scores); }
};

/// The lengths of --test-lengths, in increasing order: the given ones; none for "none"; by default 1, 2, 4, 8 and 16
/// times the length of training.
/// Errors    ValueError naming the option, for a word that is not a whole number from 1 to 1,000,000, or a length given
///           twice
std::vector<int> test_lengths(const std::vector<std::string>& words, int trained);

/// The lengths at which `ebb train` tests a model of this task: those of --test-lengths; without it the default ones,
/// or none unless AnyLength::tested_by_default.
/// Errors    those of test_lengths; ValueError for words that are given and a task without AnyLength, with the names of
///           the tasks that have it
std::vector<int> lengths_of_tests(const Task&, const TaskSettings&, const std::vector<std::string>& words);
/// The greatest length of training: --length, unless the task has another.
int trained_length(const Task&, const TaskSettings&);
/// All registered tasks with AnyLength.
std::vector<std::string> tasks_of_any_length();

/// Reads one sequence of the greatest length, so that a length that the task or the model cannot have is found before
/// the work.
/// Errors    those of the task and the model, with the length and --test-lengths
void try_lengths(const Model&, const Task&, const TaskSettings&, const std::vector<int>& lengths);

/// Tests a model on sequences of the test split at each length, in batches of at most 64. With Model::ranks, every rank
/// has the result, with the same bits as one process. Ctrl-C ends it after the current length.
LengthTest test_at_lengths(const Model&, const Task&, const TaskSettings&, const std::vector<int>& lengths);

}  // namespace ebb::app
