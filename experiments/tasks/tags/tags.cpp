#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/vocabulary.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/tags/data.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <map>
#include <numeric>
#include <optional>
#include <set>

namespace ebb::app {
namespace {

constexpr int word_width = 100, letter_width = 32, letter_state = 48, most_letters = 20;

/// Sentences and the tag of each word.
struct TagBatch {
  Tokens words;            // [T, B]
  Lengths lengths;         // [B]
  Tokens letters;          // [L T, B], letter l of the word of step t at l T + t, -1 after its last one
  Tokens tags;             // [T, B]
  std::vector<int> items;  // [B]

  int rows() const { return words.dim(1); }
  int steps() const { return words.dim(0); }
  double weight() const { return steps_in(lengths); }
};

/// Reads the letters of each word in both directions, then sentences.
///
///     y = recurrence([word vector, ends of the recurrence over its letters]),   score[t] = y[t] W + b
///
/// Shapes    tokens [T, B], letters [L T, B] -> [T, B, K]
/// Source    Ling et al. 2015, arXiv:1508.02096; Plank et al. 2016, arXiv:1604.05529
struct TagNetwork final : Network, RecurrentNetwork {
  int unknown;
  Param words, letters;  // [V, E], [letters, .]
  LayerPtr spell, spell_back;
  Reader reader;
  Linear out;
  NetworkDropout left_out;

  TagNetwork(const Builder& p, const Recurrence& r, ReadDirection direction, int V, int unk, int letter_count, int tags)
      : unknown(unk), words(p.matrix("words", V, word_width, normal_init(0, .1))),
        letters(p.matrix("letters", letter_count, letter_width, normal_init(0, .3))),
        spell(r.plain_layer(p / "spell", letter_width, letter_state, most_letters)),
        spell_back(r.plain_layer(p / "spell-back", letter_width, letter_state, most_letters)),
        reader(p / "sentence", r, word_width + 2 * letter_state, direction), out(p / "out", reader.width(), tags),
        left_out(r.settings.network) {}

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<TagBatch>();
    const StepContext at = s.context();
    const Packing packing(s.rows(b.lengths), b.steps());
    const Tokens read = word_dropout(s.sequence(b.words), at.training() ? left_out.words.value_or(0) : 0, unknown, at);
    const Var x = concat({gather(words, pack(read, packing)), letter_ends(s, b, packing)});
    const Packed in = dropout(Packed{x, packing}, left_out.input.value_or(0), at, "in");
    const Var y = dropout(reader(in, at), left_out.output.value_or(0), at, "out").all;
    const Var score = out(y);
    if (!at.training()) class_scores.put(s, transpose(unpack({score, packing}).all(), {1, 0, 2}));
    return s.mean_tokens(cross_entropy(score, pack(s.sequence(b.tags), packing)), b.lengths);
  }

  std::string recurrence_scope() const override { return "net/sentence/forward"; }
  const Cell* recurrence() const override { return reader.forward(); }
  Sequence recurrence_inputs(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<TagBatch>();
    const Packing packing(s.rows(b.lengths), b.steps());
    const Var x = concat({gather(words, pack(s.sequence(b.words), packing)), letter_ends(s, b, packing)});
    return unpack({x, packing});
  }
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<TagBatch>().lengths; }
  PartialLoss last_loss(Shard& s, const Batch& batch, const Var& x, const Var& y) const override {
    const auto& b = batch.get<TagBatch>();
    return s.sum(cross_entropy(out(reader.at_last(y, x, s.context())), s.rows(last_steps(b.tags, b.lengths))));
  }

  // The letters of all words of the shard at once: [L, N], each word a separate row.
  Var letter_ends(Shard& s, const TagBatch& b, const Packing& packing) const {
    const int T = b.steps(), L = b.letters.dim(0) / T, N = packing.size();
    const Tokens mine = s.sequence(b.letters), index = packing.index();
    Tokens side_by_side({L, N});
    Lengths lengths({N});
    for (int n = 0; n < N; ++n)
      for (int l = 0; l < L; ++l) {
        const int letter = mine.data()[l * T * s.rows() + index.data()[n]];
        side_by_side.data()[l * N + n] = std::max(letter, 0);
        lengths.data()[n] += letter >= 0;
      }
    const Packing each(lengths, L);
    const Packed x{gather(letters, pack(side_by_side, each)), each};
    return concat({unroll(*spell, x, State{}, StepContext{}, Direction::forward).last(),
                   unroll(*spell_back, x, State{}, StepContext{}, Direction::backward).last()});
  }
};

