#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/music/meter.hpp>
#include <ebb/experiments/tasks/music/midi.hpp>
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/experiments/tasks/music/text.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>

namespace ebb::app {
namespace {

constexpr int every_key = 6;  // semitones for --transpose: -5 to 6 covers all twelve keys

/// Predicts the next step of polyphonic music: which of a piano's 88 keys sound.
///
/// In training each piece is transposed, by an amount that depends on its row and the update, within the range of the
/// keyboard; from a piece that is longer than T, a segment of T steps is read, which also depends on row and update.
///
/// Source    Boulanger-Lewandowski et al. 2012, arXiv:1206.6392 (task and split); Bai et al. 2018, arXiv:1803.01271
///           (measure, figures)
class Music final : public Task,
                    public HasNetwork,
                    public HasDropout,
                    public HasMeter,
                    public Generates,
                    public ReadsData {
 public:
  static constexpr TaskOption options[] = {
      {.name = "transpose",
       .help =
           "largest transposition of pieces in training, in semitones up or down; 6 (default): into all twelve keys, "
           "-5 to 6; 0: none",
       .takes = WholeNumber{0, every_key}}};
  explicit Music(Inputs& in) : highest_(in.own.choose_whole("transpose", every_key)) {
    load(in.data);
    Partition parts;
    std::vector<int>* const each[] = {&parts.train, &parts.valid, &parts.test};
    for (int k = 0; k < 3; ++k)
      for (int item = set_.cut[k]; item < set_.cut[k + 1]; ++item) each[k]->push_back(item);
    std::vector<int> lengths;
    for (const Piece& p : set_.pieces) lengths.push_back(static_cast<int>(p.size()) - 1);
    batches_ = std::make_unique<SequenceBatches>(parts, lengths);
    baseline_ = KeyBaseline::of(set_, Split::train);
    baseline_nats_ = baseline_.nats(set_, Split::test);
    shown_ = set_.begin(Split::test);  // one that fits on a page, if there is one
    while (shown_ < set_.end(Split::test) && lengths[static_cast<std::size_t>(shown_)] > 80) ++shown_;
    if (shown_ == set_.end(Split::test)) shown_ = set_.begin(Split::test);
  }

  TaskInfo info() const override {
    return {
        .unit = "nats/step", .baseline = baseline_nats_, .baseline_about = "key frequencies", .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 64, .length = 160, .batch = 16, .steps = 400, .lr = 2e-2, .patience = all_validations};
    return {.hidden = 200,
            .length = 160,
            .batch = 16,
            .steps = 2500,
            .lr = 1e-2,
            .optimizer = "adamw",
            .schedule = "one-cycle",
            .patience = 20};  // of twenty validations: keeps the best weights and never stops early
  }

  Batch batch(const BatchRequest& r) const override {
    MusicBatch b{.x = {}, .y = {}, .lengths = {}, .items = batches_->items(r)};
    const bool training = r.split == Split::train;
    const int B = static_cast<int>(b.items.size()),
              most = training ? r.length : 1 << 30;  // the other splits are read completely
    b.lengths = Lengths({B});
    int T = 0;
    for (int row = 0; row < B; ++row) {
      b.lengths.data()[row] = std::min(most, static_cast<int>(piece(b, row).size()) - 1);
      T = std::max(T, b.lengths.data()[row]);
    }
    b.x = Array::zeros({T, B, piano_keys}, f32);
    b.y = Array::zeros({T, B, piano_keys}, f32);
    const Key key = Key{r.seed}.named("transposed").at(r.number), stretch = Key{r.seed}.named("stretch").at(r.number);
    for (int row = 0; row < B; ++row) {
      const int spare = static_cast<int>(piece(b, row).size()) - 1 - b.lengths.data()[row];
      const int from = spare > 0 ? stretch.below(spare + 1, static_cast<std::uint64_t>(row)) : 0;
      write(b, row, from, training ? shift(piece(b, row), key, row) : 0);
    }
    return b;
  }

  int batches(Split s, int, int rows) const override { return batches_->batches(s, rows); }
  std::string data() const override { return set_.source; }
  std::string left_out(const TaskSettings& s) const override {
    const auto longer = std::count_if(set_.pieces.begin(), set_.pieces.begin() + set_.cut[1],
                                      [&](const Piece& p) { return static_cast<int>(p.size()) - 1 > s.length; });
    if (longer == 0) return {};
    return fmt::format("{} of {} {} longer than T = {}: each time a different segment of that length is read",
                       count_text(static_cast<double>(longer)), count_text(set_.cut[1], "training piece"),
                       longer == 1 ? "is" : "are", s.length);
  }
  NetworkDropout own_dropout() const override { return {.output = .5}; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<MusicNetwork>(p, r, set_, baseline_, shown_);
  }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<MusicMeter>(set_, baseline_, shown_); }

