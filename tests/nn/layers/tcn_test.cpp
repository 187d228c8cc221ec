#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/layers/tcn.hpp>
#include <ebb/ops/error.hpp>

#include "layer_case.hpp"

namespace tcn_test {

using namespace ebb;
using nlohmann::json;
using test::contains;
using test::message_of;
using test::Vars;

namespace {

Array drawn(const Shape& s, int key = 1) { return normal(s, Key{11}.at(static_cast<std::uint64_t>(key)), 0, 1, f64); }

/// Weights large enough for all blocks to contribute; with N(0, .01^2) the last one dominates.
void enlarge(Params& w) {
  Edit change = w.edit();
  for (int k = 0; k < w.count(); ++k)
    if (const std::string name = w[k].name(); name.back() == 'g' || name.back() == 'S')
      change[w[k]].assign(uniform(w[k].shape(), Key{2}.named(name.c_str()), .5, 1.5, f64));
}

}  // namespace

TEST_CASE("The temporal convolutional network and its gradients agree with PyTorch's, including weight normalisation") {
  const DType dtype = GENERATE(f64, f32);
  const json goldens = test::golden("layers_tcn.json");
  for (const json& c : goldens["cases"]) {
    Params w{{.dtype = dtype}};
    const json& o = c["options"];
    const Tcn net(w / "", o["input"], o["channels"].get<std::vector<int>>(), {.kernel = o["kernel"]});
    test::compare_case(c, w, test::tolerance_of(dtype),
                       [&](Vars& in) { return Vars{{"y", net(in["x"], StepContext()).all()}}; });
  }
}

TEST_CASE("An output of the temporal convolutional network depends on its last reach() inputs only") {
  constexpr int T = 20;
  Params w{{.seed = 4, .dtype = f64}};
  const Tcn net(w / "", 2, {5, 5, 3}, {.kernel = 2});
  enlarge(w);
  REQUIRE(net.reach() == 15);
  Tape tape{{.dtype = f64}};
  Array x = drawn({T, 3, 2});
  const Array before = net(constant(x), StepContext()).all().value();
  constexpr int changed = 4;
  x[changed].fill(3);
  const Array after = net(constant(x), StepContext()).all().value();
  CHECK(test::same_bits(before.range(0, changed), after.range(0, changed)));
  CHECK_FALSE(test::same_bits(before[changed], after[changed]));
  CHECK_FALSE(test::same_bits(before[changed + net.reach() - 1], after[changed + net.reach() - 1]));
  CHECK(test::same_bits(before.range(changed + net.reach(), T), after.range(changed + net.reach(), T)));
}

TEST_CASE(
    "The temporal convolutional network starts with the weights of its directions, so that normalising changes "
    "nothing") {
  Params w{{.seed = 4, .dtype = f64}};
  const Tcn net(w / "", 2, {5}, {.kernel = 3});
  Tape tape{{.dtype = f64}};
  const Var x = constant(drawn({6, 2, 2}));
  const Conv1dOptions o{.kernel = 3, .padding = Padding::causal};
  const auto& [first, second, S, s] = net.blocks[0];
  const Var h = relu(conv1d(x, first.v, o) + first.b);
  const Var y = relu(relu(conv1d(h, second.v, o) + second.b) + matmul(x, S) + s);
  CHECK(test::error_of(net(x, StepContext()).all().value(), y.value()) < 1e-14);
}

TEST_CASE(
    "Gradients of the temporal convolutional network are those of finite differences, and one shard's those of many",
    "[shards]") {
  constexpr int T = 6, B = 9;
  Params w{{.seed = 6, .dtype = f64}};
  const Tcn net(w / "net", 2, {3, 3}, {.kernel = 2, .dropout = .3});
  enlarge(w);
  const Array x = drawn({T, B, 2});
  const auto loss = [&](Shard& s) { return s.sum(square(net(s.sequence(x), s.context()).all())); };
  const auto r = gradcheck(w, {.rows = B, .update = 2, .order = 2}, loss, {.order = 2});
  INFO(r);
  CHECK(r.ok());
  const Result one = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 1}, loss);
  const Result many = backward(w, {.rows = B, .update = 2, .dtype = f64, .shards = 4}, loss);
  CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
  const Result later = backward(w, {.rows = B, .update = 3, .dtype = f64}, loss);
  CHECK(one.loss != Approx(later.loss).epsilon(1e-6));  // a different mask
}

TEST_CASE("The temporal convolutional network rejects invalid arguments and names them") {
  Params w;
  CHECK(contains(message_of<ValueError>([&] { Tcn(w / "a", 2, {}); }), "has no blocks"));
  CHECK(contains(message_of<ValueError>([&] { Tcn(w / "b", 2, {3}, {.kernel = 0}); }), "kernel must be at least 1"));
  CHECK(contains(message_of<ValueError>([&] { Tcn(w / "c", 2, {3}, {.dropout = 1}); }), "dropout must be"));
  CHECK(contains(message_of<ValueError>([&] { Tcn(w / "e", 2, std::vector<int>(40, 3)); }),
                 "the receptive field of 40 blocks with a kernel of 2"));
  CHECK(contains(message_of<ValueError>([&] { Tcn(w / "f", 2, {3, 0}); }), "but one is 0"));
  CHECK(w.count() == 0);  // nothing was created
  const Tcn net(w / "d", 2, {3});
  Tape tape;
  CHECK(contains(message_of<ShapeError>([&] { net(zeros({4, 1, 3}), StepContext()); }),
                 "with 2 channels, but is [4, 1, 3]"));
}

}  // namespace tcn_test
