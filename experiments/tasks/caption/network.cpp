#include <algorithm>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/tasks/caption/network.hpp>
#include <ebb/nn/decoding/beam_search.hpp>

namespace ebb::app {
namespace {

constexpr int maps1 = 8, maps2 = 24, maps3 = 48, maps = 64, caption_word_width = 32;

int halved(int pixels) { return (pixels + 1) / 2; }

}  // namespace

Seen Seen::of_rows(const Tokens& rows) const {
  const auto those = [&](const Var& v) { return transpose(gather(transpose(v, {1, 0, 2}), rows), {1, 0, 2}); };
  return {those(keys), those(values), gather(most, rows)};
}

CaptionNetwork::CaptionNetwork(const Builder& p, const Recurrence& r, const CaptionSizes& s)
    : sizes_(s), rows_(halved(halved(halved(s.height)))), columns_(halved(halved(halved(s.width)))),
      hidden_(r.settings.hidden), conv1_(p / "conv1", 1, maps1, {.kernel = 5, .stride = 2, .padding = 2}),
      conv2_(p / "conv2", maps1, maps2, {.kernel = 5, .stride = 2, .padding = 2}),
      conv3_(p / "conv3", maps2, maps3, {.kernel = 3, .stride = 2, .padding = 1}),
      conv4_(p / "conv4", maps3, maps, {.kernel = 3, .padding = 1}), norm_(p / "norm", maps),
      places_(p.matrix("places", rows_ * columns_, maps, normal_init(0, .1))),
      words_(p.matrix("words", s.vocabulary, caption_word_width, normal_init(0, 1))), key_(p / "key", maps, maps),
      query_(p / "query", hidden_ + caption_word_width, maps), cell_(r.make(p / "cell", caption_word_width + 2 * maps)),
      out_(p / "out", hidden_ + maps, s.vocabulary) {
  for (int k = 0; k < cell_->field_count(); ++k) fields_.push_back(cell_->field_names()[k]);
  fields_.push_back("output");
}

Seen CaptionNetwork::look(const Var& x) const {
  const int B = x.dim(-2), P = rows_ * columns_;
  Var y = relu(conv1_(reshape(x, {B, 1, sizes_.height, sizes_.width})));
  y = relu(conv2_(y));
  y = relu(conv3_(y));
  y = conv4_(y);
  const Var found = transpose(reshape(y, {B, maps, P}), {2, 0, 1});
  const Var values = norm_(found) + reshape(places_, {P, 1, maps});
  return {key_(values), values, amax(values, {0})};
}

Speaking CaptionNetwork::begin(int rows) const { return {cell_->initial_state(rows), zeros({rows, hidden_}), {}, {}}; }

Speaking CaptionNetwork::say(const Tokens& before, const Speaking& now, const Seen& seen, const StepContext& at) const {
  const Var word = gather(words_, before);
  const Attended c = attend(query_(concat({now.output, word})), seen.keys, seen.values);
  const Var x = concat({word, c.result, seen.most});
  Speaking next;
  next.state = cell_->step(x, now.state, at);
  next.output = checked_output(*cell_, x, next.state);
  next.scores = out_(concat({next.output, c.result}));
  next.attention = c.weights;
  return next;
}

PartialLoss CaptionNetwork::loss(Shard& s, const Batch& batch) const {
  const auto& b = batch.get<CaptionBatch>();
  const Seen seen = look(s.sequence(b.pictures).all());
  const Tokens read = s.sequence(b.given);
  std::vector<Var> scores;
  Speaking now = begin(s.rows());
  for (const int t : steps(read.dim(0))) {
    now = say(read[t], now, seen, s.context().at_time(t));
    scores.push_back(now.scores);
  }
  if (!s.context().training()) {
    const Tokens said = greedy(seen, s.rows());
    Array numbers = Array::empty(said.shape(), f32);
    std::copy_n(said.data(), said.size(), numbers.data<float>());
    words_said.put(s, constant(numbers));
  }
  return s.mean_tokens(cross_entropy(stack(scores), s.sequence(b.wanted)), b.lengths);
}

std::string CaptionNetwork::not_followed() const {
  return "before each word its recurrence attends to the picture with its own output, so that its state acts on the "
         "next step in two ways";
}

Tokens CaptionNetwork::greedy(const Seen& seen, int rows) const {
  Tokens said({rows, sizes_.longest}), word({rows});
  std::fill(said.data(), said.data() + said.size(), sizes_.end);
  std::fill(word.data(), word.data() + rows, sizes_.end);
  std::vector<bool> ended(static_cast<std::size_t>(rows));
  Speaking now = begin(rows);
  for (int t = 0; t < sizes_.longest; ++t) {
    now = say(word, now, seen, StepContext{});
    word = argmax(now.scores).copy();
    for (int row = 0; row < rows; ++row) {
      if (word.data()[row] == sizes_.end) ended[static_cast<std::size_t>(row)] = true;
      if (!ended[static_cast<std::size_t>(row)]) said.data()[row * sizes_.longest + t] = word.data()[row];
    }
    if (std::find(ended.begin(), ended.end(), false) == ended.end()) break;
  }
  return said;
}

// The previous step's output is part of a hypothesis's state.
std::vector<std::vector<int>> CaptionNetwork::beam(const Seen& seen, int rows, int width) const {
  const int fields = cell_->field_count();
  if (fields >= State::max_fields)
    throw ValueError("the search does not support a state with this many fields; use --beam 0");
  const auto joined = [&](const Speaking& now) {
    State s(fields_.data(), fields + 1);
    for (int k = 0; k < fields; ++k) s[k] = now.state[k];
    s[fields] = now.output;
    return s;
  };
  const auto step = [&](const BeamBatch& b) {
    State state(cell_->field_names(), fields);
    for (int k = 0; k < fields; ++k) state[k] = b.state[k];
    const Speaking next = say(b.tokens, {state, b.state[fields], {}, {}}, seen.of_rows(b.rows), StepContext{});
    return BeamStep{log_softmax(next.scores), joined(next)};
  };
  Tokens first({rows});
  std::fill(first.data(), first.data() + rows, sizes_.end);
  std::vector<std::vector<int>> best;
  const BeamOptions options{.end = sizes_.end, .longest = sizes_.longest, .width = width};
  for (const auto& row : beam_search(joined(begin(rows)), first, step, options)) best.push_back(row.front().tokens);
  return best;
}

}  // namespace ebb::app