/// Keeps a few sentences with their tags for the report.
class TagMeter final : public ClassMeter {
 public:
  TagMeter(const TaggedText& text, const std::vector<std::string>& tags, const ClassBaseline& g)
      : ClassMeter(tags, g.accuracy, g.f1), text_(text) {}
  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<TagBatch>();
    const Array& scores = class_scores.of(r);
    add(scores, b.tags, b.lengths);
    if (shown_.size() >= 5 || b.steps() < 8) return;
    Table t{.head = {"word", "tag", "predicted"}};
    for (int k = 0; k < b.lengths.data()[0]; ++k) {
      int best = 0;
      for (int c = 1; c < scores.columns(); ++c)
        if (scores.at({0, k, c}) > scores.at({0, k, best})) best = c;
      const auto sentence = static_cast<std::size_t>(b.items[0]), word = static_cast<std::size_t>(k);
      const std::string& said = names()[static_cast<std::size_t>(best)];
      t.rows.push_back({text_.words[sentence][word], text_.tags[sentence][word],
                        said == text_.tags[sentence][word] ? said : said + ", wrong"});
    }
    shown_.push_back(t);
  }
  void show(Report& report) const override {
    report.section("Example sentences");
    for (const Table& t : shown_) report.table(t);
    ClassMeter::show(report);
  }

 private:
  const TaggedText& text_;
  std::vector<Table> shown_;
};

/// Part-of-speech tagging.
///
/// Source    data: Silveira et al. 2014, a gold standard dependency corpus for English (Universal Dependencies, English
///           Web Treebank)
class Tags final : public Task, public HasNetwork, public HasDropout, public HasMeter, public ReadsData {
 public:
  static constexpr TaskOption options[] = {direction_option};
  explicit Tags(Inputs& in) : direction_(read_direction(in.own.choose("direction", "both"))) {
    load(in);
    encode();
  }

  TaskInfo info() const override {
    return {.unit = "nats/word",
            .speed_unit = "words",
            .baseline = baseline_.nats,
            .baseline_about = "tag frequencies",
            .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 16, .length = 100, .batch = 20, .steps = 120, .lr = 1e-2, .patience = all_validations};
    return {
        .hidden = 128, .length = 100, .batch = 32, .steps = 1600, .lr = 3e-3, .schedule = "one-cycle", .patience = 5};
  }

  Batch batch(const BatchRequest& r) const override {
    const std::vector<int> items = batches_->items(r);
    const int most = r.split == Split::train ? r.length : 1 << 30;  // the other splits are read completely
    const Rows rows = padded(words_, items, most);
    return TagBatch{.words = rows.tokens,
                    .lengths = rows.lengths,
                    .letters = letters_of(rows, items),
                    .tags = padded(targets_, items, most).tokens,
                    .items = items};
  }

  std::string left_out(const TaskSettings& s) const override {
    const auto length = [this](int item) { return static_cast<int>(words_[static_cast<std::size_t>(item)].size()); };
    return longer_ones(batches_->partition().train, length, s.length, "training sentence", "word");
  }

  int batches(Split s, int, int rows) const override { return batches_->batches(s, rows); }
  std::string data() const override { return data_; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<TagMeter>(text_, tags_, baseline_); }
  NetworkDropout own_dropout() const override { return {.input = .3, .output = .3, .words = .1}; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<TagNetwork>(p, r, direction_, vocabulary_->size(), vocabulary_->unknown(),
                                        letter_set_->size(), static_cast<int>(tags_.size()));
  }

 private:
  void load(Inputs& in) {
    if (in.quick && in.data.empty()) in.data = "generated";
    if (in.data == "generated") {
      text_ = made_up_tagged_text();
      return;
    }
    in.data = find_tagged_text(in.data);
    text_ = read_tagged_text(in.data);
  }

