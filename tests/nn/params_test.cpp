#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cells/lstm.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <memory>

#include "arrays.hpp"
#include "catch.hpp"

namespace params_test {

using namespace ebb;
using test::contains;
using test::message_of;

TEST_CASE("The summary lists names, shapes, weights and bytes, and what is fixed") {
  Params w;
  Linear out{w / "model" / "out", 12, 5};
  (w / "model").fixed("mask", Array::zeros({3}, f32));
  const std::string s = w.summary();
  INFO(s);
  CHECK(contains(s, "model/out/W"));
  CHECK(contains(s, "[12, 5]"));
  CHECK(contains(s, "60"));
  CHECK(contains(s, "240"));
  CHECK(contains(s, "fixed"));
  CHECK(contains(s, "65 of these are trained"));
  CHECK(w.trained() == 65);
}

TEST_CASE("Names are unique, and an empty parameter is rejected by name") {
  Params w;
  (w / "a").vector("b", 3);
  CHECK(contains(message_of<ValueError>([&] { (w / "a").vector("b", 3); }), "a/b"));
  CHECK(contains(message_of<ValueError>([&] { (w / "a").matrix("W", 0, 3, zero_init); }), "a/W"));
  CHECK(contains(message_of<ShapeError>([&] { (w / "a").vector("v", 3, orthogonal()); }), "a/v"));
}

TEST_CASE("A Builder may outlive its Params") {
  auto w = std::make_unique<Params>();
  const Builder scope = *w / "late";
  const Param early = scope.vector("early", 3);
  w.reset();
  const Param late = scope.vector("late", 2);
  CHECK(late.value().dim(0) == 2);
  CHECK(early.value().dim(0) == 3);
}

TEST_CASE("Two sequences go through one cell on one tape, and their gradients add") {
  Params w{{.seed = 2, .dtype = f64}};
  const CellPtr cell = make_cell("gru", w / "gru", {3, 4});
  const Array a = uniform({5, 2, 3}, Key{1}, -1, 1, f64), b = uniform({3, 2, 3}, Key{2}, -1, 1, f64);
  const auto gradients = [&](bool with_a, bool with_b) {
    Tape tape{{.dtype = f64}};
    Var loss = constant(Array::number(0, f64));
    Var ra, rb;
    if (with_a) ra = unroll(*cell, Sequence(constant(a)), StepContext{}).last();
    if (with_b) rb = unroll(*cell, Sequence(constant(b)), StepContext{}).last();
    if (with_b) loss += sum(rb * rb);
    if (with_a) loss += sum(ra);
    return tape.backward(loss).flat();
  };
  CHECK(test::error_of(gradients(true, true), gradients(true, false) + gradients(false, true)) < 1e-14 * 10);
}

TEST_CASE("Copies of a handle share one parameter, whose gradient is the sum") {
  Params w{{.dtype = f64}};
  const Embedding emb{w / "emb", 7, 4};
  const Param tied = emb.W;
  CHECK(w.count() == 1);
  const Tokens tokens({3}, {1, 6, 1});
  const auto gradient = [&](bool input, bool output) {
    Tape tape{{.dtype = f64}};
    const Var e = emb(tokens), x = input ? e : detach(e);
    const Var table = output ? transpose(tied) : detach(transpose(tied));
    return tape.backward(sum(cross_entropy(matmul(tanh(x), table), tokens)))[emb.W];
  };
  CHECK(test::error_of(gradient(true, true), gradient(true, false) + gradient(false, true)) < 1e-14 * 10);
  CHECK(sum_of_squares(gradient(true, false)) > 0);
  CHECK(sum_of_squares(gradient(false, true)) > 0);
}

TEST_CASE("A deep copy has its own values") {
  Params w;
  const Param p = (w / "a").vector("b", 3, constant_init(1));
  const LeafSet copy = w.copy();
  w.edit().flat().fill(2);
  CHECK(copy.find("a/b").value().at({0}) == 1);
  CHECK(p.value().at({0}) == 2);
}

TEST_CASE("A parameter that is edited while a tape uses it makes backward throw") {
  Params w;
  const Lstm cell(w / "lstm", {2, 3});
  Tape tape;
  const Lstm::State s = cell.step(full({1, 2}, 1), {.h = zeros({1, 3}), .c = zeros({1, 3})});
  const Var loss = sum(s.h);
  w.edit()[cell.b].fill(0);
  CHECK_THROWS_AS(tape.backward(loss), TapeError);
}

TEST_CASE("A binding replaces a parameter within its scope without changing the cell") {
  Params w{{.dtype = f64}};
  const Linear out{w / "out", 2, 1};
  Tape tape{{.dtype = f64}};
  const Var x = full({1, 2}, 1);
  const double plain = out(x).item();
  {
    const Bind bound{out.b, Array::full({1}, out.b.value().item() + 10, f64)};
    CHECK(out(x).item() == Approx(plain + 10));
  }
  CHECK(out(x).item() == plain);
  {
    const Bind other{out.b, Array::full({1}, out.b.value().item() + 20, f64)};  // may have the first one's address
    CHECK(out(x).item() == Approx(plain + 20));
  }
}

TEST_CASE("Bindings may end in any order") {
  Params w{{.dtype = f64}};
  const Param a = (w / "").vector("a", 1, constant_init(1)), b = (w / "").vector("b", 1, constant_init(1));
  {
    std::vector<std::unique_ptr<Bind>> binds;  // destroyed from its front
    binds.push_back(std::make_unique<Bind>(a, Array::full({1}, 2, f64)));
    binds.push_back(std::make_unique<Bind>(b, Array::full({1}, 3, f64)));
  }
  Tape tape{{.dtype = f64}};
  CHECK(var_of(a).item() == 1);
  CHECK(var_of(b).item() == 1);
}

TEST_CASE("A fixed parameter is saved with the model but not trained") {
  Params w{{.dtype = f64}};
  const Param a = (w / "m").fixed("A", Array::full({2, 2}, 3, f64));
  CHECK_FALSE(a.trained());
  CHECK(w.trained() == 0);
}

}  // namespace params_test
