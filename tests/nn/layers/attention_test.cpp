#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/multi_head_attention.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>

#include "layer_case.hpp"

namespace attention_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;
using test::Vars;

namespace {

Lengths lengths_of(const json& o) {
  const std::vector<int> n = o["lengths"];
  if (n.empty()) return {};
  Lengths l({static_cast<int>(n.size())});
  std::copy(n.begin(), n.end(), l.data());
  return l;
}

Vars named(const Attended& a) { return {{"result", a.result}, {"weights", a.weights}}; }

Array drawn(const Shape& s, int key) { return normal(s, Key{9}.at(static_cast<std::uint64_t>(key)), 0, 1, f64); }

constexpr int T = 77, I = 3, B = 5, D = 4;

struct Padded {
  Array q = drawn({I, B, D}, 1), K = drawn({T, B, D}, 2), V = drawn({T, B, D}, 3);
  Lengths lengths = Lengths({B}, {77, 1, 4, 70, 33});

  void fill_padding(double x) {
    for (int r = 0; r < B; ++r)
      for (int t = lengths.data()[r]; t < T; ++t)
        for (int i = 0; i < D; ++i)
          for (Array* a : {&K, &V}) a->set_flat((std::int64_t{t} * B + r) * D + i, x);
  }
  /// The first `steps` steps of row r, [steps, 1, D].
  static Array row(const Array& a, int r, int steps) { return slice(a.range(0, steps), 1, r, r + 1); }
};

}  // namespace

TEST_CASE("Attention and its gradients agree with PyTorch's") {
  const DType dtype = GENERATE(f64, f32);
  const json goldens = test::golden("layers_attention.json");
  for (const json& c : goldens["attend"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) {
      return named(attend(in["q"], in["K"], in["V"], lengths_of(o), {.scaled = o["scaled"], .causal = o["causal"]}));
    });
  }
  for (const json& c : goldens["additive"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    const AdditiveAttention attention(w / "", o["query"], o["key"], o["width"]);
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) {
      return named(attention(in["q"], attention.keys(in["K"]), in["V"], lengths_of(o)));
    });
  }
  for (const json& c : goldens["multi_head"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    const MultiHeadAttention attention(w / "", o["width"],
                                       {.heads = o["heads"], .keys = o["keys"], .values = o["values"]});
    test::compare_case(c, w, test::tolerance_of(dtype), [&](Vars& in) {
      return named(attention(in["q"], in["K"], in["V"], lengths_of(o), StepContext(), {.causal = o["causal"]}));
    });
  }
}

TEST_CASE("Gradients of attention agree with finite differences, to second order") {
  const Lengths lengths({2}, {3, 2});
  const auto check = [](const auto& f, const std::vector<Array>& in) {
    const auto r = gradcheck(f, in, {.order = 2});
    INFO(r);
    CHECK(r.ok());
  };
  for (const bool causal : {false, true})
    check(
        [&](const std::vector<Var>& in) {
          const Attended a = attend(in[0], in[1], in[2], lengths, {.causal = causal});
          return sum(square(a.result)) + sum(tanh(a.weights) * a.weights);
        },
        {drawn({3, 2, 2}, 1), drawn({3, 2, 2}, 2), drawn({3, 2, 2}, 3)});

  Params w{{.seed = 1, .dtype = f64}};
  const AdditiveAttention additive(w / "additive", 2, 2, 3);
  const MultiHeadAttention heads(w / "heads", 4, {.heads = 2, .dropout = .3, .keys = 2, .values = 2});
  const Array K = drawn({3, 2, 2}, 1), q = drawn({2, 2}, 2), Q = drawn({2, 2, 4}, 3);
  const auto trained = gradcheck(w, {.rows = 2, .update = 4, .order = 2},
                                 [&](Shard& s) {
                                   const Var keys = s.sequence(K).all();
                                   const Attended one = additive(s.rows(q), additive.keys(keys), keys, s.rows(lengths));
                                   const Attended many =
                                       heads(s.sequence(Q).all(), keys, keys, s.rows(lengths), s.context());
                                   return s.sum(square(one.result)) + s.sum(square(many.result));
                                 },
                                 {.order = 2});
  INFO(trained);
  CHECK(trained.ok());
}

