#include "catch.hpp"
#include "same_bits.hpp"
#include "thread_scope.hpp"

#include <cstring>
#include <ebb/autograd/grad.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/parallel.hpp>
#include <limits>

/// Gradients of which only a few rows are written, against gradients that are written as a whole.
namespace gaps_test {

using namespace ebb;
using test::same_bits;
using test::ThreadScope;

namespace {

/// A gather whose gradient is a whole table.
struct WholeGather {
  static constexpr auto name = "whole_gather";
  static constexpr unsigned needs = need_nothing;
  Tokens tokens;
  int rows;
  Array value(const Array& table) const { return gather(table, tokens); }
  Var vjp(const Var& g, const Var&, const Var&) const { return scatter_add(g, tokens, rows); }
};

enum class Path { gaps, whole };

Var look_up(Path path, const Leaf& table, const Tokens& tokens) {
  return path == Path::gaps ? gather(At(table), tokens) : apply(WholeGather{tokens, table.shape()[0]}, At(table));
}

constexpr int V = 50, E = 23, steps_read = 3;  // an entry is no multiple of a block

struct Model {
  explicit Model(DType dtype)
      : set(dtype), table(set.add("table", normal({V, E}, Key{1}.named("table"), 0, 1, dtype))),
        unread(set.add("unread", normal({40, 7}, Key{1}.named("unread"), 0, 1, dtype))),
        w(set.add("w", normal({E, E}, Key{1}.named("w"), 0, .3, dtype))),
        fixed(set.add("fixed", normal({9, 5}, Key{1}.named("fixed"), 0, 1, dtype), false)),
        bias(set.add("bias", normal({V}, Key{1}.named("bias"), 0, 1, dtype))) {}
  LeafSet set;
  Leaf table, unread, w, fixed, bias;
};

enum class Use { once, twice, tied, tied_first, bias_too };

PartialLoss loss_of(const Model& m, Path path, Use use, Shard& s, const Tokens& whole) {
  const Tokens tokens = s.sequence(whole);
  const Var x = look_up(path, m.table, tokens);
  Var h = tanh(matmul(x, m.w));
  if (use == Use::twice) h = h * look_up(path, m.table, tokens);
  if (use == Use::tied) h = matmul(h, transpose(At(m.table)));
  if (use == Use::tied_first) h = matmul(h, tanh(matmul(transpose(At(m.table)), At(m.table)))) + x;
  if (use == Use::bias_too) h = h * reshape(look_up(path, m.bias, tokens), {tokens.dim(0), tokens.dim(1), 1});
  return s.mean_rows(mean(square(h), {0, 2}));
}

/// Leaves memory of this size that is not zero in the thread's pool.
void soil(const LeafSet& set, DType dtype) {
  const Array a = Array::full({static_cast<int>(set.size())}, std::numeric_limits<double>::quiet_NaN(), dtype);
  const Array b = a.copy(), c = a.copy(), d = a.copy();
}

/// Each row reads words of its own, except that all read word 0.
Tokens words_of_rows(int rows) {
  Tokens t({steps_read, rows});
  for (int k = 0; k < steps_read; ++k)
    for (int r = 0; r < rows; ++r) t.data()[k * rows + r] = k == 0 ? 0 : (r * (steps_read - 1) + k) % (V - 5);
  return t;
}

}  // namespace

TEST_CASE("A gradient with gaps has the bits of a whole one, whatever else reads the parameter", "[shards]") {
  for (const DType dtype : {f32, f64})
    for (const Use use : {Use::once, Use::twice, Use::tied, Use::tied_first, Use::bias_too})
      for (const int rows : {5, 21})
        for (const int shards : {1, 2, 4}) {
          CAPTURE(static_cast<int>(dtype), static_cast<int>(use), rows, shards);
          const Model m(dtype);
          const Tokens tokens = words_of_rows(rows);
          const ShardOptions o{.rows = rows, .dtype = dtype, .shards = shards};
          const auto run = [&](Path path, int team) {
            const ThreadScope scope(team);
            soil(m.set, dtype);
            return backward(m.set, o, [&](Shard& s) { return loss_of(m, path, use, s, tokens); });
          };
          const Result whole = run(Path::whole, 1);
          for (const int team : {1, 2, 3}) {
            const Result r = run(Path::gaps, team);
            CHECK(r.loss == whole.loss);
            CHECK(same_bits(r.grads.flat(), whole.grads.flat()));
          }
          CHECK(whole.grads.norm() > 0);
          CHECK(same_bits(whole.grads[m.unread], Array::zeros(m.unread.shape(), dtype)));
        }
}

TEST_CASE("Entries that no shard reads have a gradient of zero") {
  const Model m(f32);
  soil(m.set, f32);
  const Tokens tokens = words_of_rows(20);
  const Result r = backward(m.set, {.rows = 20, .shards = 4},
                            [&](Shard& s) { return loss_of(m, Path::gaps, Use::once, s, tokens); });
  std::vector<char> read(V);
  for (std::int64_t i = 0; i < tokens.size(); ++i) read[static_cast<std::size_t>(tokens.data()[i])] = 1;
  for (int k = 0; k < V; ++k) {
    const Array row = r.grads[m.table][k];
    bool zero = true;
    for (int j = 0; j < E; ++j) zero = zero && row.at({j}) == 0;
    CHECK(zero == (read[static_cast<std::size_t>(k)] == 0));
  }
}

TEST_CASE("A shard whose loss does not depend on a set adds nothing to its gradient") {
  const Model m(f64), other(f64);
  const Tokens tokens = words_of_rows(8);
  const auto loss = [&](Path path) {
    return [&, path](Shard& s) {
      PartialLoss of_rows = loss_of(m, path, Use::once, s, tokens);
      return s.number() == 2 ? of_rows + loss_of(other, path, Use::tied, s, tokens) : of_rows;
    };
  };
  soil(m.set, f64);
  const ShardOptions o{.rows = 8, .dtype = f64, .shards = 4};
  const Result r = backward(m.set, o, loss(Path::gaps)), whole = backward(m.set, o, loss(Path::whole));
  REQUIRE(r.grads.sets().size() == 2);
  CHECK(r.grads.set().get() == m.set.get());
  for (std::size_t k = 0; k < 2; ++k) CHECK(same_bits(r.grads.flats()[k], whole.grads.flats()[k]));
  CHECK(r.grads.norm() == whole.grads.norm());
}

TEST_CASE("A second backward of one tape, and gradients that are added, have no gaps") {
  const Model m(f64);
  const Tokens first({3}, {4, 9, 4}), second({2}, {1, 49});
  const auto sum_of = [&](Path path, Grads& total) {
    soil(m.set, f64);
    Tape tape{{.dtype = f64}};
    const Var a = sum(square(look_up(path, m.table, first))), b = sum(tanh(look_up(path, m.table, second)));
    total = tape.backward(a, true);
    soil(m.set, f64);
    total.add(tape.backward(b, true), .5);
    total.add(tape.backward(a + b));
  };
  Grads gaps, whole;
  sum_of(Path::gaps, gaps);
  sum_of(Path::whole, whole);
  CHECK(same_bits(gaps.flat(), whole.flat()));
  CHECK(gaps.finite());
}

TEST_CASE("A parameter that is retained, or used both bound and raw, has a whole gradient") {
  const Model m(f64);
  const Tokens tokens({4}, {3, 3, 8, 30});
  const Array other = normal({V, E}, Key{5}, 0, 1, f64);
  const auto run = [&](Path path) {
    soil(m.set, f64);
    Tape tape{{.dtype = f64}};
    const Var raw = retain(var_of(m.table));
    Var loss = sum(square(look_up(path, m.table, tokens)));
    {
      const Bind bound(m.table, other);
      loss = loss + sum(tanh(look_up(path, m.table, tokens)));
    }
    const Grads g = tape.backward(loss);
    return std::pair{g[m.table].copy(), g[raw].copy()};
  };
  const auto [sum_of_gaps, raw_of_gaps] = run(Path::gaps);
  const auto [sum_of_whole, raw_of_whole] = run(Path::whole);
  CHECK(same_bits(sum_of_gaps, sum_of_whole));
  CHECK(same_bits(raw_of_gaps, raw_of_whole));
}

TEST_CASE("A batch without tokens, and a table without columns, have a gradient") {
  LeafSet set;
  const Leaf table = set.add("table", Array::zeros({4, 0})), w = set.add("w", Array::full({4, 2}, 1));
  soil(set, f32);
  Tape tape;
  const Grads g = tape.backward(sum(gather(At(table), Tokens({2}, {1, 3}))) + sum(gather(At(w), Tokens({0}))) +
                                sum(gather(At(w), Tokens({1}, {2}))));
  CHECK(g[table].size() == 0);
  CHECK(same_bits(g[w], Array::from({4, 2}, {0, 0, 0, 0, 1, 1, 0, 0})));
}

TEST_CASE("The search for a gradient that is not finite does not read gaps") {
  const Model m(f32);
  const Tokens tokens = words_of_rows(6);
  soil(m.set, f32);
  const std::string found = trace_nonfinite(m.set, {.rows = 6, .shards = 1}, [&](Shard& s) {
    const PartialLoss fine = loss_of(m, Path::gaps, Use::tied, s, tokens);
    return fine + s.sum(sqrt(sum(look_up(Path::gaps, m.bias, s.sequence(tokens))) * 0));
  });
  CHECK_THAT(found, Catch::Matchers::Contains("sqrt"));
  soil(m.set, f32);
  CHECK(trace_nonfinite(m.set, {.rows = 6, .shards = 1}, [&](Shard& s) {
          return loss_of(m, Path::gaps, Use::twice, s, tokens);
        }).empty());
}

}  // namespace gaps_test
