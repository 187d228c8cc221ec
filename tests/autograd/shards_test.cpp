#include "catch.hpp"
#include "same_bits.hpp"

#include <cstring>
#include <ebb/autograd/edit.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

namespace shards_test {

using namespace ebb;
using Catch::Matchers::Contains;
using test::same_bits;

namespace {

struct Model {
  LeafSet set{f64};
  Leaf w = set.add("w", uniform({3, 4}, Key{1}.named("w"), -1, 1, f64));
  Leaf u = set.add("u", uniform({4, 4}, Key{1}.named("u"), -.5, .5, f64));
  Leaf b = set.add("b", Array::zeros({4}, f64));
};

PartialLoss loss_of(const Model& m, Shard& s, const Array& x, const Lengths* lengths = nullptr) {
  const Sequence in = s.sequence(x);
  Var h = zeros({s.rows(), 4});
  std::vector<Var> each, states;
  for (int t : steps(in.steps())) {
    h = tanh(matmul(in[t], m.w) + matmul(h, m.u) + m.b);
    states.push_back(h);
    each.push_back(sum(square(h), 1));
  }
  s.retain("h", states);
  s.out("last", h);
  s.count("rows", s.rows());
  return lengths ? s.mean_tokens(stack(each), *lengths) : s.mean_rows(sum(square(h), 1));
}

double largest_difference(const Array& a, const Array& b) {
  double most = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a.at_flat(i) - b.at_flat(i)));
  return most;
}

}  // namespace

TEST_CASE("the number of shards is the largest power of two with sixteen rows each, but at least two from sixteen on",
          "[shards]") {
  CHECK(shard_count(1) == 1);
  CHECK(shard_count(15) == 1);
  CHECK(shard_count(16) == 2);
  CHECK(shard_count(33) == 2);
  CHECK(shard_count(63) == 2);
  CHECK(shard_count(64) == 4);
  CHECK(shard_count(200) == 8);
}

TEST_CASE("sharded equals unsharded to 1e-12, also with masks", "[shards]") {
  const Model m;
  for (const int B : {1, 7, 20, 31, 33}) {
    const Array x = normal({5, B, 3}, Key{7}.named("x"), 0, 1, f64);
    const Lengths lengths = integers({B}, Key{7}.named("lengths"), 1, 6);
    for (const Lengths* l : {static_cast<const Lengths*>(nullptr), &lengths}) {
      const auto f = [&](Shard& s) { return loss_of(m, s, x, l); };
      const Result one = backward(m.set, {.rows = B, .dtype = f64, .shards = 1}, f);
      const Result cut = backward(m.set, {.rows = B, .dtype = f64, .shards = std::min(B, 4)}, f);
      CHECK(cut.loss == Approx(one.loss).epsilon(1e-12));
      CHECK(largest_difference(cut.grads.flat(), one.grads.flat()) < 1e-12);
      CHECK(largest_difference(cut.grad("h"), one.grad("h")) < 1e-12);
      CHECK(same_bits(cut.rows("last"), one.rows("last")));  // a row's values do not depend on its shard
      CHECK(cut.counts.at("rows") == B);
    }
  }
}

TEST_CASE("results have the same bits for one, two and three threads", "[shards]") {
  const Model m;
  const Array x = normal({6, 33, 3}, Key{8}.named("x"), 0, 1, f32);
  const auto f = [&](Shard& s) { return loss_of(m, s, x); };
  const int before = threads();
  std::vector<Result> seen;
  for (const int n : {1, 2, 3, 2}) {
    set_threads(n);
    seen.push_back(backward(m.set, {.rows = 33}, f));
  }
  set_threads(before);
  for (const Result& r : seen) {
    CHECK(r.loss == seen[0].loss);
    CHECK(same_bits(r.grads.flat(), seen[0].grads.flat()));
    CHECK(same_bits(r.grad("h"), seen[0].grad("h")));
  }
}

TEST_CASE("the exception of the first failing shard reaches the caller unchanged", "[shards]") {
  const Model m;
  const Array x = normal({2, 32, 3}, Key{9}, 0, 1, f32);
  const auto f = [&](Shard& s) -> PartialLoss {
    if (s.number() >= 1) throw ValueError("shard " + std::to_string(s.number()) + " fails");
    return loss_of(m, s, x);
  };
  for (int k = 0; k < 20; ++k) CHECK_THROWS_WITH(backward(m.set, {.rows = 32}, f), "shard 1 fails");
}

