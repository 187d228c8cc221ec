#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/decoding/beam_search.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/nn/decoding/sample.hpp>
#include <ebb/nn/decoding/scheduled_sampling.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/unroll.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace encoder_decoder_test {

using namespace ebb;

namespace {

constexpr int digits = 6, end = digits, V = digits + 1, H = 48, shortest = 2, longest = 4;

/// Strings of digits and their reversals, followed by an end token, which also fills the padding.
struct Strings {
  Tokens in, reversed;  // [longest, B], [longest + 1, B]
  Lengths lengths, out_lengths;

  explicit Strings(const std::vector<Sentence>& s) {
    const int B = static_cast<int>(s.size());
    in = Tokens({longest, B});
    reversed = Tokens({longest + 1, B});
    lengths = Lengths(Shape{B});
    out_lengths = Lengths(Shape{B});
    std::fill(in.data(), in.data() + in.size(), end);
    std::fill(reversed.data(), reversed.data() + reversed.size(), end);
    for (int b = 0; b < B; ++b) {
      const Sentence& row = s[static_cast<std::size_t>(b)];
      const int n = static_cast<int>(row.size());
      for (int t = 0; t < n; ++t)
        in.data()[t * B + b] = reversed.data()[(n - 1 - t) * B + b] = row[static_cast<std::size_t>(t)];
      lengths.data()[b] = n;
      out_lengths.data()[b] = n + 1;
    }
  }
};

/// One in seven strings is held out from training.
bool unseen(const Sentence& s) {
  int n = static_cast<int>(s.size());
  for (const int digit : s) n = n * digits + digit;
  return n % 7 == 3;
}

std::vector<Sentence> draw(int count, Key key, bool wanted_unseen) {
  std::vector<Sentence> rows;
  for (std::uint64_t k = 0; static_cast<int>(rows.size()) < count; ++k) {
    Sentence s(static_cast<std::size_t>(shortest + key.at(k).below(longest - shortest + 1, 0)));
    for (std::size_t t = 0; t < s.size(); ++t) s[t] = key.at(k).below(digits, 1 + t);
    if (unseen(s) == wanted_unseen) rows.push_back(s);
  }
  return rows;
}

struct Reverser {
  Params w{{.seed = 1}};
  Embedding emb{w / "emb", V, 16};
  CellPtr encoder, decoder;
  Linear out{w / "out", H, V};

  explicit Reverser(const std::string& cell)
      : encoder(make_cell(cell, w / "encoder", {16, H})), decoder(make_cell(cell, w / "decoder", {16, H})) {}

  State encode(const Tokens& in, const Lengths& lengths, const StepContext& context) const {
    return unroll(*encoder, emb(in), lengths, context.named("encoder")).end();
  }

  /// The gradients of one update; p is the probability of the gold token as the decoder's input.
  Result update(const Strings& d, std::uint64_t number, double p) const {
    return backward(w, {.rows = d.in.dim(1), .update = number}, [&](Shard& s) {
      const Tokens gold = s.sequence(d.reversed);
      State h = encode(s.sequence(d.in), s.rows(d.lengths), s.context());
      Tokens token = begin(s.rows());
      std::vector<Var> logits;
      for (int t : steps(gold.dim(0))) {
        const StepContext at = s.context("decoder").at_time(t);
        h = decoder->step(emb(token), h, at);
        logits.push_back(out(h[0]));
        token = choose(gold_coins(at, "gold", s.rows(), p), gold[t], argmax(logits.back()));
      }
      return s.mean_tokens(cross_entropy(stack(logits), gold), d.out_lengths);
    });
  }

