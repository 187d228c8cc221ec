#include <fmt/format.h>
#include <cmath>
#include <ebb/data/word_vectors.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/review_batch.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/experiments/train/reader.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <optional>
#include <sstream>

namespace ebb::app {
namespace {

constexpr int review_word_width = 100;  // E of trained word vectors

struct Reviews {
  std::vector<std::string> lines;  // all sentences, with words separated by spaces
  std::vector<int> labels;         // 0 negative, 1 positive
  std::string source;
};

// Sentences with one word of judgement that another word may negate, so that no single word decides.
Reviews made_up_reviews() {
  static const char* const things[] = {"film", "plot", "acting", "story", "ending", "music", "cast", "script"};
  static const char* const judgements[] = {"dull", "awful", "tired", "weak", "bright", "moving", "clever", "fresh"};
  const Key key = Key{1}.named("reviews");
  Reviews r{{}, {}, "generated, 600 sentences"};
  for (std::uint64_t k = 0; k < 600; ++k) {
    const int judgement = key.below(8, 4 * k), turned = key.below(4, 4 * k + 1) == 0;
    r.lines.push_back(fmt::format("the {} of this {} is {}{}", things[key.below(8, 4 * k + 2)],
                                  things[key.below(8, 4 * k + 3)], turned ? "not " : "", judgements[judgement]));
    r.labels.push_back((judgement >= 4) != (turned != 0));
  }
  return r;
}

Reviews read_reviews(const std::string& folder) {
  Reviews r;
  for (const char* name : {"neg", "pos"}) {
    const std::string path = fmt::format("{}/rt-polarity.{}", folder, name);
    const std::vector<std::string> lines = read_lines(path);
    if (lines.empty()) throw FileError(fmt::format("'{}': contains no sentences", path));
    for (std::size_t k = 0; k < lines.size(); ++k) {
      if (lines[k].find_first_not_of(" \t") == std::string::npos)
        throw FileError(fmt::format("'{}', line {}: is empty, but a sentence is expected", path, k + 1));
      r.lines.push_back(lines[k]);
      r.labels.push_back(name[0] == 'p');
    }
    r.source += fmt::format("{}rt-polarity.{}, {}", r.source.empty() ? "" : "; ", name, fingerprint(lines));
  }
  return r;
}

/// Classifies a sentence: the maximum of each output of the recurrence over the steps, followed by a linear layer.
///
///     score = max_t y[t] W + b,   y = recurrence(words)
///
/// Shapes    tokens [T, B] -> [B, 2]
/// Source    the maximum over time: Collobert et al. 2011, JMLR 12:2493; with a recurrence in both directions Conneau
///           et al. 2017, arXiv:1705.02364
struct SentimentNetwork final : Network, RecurrentNetwork {
  std::optional<Param> words;  // [V, E]; none: one-hot words
  int vocabulary, unknown;
  Reader reader;
  Linear out;
  NetworkDropout left_out;

  SentimentNetwork(const Builder& p, const Recurrence& r, ReadDirection direction, bool onehot, const Array& table,
                   int V, int unk)
      : words(vectors(p, onehot, table, V)), vocabulary(V), unknown(unk),
        reader(p, r, words ? words->value().dim(1) : V, direction), out(p / "out", reader.width(), 2),
        left_out(r.settings.network) {}

  // Trained ones are initialised as in Kim 2014: U(-.25, .25).
  static std::optional<Param> vectors(const Builder& p, bool onehot, const Array& table, int V) {
    if (onehot) return std::nullopt;
    return table ? p.trained("words", table) : p.matrix("words", V, review_word_width, uniform_init(-.25, .25));
  }

  PartialLoss loss(Shard& s, const Batch& batch) const override {
    const auto& b = batch.get<ReviewBatch>();
    const StepContext at = s.context();
    const Lengths lengths = s.rows(b.lengths);
    const Packing packing(lengths, b.steps());
    const double unread = at.training() ? left_out.words.value_or(0) : 0;
    const Tokens read = pack(word_dropout(s.sequence(b.words), unread, unknown, at), packing);
    Packed x{words ? gather(*words, read) : one_hot(read, vocabulary), packing};
    if (words) x = dropout(x, left_out.input.value_or(0), at, "in");
    const Packed y = reader(x, at);
    const Var score = out(dropout(max_over_time(unpack(y).all(), lengths), left_out.output.value_or(0), at, "out"));
    if (!at.training()) class_scores.put(s, softmax(score));
    return s.mean_rows(cross_entropy(score, s.rows(b.labels)));
  }