  // Words that occur once in training are treated as unknown, so that the model learns to handle unknown words.
  void encode() {
    std::string text;
    std::map<std::string, int> numbers;
    for (int k = 0; k < text_.cut[1]; ++k)
      for (const std::string& word : text_.words[static_cast<std::size_t>(k)]) text += lower(word) + "\n";
    vocabulary_ = Vocabulary::from_text(Symbols::words, text, {.min_count = 2});
    std::string spelling;
    for (int k = 0; k < text_.cut[1]; ++k)
      for (const std::string& word : text_.words[static_cast<std::size_t>(k)]) spelling += word;
    letter_set_ = Vocabulary::from_text(Symbols::bytes, spelling, {.most = 200});
    std::set<std::string> known;
    for (const auto& sentence : text_.tags) known.insert(sentence.begin(), sentence.end());
    tags_.assign(known.begin(), known.end());
    for (std::size_t k = 0; k < tags_.size(); ++k) numbers[tags_[k]] = static_cast<int>(k);
    std::vector<int> lengths;
    for (std::size_t k = 0; k < text_.words.size(); ++k) {
      words_.emplace_back();
      targets_.emplace_back();
      for (const std::string& word : text_.words[k]) {
        const int id = vocabulary_->find(lower(word));
        words_.back().push_back(id < 0 ? vocabulary_->unknown() : id);
      }
      for (const std::string& tag : text_.tags[k]) targets_.back().push_back(numbers[tag]);
      lengths.push_back(static_cast<int>(words_.back().size()));
    }
    split(lengths);
  }

  void split(const std::vector<int>& lengths) {
    Partition parts;
    std::vector<int>* const each[] = {&parts.train, &parts.valid, &parts.test};
    for (std::size_t k = 0; k < 3; ++k)
      for (int item = text_.cut[k]; item < text_.cut[k + 1]; ++item) each[k]->push_back(item);
    std::vector<long> counts(tags_.size());
    for (const int item : parts.test)
      for (const int tag : targets_[static_cast<std::size_t>(item)]) ++counts[static_cast<std::size_t>(tag)];
    baseline_ = class_baseline(counts);
    batches_ = std::make_unique<SequenceBatches>(parts, lengths);
    data_ = fmt::format("{}; {} different words, {} tags", text_.source, count_text(vocabulary_->size()), tags_.size());
  }

  static std::string lower(std::string word) {
    for (char& c : word)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    for (char& c : word)
      if (c == ' ') c = '_';  // spaces separate the words in a vocabulary's text
    return word;
  }

  // The bytes of each word, truncated if it is long.
  Tokens letters_of(const Rows& words, const std::vector<int>& items) const {
    const int T = words.tokens.dim(0), B = words.tokens.dim(1);
    const auto word = [&](int t, int row) -> const std::string& {
      return text_.words[static_cast<std::size_t>(items[static_cast<std::size_t>(row)])][static_cast<std::size_t>(t)];
    };
    std::size_t longest = 1;
    for (int row = 0; row < B; ++row)
      for (int t = 0; t < words.lengths.data()[row]; ++t) longest = std::max(longest, word(t, row).size());
    const int L = static_cast<int>(std::min<std::size_t>(longest, most_letters));
    Tokens letters({L * T, B});
    std::fill(letters.data(), letters.data() + letters.size(), -1);
    for (int row = 0; row < B; ++row)
      for (int t = 0; t < words.lengths.data()[row]; ++t) {
        const std::string& w = word(t, row);
        for (int l = 0; l < L && l < static_cast<int>(w.size()); ++l) {
          const int id = letter_set_->find(std::string_view(w).substr(static_cast<std::size_t>(l), 1));
          letters.data()[(l * T + t) * B + row] = id < 0 ? letter_set_->unknown() : id;
        }
      }
    return letters;
  }

  ReadDirection direction_;
  TaggedText text_;
  std::optional<Vocabulary> vocabulary_, letter_set_;
  std::vector<std::string> tags_;
  std::vector<std::vector<int>> words_, targets_;
  std::unique_ptr<SequenceBatches> batches_;
  ClassBaseline baseline_;
  std::string data_;
};
EBB_TASK(tags, Tags, "part-of-speech tagging (Universal Dependencies, English)");

}  // namespace
}  // namespace ebb::app
