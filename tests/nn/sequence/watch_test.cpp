#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/watch.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>
#include <optional>

#include "arrays.hpp"
#include "catch.hpp"

namespace watch_test {

using namespace ebb;
using Catch::Matchers::Contains;
using Names = std::vector<std::string>;

namespace {

constexpr int T = 5, B = 40, I = 3, H = 4;

// One gate named in a fused lambda, one in plain Vars.
struct Named {
  Param W, U;
  Named(Builder p, CellSizes s) : W(p.matrix("W", s.input, 2 * s.hidden)), U(p.matrix("U", s.hidden, 2 * s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const {
    auto [f, g] = split<2>(matmul(x, W) + matmul(s.h, U));
    const Var plain = watch("plain f", sigmoid(f));
    watch("old h", s.h);
    watch("row", sum(matmul(s.h, U), {0}));
    watch("number", sum(s.h));
    return {fuse(
                [](auto f, auto g, auto h) {
                  auto keep = watch("f", sigmoid(f));
                  return keep * h + (1 - keep) * watch("g", tanh(g));
                },
                f, g, s.h) +
            0 * plain};
  }
};
EBB_CELL_NAMED(named, "test-named", Named, "names values in each way");

// The same name for two values of one step; `inner` and `scopes` step a cell inside twice.
struct NamesTwice {
  Param W;
  CellPtr inner;
  int way;
  NamesTwice(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {
    way = p.choice("way", "step|output|inner|scopes", "how");
    if (way > 1) inner = make_cell("gru", p / "inner", s);
  }
  Hidden step(const Var& x, const Hidden& s) const {
    const Var a = watch("a", matmul(x, W));
    if (way == 0) watch("a", s.h);
    if (way < 2) return {tanh(a + s.h)};
    State one(inner->field_names(), 1);
    one[0] = s.h;
    for (const char* name : {"first", "second"}) {
      std::optional<WatchScope> scope;
      if (way == 3) scope.emplace(name);
      one = inner->step(x, one, StepContext{});
    }
    return {one[0]};
  }
  Var output(const Var&, const Hidden& s) const { return way == 1 ? watch("a", tanh(s.h)) : s.h; }
};
struct NamesOutput {
  Param W;
  NamesOutput(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {}
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
  Var output(const Var&, const Hidden& s) const { return watch("out", 2 * s.h); }
};
EBB_CELL_NAMED(names_output, "test-names-output", NamesOutput, "names its output");
EBB_CELL_NAMED(names_twice, "test-names-twice", NamesTwice, "names two values alike");

Array inputs(DType t = f32) { return uniform({T, B, I}, Key{1}, -2, 2, t); }

Result trained(const Cell& cell, const Params& w, int order = 1) {
  return backward(w, {.rows = B, .order = order}, [&](Shard& s) {
    const Run run = unroll(cell, s.sequence(inputs()), s.context());
    s.out("last", run.end());
    return s.mean_rows(sum(square(run.last()), {-1}));
  });
}

}  // namespace

TEST_CASE("Named values are collected by time step, also from fused lambdas, and change no result") {
  for (const char* name : {"test-named", "lstm"})
    for (const int order : {1, 2}) {
      Params w;
      const CellPtr cell = make_cell(name, w / "cell", {I, H});
      const Result alone = trained(*cell, w, order);
      const Watch watch;
      const Result seen = trained(*cell, w, order);
      CHECK(test::same_bits(alone.grads.flat(), seen.grads.flat()));
      CHECK(test::same_bits(alone.state("last")["h"], seen.state("last")["h"]));
      CHECK(watch["f"].shape() == Shape{T, B, H});
      CHECK(watch.runs("f") == 1);
      if (std::string(name) == "lstm") continue;
      CHECK(watch.names() == Names{"f", "g", "number", "old h", "plain f", "row"});
      CHECK(watch["row"].shape() == Shape{T, 2 * H});  // no rows
      CHECK(watch["number"].shape() == Shape{T});
      if (order == 1)
        CHECK(watch["number"].at({1}) ==
              Approx(sum(watch["old h"][1].range(0, B / 2)).item()).margin(1e-4));  // from the first of two shards
      CHECK(test::same_bits(watch["f"], watch["plain f"]));
      CHECK(largest_magnitude(watch["old h"][0]) == 0);
    }
}

TEST_CASE(
    "The gates of a fused LSTM are those of its equation, in every row and at every step, for any number of threads") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const int before = threads();
  Array first;
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    const Watch watch;
    std::vector<Array> h, c;
    Tape tape{{.dtype = f64}};
    const Run run = unroll(*cell, Sequence(constant(inputs(f64))), StepContext{});
    for (int t = 0; t < T; ++t) {
      const Array old = t > 0 ? run.states("c")[static_cast<std::size_t>(t - 1)].value() : Array::zeros({B, H}, f64);
      const Array c1 = watch["f"][t] * old + watch["i"][t] * watch["g"][t];
      CHECK(test::error_of(c1, run.states("c")[static_cast<std::size_t>(t)].value()) < 1e-15);
      CHECK(test::error_of(watch["o"][t] * tanh(c1), run[t].value()) < 1e-15);
    }
    const Watch shards;
    evaluate(w, {.rows = B, .dtype = f64},
             [&](Shard& s) { return s.sum(unroll(*cell, s.sequence(inputs(f64)), s.context()).last()); });
    CHECK(test::same_bits(shards["f"], watch["f"]));  // the innermost collects, with the rows of all shards
    if (n == 1) first = shards["f"];
    CHECK(test::same_bits(shards["f"], first));
  }
  set_threads(before);
}

TEST_CASE("Every gated cell names its gates, whose values are between 0 and 1") {
  struct Case {
    const char* cell;
    Names names, gates;
  };
  const Case cases[] = {
      {"lstm", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"cifg", {"f", "g", "o"}, {"f", "o"}},
      {"lstm-peephole", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"lstm-layernorm", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"slstm:heads=1", {"f", "i", "o", "z"}, {"f", "i", "o"}},
      {"slstm:heads=2",
       {"head1/f", "head1/i", "head1/o", "head1/z", "head2/f", "head2/i", "head2/o", "head2/z"},
       {"head1/o", "head2/f"}},
      {"gru", {"n", "r", "z"}, {"r", "z"}},
      {"gru-course", {"n", "r", "z"}, {"r", "z"}},
      {"janet", {"f", "g", "i"}, {"f", "i"}},
      {"mingru", {"n", "z"}, {"z"}},
      {"minlstm", {"f", "n"}, {"f"}},
      {"fastgrnn", {"n", "z"}, {"z"}},
      {"lem", {"step_y", "step_z"}, {"step_y", "step_z"}},
      {"antisymmetric:gate=input", {"z"}, {"z"}},
      {"minimalrnn", {"u", "v"}, {"u"}},
      {"mi-lstm", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"lstm-greff", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"lstm-fgr", {"f", "g", "i", "o"}, {"f", "i", "o"}},
      {"lstm-original", {"g", "i", "o"}, {"i", "o"}},
      {"lstm-greff:variant=cifg", {"g", "i", "o"}, {"i", "o"}},
      {"sru", {"f", "r"}, {"f", "r"}},
      {"qrnn", {"f", "o", "z"}, {"f", "o"}},
      {"rhn:depth=2", {"1/p", "1/t", "2/p", "2/t"}, {"1/t", "2/t"}},
      {"mlstm:heads=1", {"f", "i", "o"}, {"f", "i", "o"}},
  };
  for (const Case& c : cases) {
    INFO(c.cell);
    Params w;
    const CellPtr cell = make_cell(c.cell, w / "cell", {I, H});
    const Result alone = trained(*cell, w);
    const Watch watch;
    const Result seen = trained(*cell, w);
    CHECK(test::same_bits(alone.grads.flat(), seen.grads.flat()));
    CHECK(watch.names() == c.names);
    for (const std::string& gate : c.gates) {
      const Array values = watch[gate];
      CHECK(values.dim(0) == T);
      CHECK(values.dim(1) == B);
      CHECK(amax(values).item() <= 1);
      CHECK(-amax(-values).item() >= 0);
      CHECK(amax(values).item() > 0);
    }
  }
}

TEST_CASE("Layers, directions and ended rows are distinguished") {
  Params w;
  Tape tape;
  const Sequence x(constant(inputs()));
  {
    const Watch watch;
    unroll(*make_stack("gru", w / "stack", {I, H}, 2), x, StepContext{});
    CHECK(watch.names() == Names{"1/n", "1/r", "1/z", "2/n", "2/r", "2/z"});
    CHECK_FALSE(test::same_bits(watch["1/z"], watch["2/z"]));
  }
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  {
    const Watch watch;
    bidirectional(*cell, *cell, x, StepContext{});
    CHECK(watch.names() == Names{"backward/n", "backward/r", "backward/z", "forward/n", "forward/r", "forward/z"});
  }
  Array whole;
  {
    const Watch watch;
    unroll(*cell, x, StepContext{});
    whole = watch["z"];
  }
  Lengths lengths({B});
  for (int row = 0; row < B; ++row) lengths.data()[row] = row % (T + 1);
  const Watch watch;
  evaluate(w, {.rows = B},
           [&](Shard& s) { return s.sum(unroll(*cell, s.sequence(inputs()), s.rows(lengths), s.context()).last()); });
  for (int t = 0; t < T; ++t)
    for (int row = 0; row < B - 1; ++row) {  // the last row has length 3, so all steps exist
      const Array got = watch["z"][t][row];
      if (t < lengths.data()[row]) CHECK(test::same_bits(got, whole[t][row]));
      else CHECK(largest_magnitude(got) == 0);
    }
}

TEST_CASE("Running a sequence again is a separate run, and an unknown name is an error") {
  Params w;
  const CellPtr cell = make_cell("gru", w / "cell", {I, H});
  Watch watch;
  CHECK_THROWS_WITH(watch["z"], Contains("no values were named"));
  for (int k = 0; k < 3; ++k) {
    Tape tape;
    unroll(*cell, Sequence(constant(inputs() * (k + 1.0))), StepContext{});
  }
  CHECK(watch.runs("z") == 3);
  CHECK(test::same_bits(watch["z"], watch.run("z", 2)));
  CHECK_FALSE(test::same_bits(watch["z"], watch.run("z", 0)));
  CHECK_THROWS_WITH(watch["x"], Contains("there is no value 'x'") && Contains("n, r, z"));
  CHECK_THROWS_WITH(watch.run("z", 3), Contains("3 runs"));
  watch.clear();
  CHECK(watch.names().empty());
  {
    Tape tape;
    State s = cell->initial_state(B);
    for (int t = 0; t < 2; ++t)
      s = cell->step(constant(inputs()[t]), s, StepContext{});  // without a loop over time, steps are counted
  }
  CHECK(watch["z"].shape() == Shape{2, B, H});
}

TEST_CASE("A value named in a cell's output is collected once from each layer of a stack") {
  for (const int layers : {1, 2, 3}) {
    Params w;
    const CellPtr cell = make_stack("test-names-output", w / "cell", {I, H}, layers);
    const Watch seen;
    Tape tape;
    const Run run = unroll(*cell, Sequence(constant(inputs())), StepContext{});
    CHECK(seen.names().size() == static_cast<std::size_t>(layers));
    const std::string top = layers == 1 ? "1/out" : std::to_string(layers) + "/out";
    CHECK(test::same_bits(seen[top], run.all().value()));
    CHECK(seen["1/out"].shape() == Shape{inputs().dim(0), B, H});
  }
}

TEST_CASE("Two values of one name in one step of a cell are an error with both lines, unless they have scopes") {
  Params w;
  const auto message = [&](const char* way, bool alone) {
    const CellPtr cell = make_cell(std::string("test-names-twice:way=") + way, w / way / (alone ? "1" : "2"), {I, H});
    const Watch seen;
    Tape tape;
    return test::message_of<ValueError>([&] {
      if (alone) cell->step(constant(inputs()[0]), cell->initial_state(B), StepContext{});
      else unroll(*cell, Sequence(constant(inputs())), StepContext{});
    });
  };
  for (const bool alone : {true, false}) {
    const std::string in_step = message("step", alone);
    INFO(in_step);
    CHECK(test::contains(in_step, "names two values 'a', the first at watch_test.cpp:58"));
    CHECK(test::contains(in_step, alone ? "(watch_test.cpp:59)" : "(watch_test.cpp:59, time step 0)"));
    CHECK_THAT(message("inner", alone), Contains("two values 'r', the first at gru.cpp:"));
    CHECK(message("scopes", alone) == "(nothing was thrown)");
  }
  CHECK(test::contains(message("output", false), "two values 'a'"));
  const CellPtr cell = make_cell("test-names-twice", w / "unwatched", {I, H});
  Tape tape;
  CHECK_NOTHROW(unroll(*cell, Sequence(constant(inputs())), StepContext{}));  // nobody is there to be misled
}

}  // namespace watch_test