  std::vector<Sentence> by_greedy(const Strings& d) const {
    Tape tape;
    const NoGrad off;
    State h = encode(d.in, d.lengths, StepContext());
    Tokens token = begin(d.in.dim(1));
    std::vector<Sentence> found(static_cast<std::size_t>(d.in.dim(1)));
    std::vector<bool> ended(found.size());
    for (int t = 0; t <= longest; ++t) {
      h = decoder->step(emb(token), h, StepContext());
      token = greedy(out(h[0]).value());
      for (std::size_t b = 0; b < found.size(); ++b) {
        ended[b] = ended[b] || token.data()[b] == end;
        if (!ended[b]) found[b].push_back(token.data()[b]);
      }
    }
    return found;
  }

  std::vector<Sentence> by_beam(const Strings& d) const {
    Tape tape;
    const auto rows = beam_search(encode(d.in, d.lengths, StepContext()), begin(d.in.dim(1)),
                                  [&](const BeamBatch& b) {
                                    const State h = decoder->step(emb(b.tokens), b.state, StepContext());
                                    return BeamStep{log_softmax(out(h[0])), h};
                                  },
                                  {.end = end, .longest = longest + 1, .width = 4});
    std::vector<Sentence> found;
    for (const auto& row : rows) found.push_back(row[0].tokens);
    return found;
  }

 private:
  static Tokens begin(int rows) {
    Tokens t(Shape{rows});
    std::fill(t.data(), t.data() + rows, end);  // the end token also precedes the first token
    return t;
  }
};

/// Adam, reimplemented since tests of nn do not depend on optim.
class Descent {
 public:
  explicit Descent(Params& w) : w_(w), mean_(Array::zeros({static_cast<int>(w.size())}, f64)), square_(mean_.copy()) {}
  void step(const Grads& g, double lr) {
    ++updates_;
    Edit change = w_.edit();
    Array values = change.flat(), flat = g.flat();
    for (std::int64_t i = 0; i < values.size(); ++i) {
      const double x = flat.at_flat(i);
      mean_.set_flat(i, .9 * mean_.at_flat(i) + .1 * x);
      square_.set_flat(i, .99 * square_.at_flat(i) + .01 * x * x);
      const double m = mean_.at_flat(i) / (1 - std::pow(.9, updates_)),
                   v = square_.at_flat(i) / (1 - std::pow(.99, updates_));
      values.set_flat(i, values.at_flat(i) - lr * m / (std::sqrt(v) + 1e-8));
    }
  }

 private:
  Params& w_;
  Array mean_, square_;
  int updates_ = 0;
};

int right(const std::vector<Sentence>& found, const std::vector<Sentence>& strings) {
  int n = 0;
  for (std::size_t k = 0; k < found.size(); ++k)
    n += std::equal(found[k].begin(), found[k].end(), strings[k].rbegin(), strings[k].rend());
  return n;
}

}  // namespace

TEST_CASE(
    "An encoder and a decoder learn to reverse strings that they have not seen, with teacher forcing and with "
    "scheduled sampling",
    "[science]") {
  const auto [cell, sampled] = GENERATE(table<std::string, bool>({{"gru", false}, {"lstm", true}}));
  CAPTURE(cell, sampled);
  Reverser model(cell);
  Descent adam(model.w);
  const std::vector<Sentence> test = draw(200, Key{99}, true);
  const Strings tested(test);
  CHECK(right(model.by_greedy(tested), test) < 20);
  constexpr std::uint64_t updates = 350;
  for (std::uint64_t u = 0; u < updates; ++u) {
    const Strings batch(draw(32, Key{1}.at(u), false));
    const double p = sampled ? gold_inverse_sigmoid(u, 50) : 1;
    adam.step(model.update(batch, u, p).grads, u < 280 ? 1e-2 : 2e-3);
  }
  const int by_greedy = right(model.by_greedy(tested), test), by_beam = right(model.by_beam(tested), test);
  INFO(by_greedy << " of 200 by greedy choice, " << by_beam << " by beam search");
  CHECK(by_greedy >= 190);
  CHECK(by_beam >= 190);
}

}  // namespace encoder_decoder_test
