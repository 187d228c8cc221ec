#include "catch.hpp"
#include "of_ranks.hpp"
#include "same_bits.hpp"
#include "thread_scope.hpp"

#include <cstring>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/autograd/transform.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ranks/thread_ranks.hpp>
#include <optional>

/// backward among ranks, which are threads here; tests/scripts/ranks_test.sh has processes.
namespace ranks_test {

using namespace ebb;
using Catch::Matchers::Contains;
using test::of_ranks;
using test::same_bits;
using test::ThreadScope;

namespace {

constexpr int V = 60, E = 21, T = 3;

/// A table of which a batch reads a few rows, weights, and a parameter that is never read.
struct Model {
  explicit Model(DType dtype)
      : set(dtype), table(set.add("table", normal({V, E}, Key{1}.named("table"), 0, 1, dtype))),
        unread(set.add("unread", normal({40, 7}, Key{1}.named("unread"), 0, 1, dtype))),
        w(set.add("w", normal({E, E}, Key{1}.named("w"), 0, .3, dtype))),
        u(set.add("u", normal({E, E}, Key{1}.named("u"), 0, .3, dtype))) {}
  LeafSet set;
  Leaf table, unread, w, u;
};

struct Batch {
  Tokens words;
  Array values;
  explicit Batch(int rows)
      : words(integers({T, rows}, Key{2}.named("words"), 0, V - 8)),
        values(normal({T, rows, E}, Key{2}.named("values"), 0, 1, f32)) {}
};

PartialLoss loss_of(const Model& m, Shard& s, const Batch& b, bool gather_words, bool dropout) {
  const Tokens words = s.sequence(b.words);
  const Sequence x = s.sequence(b.values);
  Var h = zeros({s.rows(), E});
  std::vector<Var> states;
  for (int t : steps(T)) {
    Var in = gather_words ? gather(At(m.table), words[t]) : x[t] * 1.0;
    if (dropout) in = in * s.context().at_time(t).bernoulli("mask", in, .8);
    h = tanh(matmul(in, m.w) + matmul(h, m.u));
    states.push_back(h);
  }
  s.retain("h", states);
  s.out("last", h);
  s.count("rows", s.rows());
  s.count("third", 1.0 / 3);
  return s.mean_rows(mean(square(h), -1));
}

void check_same(const Result& r, const Result& one) {
  CHECK(r.loss == one.loss);
  CHECK(r.kept_bytes > 0);
  CHECK(r.counts == one.counts);
  CHECK(same_bits(r.rows("last"), one.rows("last")));
  if (r.grads.empty()) return;
  CHECK(same_bits(r.grads.flat(), one.grads.flat()));
  CHECK(same_bits(r.grad("h"), one.grad("h")));
  CHECK(r.grads.norm() == one.grads.norm());
}

}  // namespace

TEST_CASE("Every rank has the whole result, with the bits of one process", "[shards]") {
  for (const DType dtype : {f32, f64})
    for (const bool gather_words : {false, true})
      for (const int shards : {1, 2, 4, 6, 8}) {
        const int rows = 19;
        const Model first(dtype);
        const auto run = [&](const Model& m, Ranks* ranks) {
          const Batch b(rows);
          return backward(m.set,
                          {.rows = rows, .update = 5, .seed = 3, .dtype = dtype, .shards = shards, .ranks = ranks},
                          [&](Shard& s) { return loss_of(m, s, b, gather_words, true); });
        };
        const Result one = run(first, nullptr);
        for (const int size : {1, 2, 3, 4, 5, 8})
          for (const int team : {1, 2}) {
            CAPTURE(static_cast<int>(dtype), gather_words, shards, size, team);
            const ThreadScope scope(team);
            for (const Result& r : of_ranks(size, [&](Ranks* ranks) { return run(Model(dtype), ranks); }))
              check_same(r, one);
          }
      }
}

TEST_CASE("Evaluation among ranks has the bits of one process", "[shards]") {
  const Model m(f32);
  const Batch b(50);
  const auto run = [&](Ranks* ranks) {
    return evaluate(m.set, {.rows = 50, .shards = 4, .ranks = ranks},
                    [&](Shard& s) { return loss_of(m, s, b, true, false); });
  };
  const Result one = run(nullptr);
  for (const int size : {2, 3, 4, 6})
    for (const Result& r : of_ranks(size, run)) check_same(r, one);
}

TEST_CASE("A rank has its own rows of a state, carries them on, and all_rows() returns all rows", "[shards]") {
  const Model m(f32);
  const int rows = 19;
  const Batch b(rows);
  const auto run = [&](Ranks* ranks) {
    StateArrays carry;
    const ShardOptions o{.rows = rows, .shards = 4, .ranks = ranks};
    for (int k = 0; k < 3; ++k) {
      const Result r = backward(m.set, o, [&](Shard& s) {
        const State before = s.take(carry);
        const Sequence x = s.sequence(b.values);
        const Var h = tanh(matmul(x[k], m.w) + (before.size() > 0 ? matmul(before["h"], m.u) : zeros({s.rows(), E})));
        static const char* const names[] = {"h"};
        State end(names, 1);
        end["h"] = h;
        s.out("carry", end);
        return s.mean_rows(mean(square(h), -1));
      });
      carry = r.states.count("carry") > 0 ? r.state("carry") : StateArrays();
    }
    return all_rows(carry, o);
  };
  const StateArrays one = run(nullptr);
  for (const int size : {1, 2, 3, 4, 6})
    for (const StateArrays& s : of_ranks(size, run)) {
      CHECK(s.names == one.names);
      CHECK(same_bits(s["h"], one["h"]));
    }
}

TEST_CASE("A transformed parameter has the same gradient on every rank", "[shards]") {
  const auto run = [&](Ranks* ranks) {
    const Model m(f64);
    m.w.transform([](const Var& v) { return v - transpose(v); });
    const Batch b(16);
    return backward(m.set, {.rows = 16, .dtype = f64, .shards = 4, .ranks = ranks},
                    [&](Shard& s) { return loss_of(m, s, b, true, false); });
  };
  const Result one = run(nullptr);
  CHECK(one.grads.norm() > 0);
  for (const Result& r : of_ranks(3, run)) CHECK(same_bits(r.grads.flat(), one.grads.flat()));
}

TEST_CASE("The error of the first failing shard reaches every rank, with its type", "[shards]") {
  for (const int size : {2, 3, 6}) {
    std::vector<std::string> errors(static_cast<std::size_t>(size));
    run_as_ranks(size, [&](Ranks& ranks) {
      const Model m(f32);
      const Batch b(16);
      const auto fails = [&](Shard& s) -> PartialLoss {
        if (s.number() == 3) throw ValueError("shard 3 fails");
        if (s.number() == 2) throw ShapeError("shard 2 fails");
        return loss_of(m, s, b, false, false);
      };
      const ShardOptions o{.rows = 16, .shards = 4, .ranks = &ranks};
      for (int k = 0; k < 3; ++k) {
        try {
          backward(m.set, o, fails);
        } catch (const ShapeError& e) { errors[static_cast<std::size_t>(ranks.rank())] = e.what(); }
        backward(m.set, o, [&](Shard& s) { return loss_of(m, s, b, false, false); });  // ranks are still in step
      }
    });
    for (const std::string& e : errors) CHECK(e == "shard 2 fails");
  }
}

TEST_CASE("Among ranks, a loss that depends on another set of parameters is an error", "[shards]") {
  std::vector<std::string> errors(2);
  run_as_ranks(2, [&](Ranks& ranks) {
    const Model m(f32), other(f32);
    const Batch b(8);
    try {
      backward(m.set, {.rows = 8, .shards = 2, .ranks = &ranks}, [&](Shard& s) {
        return loss_of(m, s, b, false, false) + s.mean_rows(sum(matmul(s.rows(b.values[0]), other.w), -1));
      });
    } catch (const ValueError& e) { errors[static_cast<std::size_t>(ranks.rank())] = e.what(); }
  });
  for (const std::string& e : errors) CHECK_THAT(e, Contains("must be in the set that is passed"));
}

TEST_CASE("Where a value that is not finite came from is found on every rank", "[shards]") {
  std::vector<std::string> texts(2);
  run_as_ranks(2, [&](Ranks& ranks) {
    const Model m(f64);
    const ShardLoss loss = [&](Shard& s) {
      const Var x = matmul(constant(Array::full({s.rows(), E}, 1, f64)), m.w);
      return s.mean_rows(s.number() == 1 ? log(sum(x, -1) * 0.0) : sum(x, -1));
    };
    const ShardOptions o{.rows = 8, .dtype = f64, .shards = 2, .ranks = &ranks};
    texts[static_cast<std::size_t>(ranks.rank())] = trace_nonfinite(m.set, o, loss);
  });
  CHECK_THAT(texts[0], Contains("log"));
  CHECK(texts[0] == texts[1]);
}

}  // namespace ranks_test
