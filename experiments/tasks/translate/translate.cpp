#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/translate/meter.hpp>
#include <ebb/experiments/tasks/translate/network.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>
#include <filesystem>
#include <optional>

namespace ebb::app {
namespace {

constexpr int beam_width = 5;

/// Translation of sentences.
///
/// Source    data: Multi30K, Elliott et al. 2016, arXiv:1605.00459 (French: 2017, arXiv:1710.07177); or generated dates
class Translate final : public Task,
                        public HasNetwork,
                        public HasDropout,
                        public HasMeter,
                        public Generates,
                        public ReadsData {
 public:
  static constexpr TaskOption options[] = {direction_option};
  explicit Translate(Inputs& in) : direction_(read_direction(in.own.choose("direction", "both"))) {
    const ParallelText text = load(in.data, in.quick);
    by_words_ = text.symbols == Symbols::words;
    const int least = by_words_ ? 2 : 1;
    source_.emplace(text.symbols, text.train.source, least);
    target_.emplace(text.symbols, text.train.target, least);
    encode(text);
    data_ = fmt::format("{}; {} and {} different {}", text.about, count_text(source_->vocabulary.size()),
                        count_text(target_->vocabulary.size()), by_words_ ? "words" : "characters");
  }

  TaskInfo info() const override {
    return {.unit = by_words_ ? "nats/word" : "nats/character",
            .speed_unit = by_words_ ? "words" : "characters",
            .baseline = baseline_,
            .baseline_about = fmt::format("{} frequencies", by_words_ ? "word" : "character"),
            .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 32,
              .length = 60,
              .batch = 30,
              .steps = 700,
              .lr = 1e-2,
              .schedule = "one-cycle",
              .patience = all_validations};
    if (!by_words_)
      return {
          .hidden = 64, .length = 60, .batch = 60, .steps = 1500, .lr = 5e-3, .schedule = "one-cycle", .patience = 10};
    return {.hidden = 256, .length = 60, .batch = 60, .steps = 2500, .lr = 2e-3, .schedule = "cosine", .patience = 5};
  }

  Batch batch(const BatchRequest& r) const override {
    const std::vector<int> items = batches_->items(r);
    const int most = r.split == Split::train ? r.length : 1 << 30;  // the other splits are read completely
    const Rows read = padded(read_, items, most), given = padded(given_, items, most);
    return TranslateBatch{.source = read.tokens,
                          .source_lengths = read.lengths,
                          .given = given.tokens,
                          .wanted = padded(wanted_, items, most).tokens,
                          .lengths = given.lengths,
                          .beam = r.split == Split::test ? std::optional(beam_width) : std::nullopt,
                          .items = items};
  }

  int batches(Split s, int, int rows) const override { return batches_->batches(s, rows); }
  std::string data() const override { return data_; }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<TranslateMeter>(*all_); }
  NetworkDropout own_dropout() const override { return {.input = by_words_ ? .3 : 0, .output = by_words_ ? .3 : 0}; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    const Vocabulary& v = target_->vocabulary;
    const TranslateSizes sizes{.source = source_->vocabulary.size(),
                               .target = v.size(),
                               .start = v.bos(),
                               .end = v.eos(),
                               .longest = longest_,
                               .input_dropout = r.settings.network.input.value_or(0),
                               .output_dropout = r.settings.network.output.value_or(0)};
    return std::make_unique<TranslateNetwork>(p, r, direction_, sizes);
  }

  std::string left_out(const TaskSettings& s) const override {
    std::string text;
    for (const auto* side : {&read_, &wanted_}) {
      const auto length = [&](int item) { return static_cast<int>((*side)[static_cast<std::size_t>(item)].size()); };
      const std::string longer =
          longer_ones(batches_->partition().train, length, s.length,
                      side == &read_ ? "source sentence" : "target sentence", by_words_ ? "word" : "character");
      text += (text.empty() || longer.empty() ? "" : "; ") + longer;
    }
    return text;
  }

  Generated generate(const Model& model, const GenerateRequest& r) const override {
    reject_sampling(r, "a translation");
    if (r.length == 0) throw ValueError("--length must be at least 1 for a translation");
    const std::string prompt = one_line(r.prompt), line = by_words_ ? as_multi30k(prompt) : prompt;
    const std::vector<std::string> words = cut(source_->vocabulary.symbols(), line);
    const SearchOptions o{.width = r.greedy     ? 1
                                   : r.beam > 0 ? r.beam
                                                : beam_width,
                          .longest = r.length > 0 ? r.length : longest_};
    return translated(dynamic_cast<const TranslateNetwork&>(model.network()), words, source_->encode(line), o);
  }

 private:
  // The prompt without surrounding whitespace.
  static std::string one_line(const std::string& prompt) {
    const char* const blanks = " \t\r\n\v\f";
    const std::size_t first = prompt.find_first_not_of(blanks), last = prompt.find_last_not_of(blanks);
    if (first == std::string::npos) throw ValueError("there is nothing to translate: use --prompt SENTENCE");
    const std::string line = prompt.substr(first, last + 1 - first);
    if (line.find_first_of("\r\n") != std::string::npos)
      throw ValueError("--prompt has more than one line: only one sentence can be translated at a time");
    return line;
  }

