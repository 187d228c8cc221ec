#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/transformer.hpp>
#include <ebb/ops/error.hpp>

#include "layer_case.hpp"

namespace transformer_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;
using test::Vars;

namespace {

Array drawn(const Shape& s, int key = 1) { return normal(s, Key{13}.at(static_cast<std::uint64_t>(key)), 0, 1, f64); }

}  // namespace

TEST_CASE("The Transformer and its gradients agree with PyTorch's encoder under a causal mask") {
  const DType dtype = GENERATE(f64, f32);
  const json goldens = test::golden("layers_transformer.json");
  for (const json& c : goldens["cases"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    const Transformer net(w / "", {.width = o["width"],
                                   .heads = o["heads"],
                                   .layers = o["layers"],
                                   .longest = o["longest"],
                                   .feed = o["feed"],
                                   .positions = o["learned"] ? PositionKind::learned : PositionKind::sinusoidal});
    test::compare_case(c, w, test::tolerance_of(dtype),
                       [&](Vars& in) { return Vars{{"y", net(in["x"], StepContext()).all()}}; });
  }
}

TEST_CASE("Later inputs do not change earlier outputs of the Transformer, so padding does not matter") {
  constexpr int T = 7, B = 3;
  Params w{{.seed = 2, .dtype = f64}};
  const Transformer net(w / "", {.width = 6, .heads = 2, .longest = T});
  Tape tape{{.dtype = f64}};
  Array x = drawn({T, B, 6});
  const Array before = net(constant(x), StepContext()).all().value();
  for (int t = 4; t < T; ++t) x[t].fill(t);
  const Array after = net(constant(x), StepContext()).all().value(),
              shorter = net(constant(x.range(0, 4)), StepContext()).all().value();
  CHECK(test::same_bits(before.range(0, 4), after.range(0, 4)));
  CHECK(test::same_bits(before.range(0, 4), shorter));
  CHECK_FALSE(test::same_bits(before[4], after[4]));
}

TEST_CASE("The Transformer depends on the order of a sequence only through its positions") {
  Params w{{.seed = 2, .dtype = f64}};
  const Transformer net(w / "", {.width = 4, .heads = 1, .layers = 1, .longest = 3});
  Tape tape{{.dtype = f64}};
  const Var x = constant(drawn({3, 1, 4})), turned = stack({x[1], x[0], x[2]});
  const Array there = net(x, StepContext()).all()[2].value();
  CHECK(test::error_of(net(turned, StepContext()).all()[2].value(), there) > 1e-6);
  {
    Edit change = w.edit();
    change[w.find("positions/P")].fill(0);
  }
  Tape without{{.dtype = f64}};
  const Var y = constant(x.value()), z = constant(turned.value());
  CHECK(test::error_of(net(z, StepContext()).all()[2].value(), net(y, StepContext()).all()[2].value()) < 1e-12);
}

TEST_CASE("Gradients of the Transformer agree with finite differences, and those of one shard with those of many",
          "[shards]") {
  constexpr int T = 4, B = 5;
  Params w{{.seed = 6, .dtype = f64}};
  const Transformer net(w / "net", {.width = 4, .heads = 2, .layers = 1, .dropout = .2, .longest = 5, .feed = 6});
  const Array x = drawn({T, B, 4});
  const auto loss = [&](Shard& s) { return s.sum(tanh(net(s.sequence(x), s.context()).all() * .7)); };
  const auto r = gradcheck(w, {.rows = B, .update = 2, .order = 2}, loss, {.order = 2, .most_elements = 12});
  INFO(r);
  CHECK(r.ok());
  const Result one = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 1}, loss);
  const Result many = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 4}, loss);
  CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
  const Result later = backward(w, {.rows = B, .update = 3, .dtype = f64}, loss);
  CHECK(one.loss != Approx(later.loss).epsilon(1e-6));  // a different mask
}

TEST_CASE("The Transformer rejects invalid arguments and names them") {
  Params w;
  CHECK(contains(message_of<ValueError>([&] { Transformer(w / "a", {.width = 6, .heads = 4}); }),
                 "4 heads do not divide"));
  CHECK(contains(message_of<ValueError>([&] { Transformer(w / "b", {.layers = 0}); }), "0 layers"));
  CHECK(contains(message_of<ValueError>([&] { Transformer(w / "c", {.dropout = -1}); }), "dropout must be"));
  CHECK(contains(message_of<ValueError>([&] { Transformer(w / "d", {.longest = 0}); }),
                 "positions: the number of steps, 0,"));
  CHECK(w.count() == 0);  // nothing was created
  const Transformer net(w / "e", {.width = 4, .longest = 3});
  Tape tape;
  CHECK(contains(message_of<ValueError>([&] { net(zeros({4, 2, 4}), StepContext()); }),
                 "a sequence of 4 steps is longer than the maximum of 3"));
  CHECK(contains(message_of<ShapeError>([&] { net(zeros({2, 2, 5}), StepContext()); }), "[T, B, 4], but is [2, 2, 5]"));
}

}  // namespace transformer_test
