#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <ebb/experiments/tasks/caption/meter.hpp>
#include <ebb/experiments/tasks/caption/network.hpp>
#include <ebb/experiments/tasks/caption/page.hpp>
#include <ebb/experiments/train/class_meter.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>
#include <map>

namespace ebb::app {
namespace {

/// Describes a scene in a sentence that states where the objects are.
class Caption final : public Task,
                      public HasNetwork,
                      public HasMeter,
                      public Generates,
                      public ReadsData,
                      public FixedLength {
 public:
  explicit Caption(Inputs& in) : scenes_(in), tests_(scenes_.data() == "generated" ? 200 : 2000) {
    in.data = scenes_.data();
    std::map<Sentence, int> often;
    std::vector<long> counts(scenes_.words().size());
    for (int k = 0; k < tests_; ++k) {
      const Sentence said = scenes_.sentence(scenes_.scene(Split::test, 0, static_cast<std::uint64_t>(k)));
      ++often[said];
      ++counts[Scenes::end];
      for (const int word : said) ++counts[static_cast<std::size_t>(word)];
    }
    nats_ = class_baseline(counts).nats;
    const auto commonest =
        std::max_element(often.begin(), often.end(), [](auto& a, auto& b) { return a.second < b.second; });
    for (const auto& [said, times] : often)
      for (int k = 0; k < times; ++k) baseline_.add(commonest->first, said);
  }

  TaskInfo info() const override {
    return {.unit = "nats/word",
            .speed_unit = "scenes",
            .baseline = nats_,
            .baseline_about = "word frequencies",
            .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    TaskSettings s{.hidden = 128,
                   .length = Scenes::longest,
                   .batch = 32,
                   .steps = 8000,
                   .lr = 3e-3,
                   .schedule = "one-cycle",
                   .patience = 10};
    if (size == Size::quick) {
      s.hidden = 32;
      s.batch = 16;
      s.steps = 1000;
      s.lr = 5e-3;
      s.patience = all_validations;
    }
    return s;
  }

  Batch batch(const BatchRequest& r) const override {
    const std::uint64_t first = r.number * static_cast<std::uint64_t>(r.rows);
    const auto left = static_cast<std::int64_t>(count(r.split)) - static_cast<std::int64_t>(first);
    const int rows = r.split == Split::train ? r.rows : static_cast<int>(std::min<std::int64_t>(r.rows, left));
    if (rows < 1) throw ValueError("caption: there is no batch with this number");
    CaptionBatch b{.pictures = Array::empty({1, rows, scenes_.height() * scenes_.width()}, f32),
                   .given = {},
                   .wanted = {},
                   .lengths = Lengths({rows})};
    std::vector<Sentence> sentences;
    std::size_t longest = 0;
    for (int row = 0; row < rows; ++row) {
      const std::uint64_t number = first + static_cast<std::uint64_t>(row);
      const Scene scene = scenes_.scene(r.split, r.seed, number);
      b.pictures[0][row].assign(scenes_.picture(scene).reshape({-1}));
      b.items.push_back(static_cast<int>(number));
      sentences.push_back(scenes_.sentence(scene));
      longest = std::max(longest, sentences.back().size());
    }
    const int T = static_cast<int>(longest) + 1;
    b.given = Tokens({T, rows});
    b.wanted = Tokens({T, rows});
    for (int row = 0; row < rows; ++row) {
      const Sentence& said = sentences[static_cast<std::size_t>(row)];
      b.lengths.data()[row] = static_cast<int>(said.size()) + 1;
      for (int t = 0; t < static_cast<int>(said.size()); ++t)
        b.wanted.data()[t * rows + row] = b.given.data()[(t + 1) * rows + row] = said[static_cast<std::size_t>(t)];
    }
    return b;
  }

  int batches(Split s, int, int rows) const override { return (count(s) + rows - 1) / rows; }
  std::string data() const override { return scenes_.source(); }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<CaptionMeter>(scenes_, baseline_); }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    const int words = static_cast<int>(scenes_.words().size());
    return std::make_unique<CaptionNetwork>(
        p, r, CaptionSizes{scenes_.height(), scenes_.width(), words, Scenes::longest, Scenes::end});
  }

  Generated generate(const Model& model, const GenerateRequest& r) const override {
    reject_sampling(r, "a caption");
    if (r.length >= 0) throw ValueError("--length does not apply to a caption, whose length the model chooses");
    if (r.prompt.empty())
      throw ValueError(fmt::format("--prompt is needed: the number of a test scene, from 0 to {}", tests_ - 1));
    int number = 0;
    const char* const last = r.prompt.data() + r.prompt.size();
    const auto read = std::from_chars(r.prompt.data(), last, number);
    if (read.ec != std::errc{} || read.ptr != last || number < 0 || number >= tests_)
      throw ValueError(
          fmt::format("--prompt is the number of a test scene, from 0 to {}, not '{}'", tests_ - 1, r.prompt));
    return caption_page(dynamic_cast<const CaptionNetwork&>(model.network()), scenes_, number, r.beam);
  }

 private:
  int count(Split s) const { return s == Split::test ? tests_ : tests_ / 4; }
  Scenes scenes_;
  int tests_;
  SentenceScore baseline_;
  double nats_ = 0;
};
EBB_TASK(caption, Caption,
         "describe an image of two or three objects in a sentence: convolution, then recurrence (Fashion-MNIST)");

}  // namespace
}  // namespace ebb::app
