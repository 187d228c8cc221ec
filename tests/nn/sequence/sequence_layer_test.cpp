#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/transformer.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/ops/error.hpp>

#include "layer_case.hpp"

namespace sequence_layer_test {

using namespace ebb;
using test::contains;
using test::message_of;
using test::same_bits;

namespace {

constexpr int I = 3, H = 8;

Array drawn(const Shape& s, int key = 1) { return normal(s, Key{29}.at(static_cast<std::uint64_t>(key)), 0, 1, f64); }

Array longer(const Array& x, int steps, double filler) {
  Array all = Array::zeros(x.shape().with(0, steps), f64);
  all.range(0, x.dim(0)).assign(x);
  for (int t = x.dim(0); t < steps; ++t) all[t].fill(filler);
  return all;
}

struct Named {
  std::string name;
  bool both;
};

// Each registered layer, in the directions it supports, some with options.
std::vector<Named> every_layer() {
  std::vector<Named> all{{"tcn:kernel=2,blocks=1", false}, {"transformer:positions=learned,heads=2", false}};
  for (const LayerEntry* l : layer_list()) {
    all.push_back({l->name, false});
    if (l->both) all.push_back({l->name, true});
  }
  return all;
}

LayerPtr made(const Named& n, const Builder& p) {
  return make_layer(n.name, p, {.input = I, .hidden = H, .steps = 12, .both = n.both});
}

// A row alone.
Array row_of(const Array& x, int row, int steps) {
  Array one = Array::zeros({steps, 1, x.dim(2)}, f64);
  for (int t = 0; t < steps; ++t)
    for (int k = 0; k < x.dim(2); ++k) one.data<double>()[t * x.dim(2) + k] = x.at({t, row, k});
  return one;
}

}  // namespace

TEST_CASE("A cell as a layer over sequences gives the same bits as unroll") {
  Params w{{.seed = 3, .dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const LayerPtr layer = layer_of(cell, H);
  CHECK(layer->cell() == &*cell);
  CHECK(layer->width() == H);
  Tape tape{{.dtype = f64}};
  const Sequence x = constant(drawn({5, 4, I}));
  const Lengths lengths({4}, {2, 5, 0, 3});
  const Reading read = unroll(*layer, x, StepContext{});
  const Run run = unroll(*cell, x, StepContext{});
  CHECK(same_bits(read.all().value(), run.all().value()));
  CHECK(same_bits(read.last().value(), run.last().value()));
  CHECK(same_bits(read.end()["c"].value(), run.end()["c"].value()));
  for (const Direction d : {Direction::forward, Direction::backward}) {
    const Packed in = pack(x, lengths);
    const Reading packed = unroll(*layer, in, State{}, StepContext{}, d);
    const Run there = unroll(*cell, in, State{}, StepContext{}, d);
    CHECK(same_bits(packed.packed().all.value(), there.packed().all.value()));
    CHECK(same_bits(packed.last().value(), there.last().value()));
  }
}

TEST_CASE("A row read by a layer over whole sequences has the bits of that row alone, for any padding") {
  for (const Named& n : every_layer()) {
    INFO(n.name << (n.both ? ", both ways" : ""));
    Params w{{.seed = 3, .dtype = f64}};
    const LayerPtr layer = made(n, w / "net");
    CHECK(layer->cell() == nullptr);
    CHECK(layer->width() == H);
    Tape tape{{.dtype = f64}};
    const Array x = drawn({6, 4, I});
    const Lengths lengths({4}, {3, 6, 0, 5});
    for (const Direction d : {Direction::forward, Direction::backward}) {
      const auto read = [&](const Array& in, const Lengths& l) {
        return unroll(*layer, pack(constant(in), l), State{}, StepContext{}, d);
      };
      const Reading near = read(x, lengths), far = read(longer(x, 9, 1e30), lengths);
      CHECK(same_bits(near.packed().all.value(), far.packed().all.value()));
      CHECK(same_bits(near.last().value(), far.last().value()));
      for (const int row : {0, 1, 3}) {
        const int steps = lengths.data()[row];
        const Reading alone = read(row_of(x, row, steps), Lengths({1}, {steps}));
        CHECK(same_bits(near.last().value()[row], alone.last().value()[0]));
        for (int t = 0; t < steps; ++t) CHECK(same_bits(near.all()[t][row].value(), alone.all()[t][0].value()));
      }
      for (int k = 0; k < H; ++k) CHECK(near.last().value().at({2, k}) == 0);  // a row without steps
      CHECK(near.end().size() == 0);
    }
    const Var whole_rows = unroll(*layer, constant(x), Lengths({4}, {6, 6, 6, 6}), StepContext{}).all();
    CHECK(same_bits(unroll(*layer, constant(x), StepContext{}).all()[4].value()[1], whole_rows[4].value()[1]));
  }
}

TEST_CASE("Reading backwards equals reading the reversed row, and a bidirectional layer depends on later steps") {
  for (const Named& n : every_layer()) {
    INFO(n.name << (n.both ? ", both ways" : ""));
    Params w{{.seed = 5, .dtype = f64}};
    const LayerPtr layer = made(n, w / "net");
    Tape tape{{.dtype = f64}};
    constexpr int T = 6;
    const Array x = drawn({T, 1, I});
    Array turned = x.copy(), changed = x.copy();
    for (int t = 0; t < T; ++t) turned[t].assign(x[T - 1 - t]);
    changed[T - 1].fill(2);
    const auto read = [&](const Array& in, Direction d) {
      return unroll(*layer, pack(constant(in), Lengths({1}, {T})), State{}, StepContext{}, d);
    };
    const Reading back = read(x, Direction::backward), there = read(turned, Direction::forward),
                  forward = read(x, Direction::forward);
    for (int t = 0; t < T; ++t) CHECK(same_bits(back.all()[t].value(), there.all()[T - 1 - t].value()));
    CHECK(same_bits(back.last().value(), back.all()[0].value()));
    CHECK(same_bits(forward.last().value(), forward.all()[n.both ? 0 : T - 1].value()));
    CHECK(same_bits(forward.all()[2].value(), read(changed, Direction::forward).all()[2].value()) == !n.both);
    CHECK_FALSE(same_bits(forward.all()[T - 1].value(), read(changed, Direction::forward).all()[T - 1].value()));
  }
}

TEST_CASE("For the last step, one layer of the Transformer gives the same output with and without a causal mask") {
  constexpr int T = 5;
  const TransformerOptions o{.width = H, .heads = 2, .layers = 1, .longest = T};
  TransformerOptions open = o;
  open.causal = false;
  Params w{{.seed = 2, .dtype = f64}}, v{{.seed = 2, .dtype = f64}};
  const Transformer masked(w / "net", o), sees(v / "net", open);
  Tape tape{{.dtype = f64}};
  const Var x = constant(drawn({T, 3, H}));
  CHECK(test::error_of(sees(x, StepContext()).all()[T - 1].value(), masked(x, StepContext()).all()[T - 1].value()) <
        1e-14);
  CHECK(test::error_of(sees(x, StepContext()).all()[0].value(), masked(x, StepContext()).all()[0].value()) > 1e-3);
}

TEST_CASE("Gradients through a layer over sequences of different lengths agree with finite differences", "[shards]") {
  constexpr int T = 4, B = 5;
  const Lengths lengths({B}, {2, 4, 1, 3, 4});
  const Array x = drawn({T, B, I});
  for (const Named& n : every_layer()) {
    INFO(n.name << (n.both ? ", both ways" : ""));
    Params w{{.seed = 6, .dtype = f64}};
    const LayerPtr layer = make_layer(n.name, w / "net", {.input = I, .hidden = H, .steps = T, .both = n.both});
    const auto loss_of = [&](const SequenceLayer& l, Shard& s) {
      const Packed in = pack(s.sequence(x), s.rows(lengths));
      const Reading back = unroll(l, in, State{}, s.context(), Direction::backward);
      return s.sum(tanh(back.packed().all * .7)) + s.sum(tanh(back.last() * .3));
    };
    const auto r = gradcheck(w, {.rows = B}, [&](Shard& s) { return loss_of(*layer, s); }, {.most_elements = 10});
    INFO(r);
    CHECK(r.ok());
    const LayerPtr with_dropout =
        make_layer(n.name, w / "thinned", {.input = I, .hidden = H, .steps = T, .dropout = .2, .both = n.both});
    const auto loss = [&](Shard& s) { return loss_of(*with_dropout, s); };
    const Result one = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 1}, loss);
    const Result many = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 4}, loss);
    CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
  }
}