TEST_CASE("a caller's Var captured in a shard is rejected", "[shards]") {
  const Model m;
  Tape tape;
  const Var mine = variable(Array::full({4}, 1, f32));
  CHECK_THROWS_AS(backward(m.set, {.rows = 32}, [&](Shard& s) { return s.sum(sum(mine * 2)); }), TapeError);
}

TEST_CASE("a parameter edited while a tape uses it makes backward throw") {
  Model m;
  Tape tape{{.dtype = f64}};
  const Var l = sum(square(var_of(m.w)));
  Edit(m.set)[m.w].fill(2);
  CHECK_THROWS_WITH(tape.backward(l), Contains("edited"));
}

TEST_CASE("an edit that began before the tape and is written through afterwards makes backward throw") {
  Model m;
  Edit edit(m.set);
  Tape tape{{.dtype = f64}};
  const Var l = sum(square(var_of(m.w)));
  edit[m.w].fill(2);
  CHECK_THROWS_WITH(tape.backward(l), Contains("edited"));
}

TEST_CASE("values bound to a parameter apply in the shards of their scope only", "[shards]") {
  const Model m;
  const auto f = [&](Shard& s) { return s.mean_rows(sum(var_of(m.b) + zeros({s.rows(), 4}), 1)); };
  {
    const Bind bind(m.b, Array::full({4}, 2, f64));
    CHECK(backward(m.set, {.rows = 32}, f).loss == 8);
  }
  CHECK(backward(m.set, {.rows = 32}, f).loss == 0);
}

TEST_CASE("gradcheck runs through shards, to second order", "[shards]") {
  const Model m;
  const Array x = normal({3, 17, 3}, Key{10}, 0, 1, f64);
  const GradcheckReport r = gradcheck(m.set, {.rows = 17}, [&](Shard& s) { return loss_of(m, s, x); }, {.order = 2});
  INFO(r);
  CHECK(r.ok());
  CHECK(r.entries.size() == 6);
}

TEST_CASE("masks do not depend on the shards", "[shards]") {
  const LeafSet none;
  const auto f = [&](Shard& s) {
    s.out("mask", s.context("in").at_time(3).bernoulli("drop", zeros({s.rows(), 5}), .4));
    return s.sum(zeros({}));
  };
  const Result one = evaluate(none, {.rows = 20, .update = 2, .shards = 1}, f),
               cut = evaluate(none, {.rows = 20, .update = 2, .shards = 3}, f);
  CHECK(same_bits(one.rows("mask"), cut.rows("mask")));
  CHECK_FALSE(same_bits(one.rows("mask"), evaluate(none, {.rows = 20, .update = 3, .shards = 1}, f).rows("mask")));
}

TEST_CASE("a state is carried from one backward to the next, with rows in order", "[shards]") {
  const LeafSet none;
  const char* names[] = {"h"};
  const auto f = [&](const StateArrays& carry) {
    return [&](Shard& s) {
      State in = s.take(carry);
      State out(names, 1);
      out[0] = (in.size() ? in["h"] : zeros({s.rows(), 2})) + double(s.begin() + 1) * full({s.rows(), 2}, 1);
      s.out("carry", out);
      return s.sum(zeros({}));
    };
  };
  const Result a = evaluate(none, {.rows = 16, .shards = 2}, f({}));
  const Result b = evaluate(none, {.rows = 16, .shards = 2}, f(a.state("carry")));
  CHECK(b.state("carry")["h"].at({0, 0}) == 2);
  CHECK(b.state("carry")["h"].at({15, 1}) == 18);
}

TEST_CASE("the first value that is not finite is traced to its op, time step and line") {
  const Model m;
  const Array x = normal({5, 4, 3}, Key{11}, 0, 1, f32);
  const ShardLoss f = [&](Shard& s) {
    const Sequence in = s.sequence(x);
    Var h = matmul(in[0], m.w);
    for (int t : steps(5)) h = t == 3 ? log(h * 0 - 1) : h * 2;
    return s.sum(h);
  };
  const std::string found = trace_nonfinite(m.set, {.rows = 4}, f);
  CHECK_THAT(found, Contains("log") && Contains("time step 3") && Contains("shards_test.cpp:"));
}

TEST_CASE("a set of parameters lives at least as long as a tape that uses it") {
  Tape tape{{.dtype = f64}};
  Var l;
  {
    LeafSet set{f64};
    l = sum(square(var_of(set.add("w", Array::full({3}, 2, f64)))));
  }
  CHECK(l.item() == 12);
  const Grads g = tape.backward(l);
  CHECK(g.flat().at({0}) == 4);
}

}  // namespace shards_test