  static ParallelText load(std::string& data, bool quick) {
    static const DataFiles files{"translate",
                                 {"train.en", "train.fr", "val.en", "val.fr", "test2016.en", "test2016.fr"},
                                 {"", "multi30k"},
                                 {},
                                 "train, val and test2016, each .en and .fr: one sentence per line, lower case, words "
                                 "separated by spaces (Multi30k)"};
    if (data.empty() && quick) data = "generated";
    if (data.empty()) data = std::getenv("EBB_DATA") ? found(files) : "dates";
    if (data == "generated") return date_text(1500, 100, 200);
    if (data == "dates") return date_text(30'000, 500, 2000);
    std::error_code ignored;
    data = find_data(
        files, data == "multi30k" && !std::filesystem::exists(data, ignored) ? "" : data);  // by name: in EBB_DATA
    return multi30k_text(data);
  }

  // EBB_DATA may be set for other tasks. But if the sentences are partly there, they must not be silently replaced by
  // dates.
  static std::string found(const DataFiles& files) {
    namespace fs = std::filesystem;
    const fs::path root = std::getenv("EBB_DATA");
    if (root.empty()) return "dates";
    std::error_code ignored;
    if (!fs::is_directory(root, ignored)) throw FileError(fmt::format("EBB_DATA: '{}' is not a folder", root.string()));
    const bool begun = std::any_of(files.names.begin(), files.names.end(),
                                   [&](auto& name) { return fs::exists(root / name, ignored); });
    return begun || fs::exists(root / "multi30k", ignored) ? find_data(files, "") : "dates";
  }

  void encode(const ParallelText& text) {
    all_.emplace(Translations{.symbols = text.symbols, .vocabulary = target_->vocabulary});
    Partition parts;
    std::vector<int> lengths;
    using Side = std::pair<const ParallelText::Split*, std::vector<int>*>;
    for (const auto& [split, items] :
         {Side{&text.train, &parts.train}, {&text.valid, &parts.valid}, {&text.test, &parts.test}}) {
      if (items == &parts.test) all_->first_test = static_cast<int>(read_.size());
      for (std::size_t k = 0; k < split->source.size(); ++k) {
        items->push_back(static_cast<int>(read_.size()));
        add(text.symbols, split->source[k], split->target[k]);
        lengths.push_back(static_cast<int>(read_.back().size() + wanted_.back().size()));
      }
    }
    std::size_t most = 0;
    for (const int item : parts.train) most = std::max(most, wanted_[static_cast<std::size_t>(item)].size());
    longest_ = static_cast<int>(most) + 2;
    baseline_ = unigrams(parts);
    batches_ = std::make_unique<SequenceBatches>(std::move(parts), std::move(lengths));
  }

  void add(Symbols symbols, const std::string& source, const std::string& target) {
    all_->source.push_back(cut(symbols, source));
    all_->target.push_back(cut(symbols, target));
    read_.push_back(source_->encode(source));
    Sentence y = target_->encode(target);
    wanted_.push_back(y);
    wanted_.back().push_back(target_->vocabulary.eos());
    y.insert(y.begin(), target_->vocabulary.bos());
    given_.push_back(std::move(y));
  }

  // Nats per token of the test split under the frequencies in training, with one added to each count.
  double unigrams(const Partition& parts) const {
    std::vector<double> counts(static_cast<std::size_t>(target_->vocabulary.size()), 1);
    double all = static_cast<double>(counts.size()), nats = 0, tokens = 0;
    const auto each = [this](const std::vector<int>& items, const auto& f) {
      for (const int item : items)
        for (const int token : wanted_[static_cast<std::size_t>(item)]) f(static_cast<std::size_t>(token));
    };
    each(parts.train, [&](std::size_t token) {
      counts[token] += 1;
      all += 1;
    });
    each(parts.test, [&](std::size_t token) {
      nats -= std::log(counts[token] / all);
      tokens += 1;
    });
    return nats / tokens;
  }

  Generated translated(const TranslateNetwork& net, const std::vector<std::string>& words, const Sentence& source,
                       const SearchOptions& o) const {
    const Tape tape;
    const NoGrad off;
    const int S = static_cast<int>(source.size());
    Tokens tokens({S, 1});
    std::copy(source.begin(), source.end(), tokens.data());
    const Memory m = net.read(tokens, Lengths({1}, {S}), StepContext{});
    const Sentence best = net.search(m, o)[0];
    const Array attention = net.attention(m, {best}, static_cast<int>(best.size()) + 1).value()[0];
    const std::vector<std::string> said = all_->symbols_of(best, words, attention);
    Generated g{.text = readable(joined(all_->symbols, said)), .ending = "html"};
    Report page("ebb generate");
    page.title(g.text);
    page.lead(readable(joined(all_->symbols, words)));
    show_attention(page, words, said, attention);
    g.file = page.html();
    return g;
  }

  ReadDirection direction_;
  bool by_words_ = false;
  std::optional<Language> source_, target_;
  std::optional<Translations> all_;
  std::vector<Sentence> read_, given_,
      wanted_;  // by item: the source, the target after its start token, and up to its end token
  std::unique_ptr<SequenceBatches> batches_;
  int longest_ = 0;
  double baseline_ = 0;
  std::string data_;
};
EBB_TASK(translate, Translate, "translate sentences: dates to ISO format, or English to French (Multi30k)");

}  // namespace
}  // namespace ebb::app