  std::string recurrence_scope() const override { return "net/forward"; }
  const Cell* recurrence() const override { return reader.forward(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override {
    const Tokens read = s.sequence(b.get<ReviewBatch>().words);
    return words ? gather(*words, read) : one_hot(read, vocabulary);
  }
  Lengths recurrence_lengths(const Batch& b) const override { return b.get<ReviewBatch>().lengths; }
  // The maximum over the last step alone: through that of an earlier one the gradient would not come back in time.
  PartialLoss last_loss(Shard& s, const Batch& b, const Var& x, const Var& y) const override {
    const Var score = out(reader.at_last(y, x, s.context()));
    return s.sum(cross_entropy(score, s.rows(b.get<ReviewBatch>().labels)));
  }

  // The padding must not be the maximum.
  static Var max_over_time(const Var& y, const Lengths& lengths) {
    const int T = y.dim(0), B = y.dim(1);
    Array low = Array::zeros({T, B, 1}, f32);
    for (int t = 0; t < T; ++t)
      for (int row = 0; row < B; ++row) low.data<float>()[t * B + row] = t < lengths.data()[row] ? 0.0F : -1e9F;
    return amax(y + constant(low), {0});
  }
};

/// Keeps some sentences with the model's predictions.
class SentimentMeter final : public ClassMeter {
 public:
  SentimentMeter(const std::vector<std::string>& lines, double baseline, double f1)
      : ClassMeter({"negative", "positive"}, baseline, f1), lines_(lines) {}
  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<ReviewBatch>();
    const Array& scores = class_scores.of(r);
    add(scores, b.labels);
    for (int row = 0; row < b.rows() && table_.rows.size() < 20; row += 9) {
      const double p = scores.at({row, 1});
      const int wanted = b.labels.data()[row];
      table_.rows.push_back({lines_[static_cast<std::size_t>(b.items[static_cast<std::size_t>(row)])],
                             names()[static_cast<std::size_t>(wanted)], fmt::format("{:.0f} %", 100 * p),
                             (p > .5) == (wanted == 1) ? "" : "wrong"});
    }
  }
  void show(Report& report) const override {
    ClassMeter::show(report);
    report.section("Example sentences");
    report.table(table_);
  }

 private:
  const std::vector<std::string>& lines_;
  Table table_{.head = {"sentence", "class", "probability of positive", ""}};
};

/// Classifies sentences of film reviews as for or against the film.
///
/// Source    data: Pang & Lee 2005, doi:10.3115/1219840.1219855; published results: Kim 2014, arXiv:1408.5882
class Sentiment final : public Task, public HasNetwork, public HasDropout, public HasMeter, public ReadsData {
 public:
  static constexpr TaskOption options[] = {
      direction_option,
      {.name = "embedding",
       .type = "FILE",
       .help = "word embedding: learned, onehot, or a file of vectors in the format of GloVe or fastText"}};
  explicit Sentiment(Inputs& in)
      : direction_(read_direction(in.own.choose("direction", "forward"))),
        onehot_(in.own.choose("embedding", "learned") == "onehot") {
    load(in);
    encode();
    if (!onehot_ && in.own["embedding"] != "learned") read_vectors(in.own["embedding"]);
  }

  TaskInfo info() const override {
    return {.unit = "nats",
            .speed_unit = "words",
            .baseline = baseline_.nats,
            .baseline_about = "class frequencies",
            .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 16, .length = 64, .batch = 20, .steps = 240, .lr = 1e-2, .patience = all_validations};
    return {.hidden = 128, .length = 64, .batch = 50, .steps = 1400, .lr = 1e-3, .patience = 4};
  }

  std::string left_out(const TaskSettings& s) const override {
    std::vector<int> all;
    for (const auto* part : {&batches_->partition().train, &batches_->partition().valid, &batches_->partition().test})
      all.insert(all.end(), part->begin(), part->end());
    const auto length = [this](int item) { return static_cast<int>(words_[static_cast<std::size_t>(item)].size()); };
    return longer_ones(all, length, s.length, "sentence", "word");
  }