TEST_CASE("Padded keys are never read: a row has the same bits as alone, and the padding has no gradient") {
  Padded m;
  m.fill_padding(NAN);
  Tape tape{{.dtype = f64}};
  const Var q = variable(m.q), K = variable(m.K), V = variable(m.V);
  const Attended all = attend(q, K, V, m.lengths);
  for (int r = 0; r < B; ++r) {
    CAPTURE(r);
    const int n = m.lengths.data()[r];
    const Var q1 = constant(Padded::row(m.q, r, I)), K1 = constant(Padded::row(m.K, r, n)),
              V1 = constant(Padded::row(m.V, r, n));
    const Attended one = attend(q1, K1, V1);
    CHECK(test::same_bits(slice(all.result, 1, r, r + 1).value(), one.result.value()));
    CHECK(test::same_bits(all.weights[r].value().column_block(0, n), one.weights[0].value()));
    for (int i = 0; i < I; ++i)
      for (int t = n; t < T; ++t) CHECK(all.weights.value().at({r, i, t}) == 0);
  }
  const Grads g = tape.backward(sum(square(all.result)));
  CHECK(std::isfinite(g[q].at({0, 0, 0})));
  for (const Var& side : {K, V})
    for (int r = 0; r < B; ++r)
      for (int t = 0; t < T; ++t) {
        const int n = m.lengths.data()[r];
        if (t >= n) CHECK(g[side].at({t, r, 0}) == 0);
        else if (n > 1) CHECK(g[side].at({t, r, 0}) != 0);  // the only key has weight 1
      }
}

TEST_CASE("With several heads and additive scores, too, a padded row has the same bits as alone") {
  Padded m;
  m.fill_padding(1e6);
  Params w{{.seed = 3, .dtype = f64}};
  const MultiHeadAttention heads(w / "heads", D, {.heads = 2});
  const AdditiveAttention additive(w / "additive", D, D, 3);
  Tape tape{{.dtype = f64}};
  const Var q = constant(m.q), K = constant(m.K), V = constant(m.V);
  const Attended all = heads(q, K, V, m.lengths, StepContext()), scored = additive(q, additive.keys(K), V, m.lengths);
  for (int r = 0; r < B; ++r) {
    CAPTURE(r);
    const int n = m.lengths.data()[r];
    const Var q1 = constant(Padded::row(m.q, r, I)), K1 = constant(Padded::row(m.K, r, n)),
              V1 = constant(Padded::row(m.V, r, n));
    CHECK(test::same_bits(slice(all.result, 1, r, r + 1).value(), heads(q1, K1, V1, StepContext()).result.value()));
    CHECK(
        test::same_bits(slice(scored.result, 1, r, r + 1).value(), additive(q1, additive.keys(K1), V1).result.value()));
  }
}

TEST_CASE("Padding that is not finite does not affect the gradients of several heads and of additive scores") {
  Padded zeros_there;
  zeros_there.fill_padding(0);
  const auto gradients = [](const Padded& p, bool several) {
    Params w{{.dtype = f64}};
    const MultiHeadAttention heads(w / "heads", D, {.heads = 2});
    const AdditiveAttention additive(w / "additive", D, D, D);
    Tape tape{{.dtype = f64}};
    const Var q = variable(p.q), K = variable(p.K), V = variable(p.V);
    const Var y = several ? heads(q, K, V, p.lengths, StepContext()).result
                          : additive(q, K, V, p.lengths).result;  // keys computed by keys()
    return tape.backward(sum(square(y))).flat().copy();
  };
  for (const double odd : {double(INFINITY), double(NAN)}) {
    Padded p;
    p.fill_padding(odd);
    for (const bool several : {true, false})
      CHECK(test::same_bits(gradients(p, several), gradients(zeros_there, several)));
  }
}

TEST_CASE("A causal query does not attend to later keys") {
  Padded m;
  Tape tape{{.dtype = f64}};
  const Var q = constant(drawn({T, B, D}, 4));
  const Var before = attend(q, constant(m.K), constant(m.V), {.causal = true}).result;
  for (int t = 3; t < T; ++t)
    for (Array* a : {&m.K, &m.V}) (*a)[t].fill(17);
  const Var after = attend(q, constant(m.K), constant(m.V), {.causal = true}).result;
  CHECK(test::same_bits(before.value().range(0, 3), after.value().range(0, 3)));
  CHECK_FALSE(test::same_bits(before.value()[3], after.value()[3]));
}

