#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/leaf.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/parallel.hpp>
#include <functional>

#include "arrays.hpp"
#include "catch.hpp"

namespace flops_golden_test {

using namespace ebb;

namespace {

Array numbers(const Shape& s) { return uniform(s, Key{1}, -1, 1); }

double counted(const std::function<Var()>& f) {
  const int before = threads();
  set_threads(1);  // attention's rows run on several threads otherwise
  const FlopCount count;
  {
    Tape tape;
    const Var loss = sum(f());
    tape.backward(loss);
  }
  set_threads(before);
  return count.flops();
}

}  // namespace

TEST_CASE("flops of products, recurrence, attention and convolutions agree with PyTorch's FlopCounterMode") {
  const auto golden = test::golden("flops.json");
  CHECK(counted([] {
          return matmul(tanh(matmul(constant(numbers({8, 5})), variable(numbers({5, 7})))), variable(numbers({7, 3})));
        }) == golden["mlp"]);
  CHECK(counted([] { return matmul(variable(numbers({4, 3, 5})), variable(numbers({4, 5, 2}))); }) ==
        golden["batched"]);
  CHECK(counted([] {
          const Var W = variable(numbers({2, 5})), U = variable(numbers({5, 5}));
          Var h = constant(Array::zeros({3, 5}));
          for (int t = 0; t < 6; ++t) h = tanh(matmul(constant(numbers({3, 2})), W) + matmul(h, U));
          return h;
        }) == golden["rnn"]);
  CHECK(counted([] {
          const Var q = variable(numbers({7, 2, 4})), k = variable(numbers({7, 2, 4})),
                    v = variable(numbers({7, 2, 4}));
          return attend(q, k, v, AttendOptions{}).result;
        }) == golden["attention"]);
}

TEST_CASE("flops of convolutions of images agree with PyTorch's FlopCounterMode") {
  const auto golden = test::golden("flops.json");
  REQUIRE(golden["conv2d"].size() == 3);
  for (const auto& c : golden["conv2d"]) {
    INFO(c.dump());
    const int stride = c["stride"], padding = c["padding"];
    Params w;
    const Conv2d layer(w / "conv", 3, 4, {.kernel = 3, .stride = stride, .padding = padding});
    CHECK(counted([&] { return layer(variable(numbers({2, 3, 8, 9}))); }) == c["flops"]);
  }
}

}  // namespace flops_golden_test