  Generated generate(const Model& m, const GenerateRequest& r) const override {
    check(r);
    const auto& network = dynamic_cast<const MusicNetwork&>(m.network());
    const Piece given = r.prompt.empty() ? first_chord(r.seed) : piece_from_text(r.prompt, "--prompt");
    Tape tape;
    const NoGrad off;
    const KeyChoice choice{.temperature = r.sampling.temperature, .top_k = r.sampling.top_k, .greedy = r.greedy};
    Piece whole = given;
    for (Chord& chord : network.continue_piece(given, r.length < 0 ? 64 : r.length, Key{r.seed}.named("music"), choice))
      whole.push_back(std::move(chord));
    return {piece_text(given) + "\n   -- end of the prompt --\n" + piece_text(whole, given.size()), midi_of(whole),
            "mid"};
  }

 private:
  void load(std::string& data) {
    if (data.empty()) data = "chorales";
    if (data == "chorales") {
      set_ = bach_chorales();
    } else if (data == "generated") {
      set_ = made_up_pieces();
    } else {
      data = data_file(data, "music expects chorales, generated or an existing JSON file");
      set_ = read_pieces(data, read_text(data));
    }
  }

  static void check(const GenerateRequest& r) {
    constexpr int most = 100'000;
    if (r.length > most)
      throw ValueError(fmt::format("--length {}: a piece may have at most {} steps", r.length, count_text(most)));
    if (r.beam > 0) throw ValueError("--beam: music is sampled step by step, without a search");
    if (r.sampling.top_p < 1)
      throw ValueError(
          "--top-p: each key has its own probability, so there is no total; --top-k K allows only the K most probable "
          "sound");
  }

  Piece first_chord(std::uint64_t seed) const {
    const auto tests = static_cast<std::uint64_t>(set_.end(Split::test) - set_.begin(Split::test));
    const std::size_t which =
        static_cast<std::size_t>(set_.begin(Split::test)) + static_cast<std::size_t>(seed % tests);
    return {set_.pieces[which].front()};
  }

  static std::string midi_of(const Piece& piece) {
    MidiOptions o;
    o.end = static_cast<long>(piece.size()) * o.ticks;  // a step is a quarter note
    Piece notes = piece;
    for (Chord& chord : notes)
      for (int& key : chord) key += lowest_note;
    return midi_file(held_notes(notes, o.ticks), o);
  }

  const Piece& piece(const MusicBatch& b, int row) const {
    return set_.pieces[static_cast<std::size_t>(b.items[static_cast<std::size_t>(row)])];
  }

  int shift(const Piece& p, Key key, int row) const {
    const KeyRange r = range_of(p);
    const int lowest = highest_ == every_key ? 1 - every_key : -highest_;
    const int low = std::max(lowest, -r.low), high = std::min(highest_, piano_keys - 1 - r.high);
    return low + key.below(high - low + 1, static_cast<std::uint64_t>(row));
  }

  // The piece from its step `from` on, as long as the row, transposed.
  void write(MusicBatch& b, int row, int from, int by) const {
    const Piece& p = piece(b, row);
    const int B = b.rows();
    for (int t = 0; t <= b.lengths.data()[row]; ++t)
      for (const int key : p[static_cast<std::size_t>(from + t)]) {
        if (t < b.lengths.data()[row]) b.x.data<float>()[(t * B + row) * piano_keys + key + by] = 1;
        if (t > 0) b.y.data<float>()[((t - 1) * B + row) * piano_keys + key + by] = 1;
      }
  }

  int highest_;  // semitones
  PieceSet set_;
  KeyBaseline baseline_;
  double baseline_nats_ = 0;
  int shown_ = 0;  // the piece in the report
  std::unique_ptr<SequenceBatches> batches_;
};
EBB_TASK(music, Music, "predict the next chord in Bach's chorales (or other piano rolls)");

}  // namespace
}  // namespace ebb::app