  Batch batch(const BatchRequest& r) const override {
    const std::vector<int> items = batches_->items(r);
    const Rows rows = padded(words_, items, r.length, vocabulary_->pad());
    Tokens labels({static_cast<int>(items.size())});
    for (std::size_t k = 0; k < items.size(); ++k)
      labels.data()[k] = reviews_.labels[static_cast<std::size_t>(items[k])];
    return ReviewBatch{.words = rows.tokens, .lengths = rows.lengths, .labels = labels, .items = items};
  }

  int batches(Split s, int, int rows) const override { return batches_->batches(s, rows); }
  std::string data() const override { return data_; }
  std::unique_ptr<Meter> meter() const override {
    return std::make_unique<SentimentMeter>(reviews_.lines, baseline_.accuracy, baseline_f1_);
  }
  NetworkDropout own_dropout() const override {
    NetworkDropout own{.input = .5, .output = .5, .words = .1};
    if (onehot_) own.input.reset();  // there are no vectors
    return own;
  }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<SentimentNetwork>(p, r, direction_, onehot_, table_, vocabulary_->size(),
                                              vocabulary_->unknown());
  }

 private:
  void load(Inputs& in) {
    if (in.quick && in.data.empty()) in.data = "generated";
    if (in.data == "generated") {
      reviews_ = made_up_reviews();
      return;
    }
    in.data = find_data({"sentiment",
                         {"rt-polarity.neg", "rt-polarity.pos"},
                         {"", "rt-polaritydata"},
                         {},
                         "rt-polarity.neg and rt-polarity.pos of Pang & Lee 2005, UTF-8, one sentence per line"},
                        in.data);
    reviews_ = read_reviews(in.data);
  }

  // A tenth for testing and a tenth for validation. The vocabulary is that of the training sentences.
  void encode() {
    const Partition parts = partition(static_cast<int>(reviews_.lines.size()), 1, {.valid = .1, .test = .1});
    std::string text;
    for (const int k : parts.train) text += reviews_.lines[static_cast<std::size_t>(k)] + "\n";
    vocabulary_ = Vocabulary::from_text(Symbols::words, text);
    std::vector<int> lengths;
    for (const std::string& line : reviews_.lines) {
      const Tokens t = vocabulary_->encode(line);
      words_.emplace_back(t.data(), t.data() + t.size());
      lengths.push_back(static_cast<int>(t.size()));
    }
    std::vector<long> counts(2);
    for (const int k : parts.test) ++counts[static_cast<std::size_t>(reviews_.labels[static_cast<std::size_t>(k)])];
    baseline_ = class_baseline(counts);
    baseline_f1_ = 200 * static_cast<double>(counts[1]) /
                   static_cast<double>(counts[1] + counts[0] + counts[1]);  // always positive
    batches_ = std::make_unique<SequenceBatches>(parts, lengths);
    data_ = fmt::format("{}; {} different words", reviews_.source, count_text(vocabulary_->size()));
  }

  void read_vectors(std::string& path) {
    const auto random = [](const Shape& shape) {
      return uniform(shape, Key{1}.named("words without a vector"), -.25, .25);
    };
    path = std::filesystem::absolute(path).string();  // weights may be read from another folder
    const WordVectors v = read_word_vectors(path, *vocabulary_, random);
    const std::string all = count_text(vocabulary_->size());
    if (v.found == 0) throw FileError(fmt::format("'{}': contains none of the {} words of the text", path, all));
    table_ = v.table;
    data_ +=
        fmt::format("; {} has {} of {} words", ebb::detail::printable(std::filesystem::path(path).filename().string()),
                    count_text(v.found), all);
  }

  ReadDirection direction_;
  bool onehot_;
  Reviews reviews_;
  std::optional<Vocabulary> vocabulary_;
  std::vector<std::vector<int>> words_;
  std::unique_ptr<SequenceBatches> batches_;
  Array table_;
  ClassBaseline baseline_;
  double baseline_f1_ = 0;
  std::string data_;
};
EBB_TASK(sentiment, Sentiment, "classify sentences of film reviews as positive or negative (Pang & Lee 2005)");

}  // namespace
}  // namespace ebb::app
