#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <ebb/ops/error.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace layers_test {

using namespace ebb;

namespace {
constexpr int T = 5, B = 20, I = 3, H = 4;
}

TEST_CASE("A stack of two layers is the second cell run over the first one's outputs") {
  Params w{{.seed = 3, .dtype = f64}};
  const CellPtr stack = make_stack("lstm", w / "rnn", {I, H}, 2);
  const CellPtr first = make_cell("lstm", w / "a", {I, H}), second = make_cell("lstm", w / "b", {H, H});
  {
    Edit change = w.edit();
    for (const char* p : {"Wx", "Wh", "b"})
      for (const auto& [to, from] : {std::pair{"a/", "rnn/1/"}, std::pair{"b/", "rnn/2/"}})
        change[w.find((std::string(to) + p).c_str())].assign(w.find((std::string(from) + p).c_str()).value());
  }
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({T, B, I}, Key{1}, 0, 1, f64));
  const Run run = unroll(*stack, x, StepContext());
  const Run below = unroll(*first, x, StepContext()), above = unroll(*second, below.all(), StepContext());
  CHECK(test::same_bits(run.all().value(), above.all().value()));
  CHECK(test::same_bits(run.end()["1/c"].value(), below.end()["c"].value()));
  CHECK(test::same_bits(run.end()["2/h"].value(), above.end()["h"].value()));
  CHECK(stack->field_count() == 4);
}

TEST_CASE("A residual stack adds a layer's input to its output") {
  Params w{{.seed = 3, .dtype = f64}};
  const CellPtr plain = make_stack("gru", w / "rnn", {I, H}, 2);
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({1, B, I}, Key{1}, 0, 1, f64));
  Params same{{.seed = 3, .dtype = f64}};
  const CellPtr residual = make_stack("gru", same / "rnn", {I, H}, 2, {.residual = true});
  const Run a = unroll(*plain, x, StepContext()), b = unroll(*residual, x, StepContext());
  CHECK(test::error_of(b.last().value(), (a.last() + a.end()["1/h"]).value()) < 1e-15);
}

TEST_CASE("Both directions read the whole sequence, each from its own end") {
  Params w{{.seed = 3, .dtype = f64}};
  const CellPtr f = make_cell("gru", w / "f", {I, H}), b = make_cell("lstm", w / "b", {I, H});
  Tape tape{{.dtype = f64}};
  const Var x = constant(normal({T, B, I}, Key{1}, 0, 1, f64));
  const Bidirectional both = bidirectional(*f, *b, x, StepContext()),
                      sum = bidirectional(*f, *b, x, StepContext(), Join::sum);
  const Run ahead = unroll(*f, x, StepContext());
  CHECK(both.all.all().shape() == Shape{T, B, 2 * H});
  CHECK(test::same_bits(slice(both.all.all(), -1, 0, H).value().compact(), ahead.all().value()));
  CHECK(test::same_bits(slice(both.all[0], -1, H, 2 * H).value().compact(), both.backward["h"].value()));
  CHECK(test::error_of(sum.all[2].value(), (ahead[2] + slice(both.all[2], -1, H, 2 * H)).value()) < 1e-15);
  State state = b->initial_state(B);
  for (int t = T - 1; t >= 2; --t) state = b->step(Sequence(x)[t], state, StepContext());
  CHECK(test::error_of(slice(both.all[2], -1, H, 2 * H).value(), state["h"].value()) < 1e-15);
}

TEST_CASE("Gradients through stacks, directions and wrapped layers agree with finite differences") {
  Params w{{.seed = 4, .dtype = f64}};
  std::vector<CellPtr> layers{make_cell("lem", w / "1", {I, H}),
                              CellPtr(new Zoneout(make_cell("cifg", w / "2", {H, H}), .2))};
  const StackedCell stack(layers, {.residual = true});
  const CellPtr back = make_stack("mingru", w / "back", {I, H}, 3);
  const Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
  const auto loss = [&](Shard& s) {
    return s.sum(sum(square(bidirectional(stack, *back, s.sequence(x), s.context()).all.all())));
  };
  const auto report = gradcheck(w, {.rows = B, .update = 3}, loss, {.most_elements = 10});
  INFO(report);
  CHECK(report.ok());
  const Result one = backward(w, {.rows = B, .dtype = f64, .shards = 1}, loss),
               many = backward(w, {.rows = B, .dtype = f64}, loss);
  CHECK(test::error_of(many.grads.flat(), one.grads.flat()) <= 1e-12);
}

TEST_CASE("A stack without layers, or with too many state fields, is rejected") {
  Params w;
  CHECK_THROWS_AS(make_stack("lstm", w / "", {I, H}, 0), ValueError);
  CHECK(test::contains(test::message_of<ValueError>([&] { make_stack("lstm", w / "many", {I, H}, 9); }),
                       "18 state fields"));
}

TEST_CASE("Widths that do not fit are rejected, not broadcast") {
  Params w;
  Tape tape;
  const StackedCell stack({make_cell("rnn", w / "1", {2, 4}), make_cell("rnn", w / "2", {4, 1})}, {.residual = true});
  CHECK(test::contains(test::message_of<ShapeError>([&] { unroll(stack, zeros({3, 2, 2}), StepContext()); }),
                       "residual connection"));
  const CellPtr wide = make_cell("rnn", w / "wide", {2, 4}), narrow = make_cell("rnn", w / "narrow", {2, 1});
  CHECK(test::contains(
      test::message_of<ShapeError>([&] { bidirectional(*wide, *narrow, zeros({3, 2, 2}), StepContext(), Join::sum); }),
      "cannot be summed"));
}

}  // namespace layers_test