TEST_CASE("Attention has the same gradients in one shard and in many, including dropout of its weights", "[shards]") {
  constexpr int rows = 33;
  Params w{{.seed = 5, .dtype = f64}};
  const MultiHeadAttention heads(w / "heads", D, {.heads = 2, .dropout = .4});
  const AdditiveAttention additive(w / "additive", D, D, 3);
  const Array x = drawn({T, rows, D}, 1), q = drawn({rows, D}, 2);
  const Lengths lengths = integers({rows}, Key{4}, 1, T + 1);
  const auto loss = [&](Shard& s) {
    const Var all = s.sequence(x).all();
    const Attended self = heads(all, all, all, s.rows(lengths), s.context(), {.causal = true});
    const Attended one = additive(s.rows(q), additive.keys(all), self.result, s.rows(lengths));
    s.out("weights", one.weights);
    return s.sum(square(one.result)) + s.sum(square(attend(s.rows(q), all, all, s.rows(lengths)).result));
  };
  const Result one = backward(w, {.rows = rows, .update = 2, .dtype = f64, .shards = 1}, loss);
  const Result many = backward(w, {.rows = rows, .update = 2, .dtype = f64, .shards = 8}, loss);
  CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
  CHECK(test::same_bits(many.rows("weights"), one.rows("weights")));
  const Result later = backward(w, {.rows = rows, .update = 3, .dtype = f64, .shards = 1}, loss);
  CHECK(one.loss != later.loss);  // another update, another mask
}

TEST_CASE("Attention rejects invalid arguments and names them") {
  Params w;
  Tape tape;
  const Var q = zeros({2, 3}), K = zeros({4, 2, 3}), V = zeros({4, 2, 5});
  const std::string none = message_of<ValueError>([&] { attend(q, K, V, Lengths({2}, {4, 0})); });
  CHECK(contains(none, "attend: row 1 has length 0, so there is nothing to attend to"));
  CHECK(contains(none, "attention_test.cpp:"));
  CHECK(contains(message_of<ValueError>([&] { attend(q, K, V, Lengths({2}, {5, 1})); }),
                 "length 5 of row 0 is outside [1, 4]"));
  CHECK(contains(message_of<ShapeError>([&] { attend(q, K, V, Lengths({3}, {1, 1, 1})); }), "lengths are [3]"));
  CHECK(contains(message_of<ShapeError>([&] { attend(zeros({3, 3}), K, V); }),
                 "they are [3, 3], [4, 2, 3] and [4, 2, 5]"));
  CHECK(contains(message_of<ShapeError>([&] { attend(zeros({2, 4}), K, V); }), "differ in width"));
  CHECK(contains(message_of<ShapeError>([&] { attend(q, zeros({0, 2, 3}), zeros({0, 2, 3})); }), "there are no keys"));
  CHECK(contains(message_of<ValueError>([&] { attend(q, K, V, {.causal = true}); }), "no position in time"));
  const AdditiveAttention additive(w / "additive", 3, 3, 6);
  CHECK(contains(message_of<ShapeError>([&] { additive(q, K, V); }), "keys must have width 6"));
  CHECK(
      contains(message_of<ValueError>([&] { MultiHeadAttention(w / "a", 6, {.heads = 4}); }), "4 heads do not divide"));
  CHECK(contains(message_of<ValueError>([&] { MultiHeadAttention(w / "b", 6, {.dropout = 1}); }), "dropout must be"));
  CHECK(contains(message_of<ValueError>([&] { MultiHeadAttention(w / "c", 6, {.keys = -1}); }), "but are 6, -1 and 0"));
  CHECK(contains(message_of<ValueError>([&] { AdditiveAttention(w / "d", 3, 0, 2); }), "but are 3, 0 and 2"));
  CHECK(w.count() == 3);  // those of `additive`: nothing else was created
}

}  // namespace attention_test