TEST_CASE("A TCN covers the steps of training, and --layers deepens both layers") {
  for (const int steps : {1, 5, 20, 100, 784}) {
    Params w{{.dtype = f64}};
    const LayerPtr layer = make_layer("tcn", w / "net", {.input = 1, .hidden = 2, .steps = steps});
    Tape tape{{.dtype = f64}};
    Array x = Array::zeros({steps, 1, 1}, f64), y = x.copy();
    y[0].fill(1e3);
    const auto last = [&](const Array& in) { return unroll(*layer, constant(in), StepContext{}).last().value(); };
    Edit e = w.edit();  // positive weights, so that relu passes everything
    for (int k = 0; k < w.count(); ++k) e[w[k]].fill(.5);
    CHECK_FALSE(same_bits(last(x), last(y)));
  }
  for (const char* name : {"tcn:blocks=2", "transformer"}) {
    Params one, two;
    make_layer(name, one / "net", {.input = H, .hidden = H});
    make_layer(name, two / "net", {.input = H, .hidden = H, .layers = 2});
    CHECK(10 * two.trained() > 19 * one.trained());
    CHECK(two.trained() <= 2 * one.trained());
  }
}

TEST_CASE("Layers over whole sequences are listed separately from cells, and reject invalid arguments") {
  for (const CellInfo& c : cell_list()) CHECK(find_layer(c.name) == nullptr);
  REQUIRE(layer_list().size() >= 2);
  CHECK(find_layer("tcn:kernel=5") != nullptr);
  CHECK(layer_options("transformer")[0].name == "heads");
  Params w;
  const auto why = [&](const char* name, LayerSizes s = {.input = I, .hidden = H}) {
    return message_of<ValueError>([&] { make_layer(name, w / "a", s); });
  };
  CHECK(contains(why("tcn:kernl=3"), "tcn: there is no option 'kernl'; did you mean 'kernel'"));
  CHECK(contains(why("tcn:kernel=0"), "tcn: option kernel: '0' is not an integer from 1 to 1000"));
  CHECK(contains(why("tcn:blocks=2.5"), "option blocks: '2.5' is not an integer"));
  CHECK(contains(why("transformer:heads=3"), "3 heads do not divide the width 8"));
  CHECK(contains(why("transformer:positions=none"), "none of sinusoidal|learned"));
  CHECK(contains(why("tcn", {.input = 1, .hidden = 0}), "sizes must be at least 1"));
  CHECK(contains(why("mlp"), "there is no layer 'mlp'"));
  Tape tape;
  const LayerPtr l = make_layer("transformer:longest=4", w / "b", {.input = I, .hidden = H});
  CHECK(contains(message_of<ValueError>([&] { unroll(*l, zeros({5, 1, I}), StepContext{}); }),
                 "5 steps is longer than the maximum of 4"));
  CHECK(contains(message_of<ValueError>([&] { unroll(*l, zeros({2, 1, I}), StepContext{}).packed(); }),
                 "no lengths were given"));
}

}  // namespace sequence_layer_test
