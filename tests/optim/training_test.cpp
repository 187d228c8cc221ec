#include <unistd.h>

#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "thread_scope.hpp"

namespace training_test {

using namespace ebb;

namespace {

/// Learns to repeat the previous token: a small task that requires a state.
struct Training {
  int T, B, V, H;
  Params w{{.seed = 3}};
  Embedding emb{w / "emb", V, H};
  CellPtr cell = make_cell("lstm", w / "lstm", {H, H});
  Linear out{w / "out", H, V};
  Adam adam{w, {.lr = 1e-2}};

  double update(std::uint64_t u) {
    const Tokens tokens = integers({T, B}, Key{1}.at(u), 0, V);
    const Tokens before = integers({T - 1, B}, Key{1}.at(u), 0, V);  // rows 0 to T - 2 of the same stream
    Result r = backward(w, {.rows = B, .update = u}, [&](Shard& s) {
      const Run run = unroll(*cell, emb(s.sequence(tokens)), s.context());
      return s.mean_tokens(cross_entropy(out(range(run.all(), 1, T)), s.sequence(before)));
    });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
    return r.loss;
  }
};

long resident_kib() {
  std::ifstream f("/proc/self/statm");
  long pages = 0, resident = 0;
  f >> pages >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

}  // namespace

TEST_CASE("The same seed gives the same bits after 20 updates, for 1, 2 and 3 threads", "[shards]") {
  const test::ThreadScope scope;
  Array wanted;
  for (const int n : {1, 2, 3, 1}) {
    set_threads(n);
    Training run{7, 33, 9, 12};
    for (std::uint64_t u = 0; u < 20; ++u) run.update(u);
    if (!wanted) wanted = run.w.flat().copy();
    CAPTURE(n);
    CHECK(test::same_bits(run.w.flat(), wanted));
  }
}

TEST_CASE("An LSTM learns to repeat the previous token", "[shards]") {
  Training run{6, 16, 4, 16};
  const double first = run.update(0);
  double last = 0;
  for (std::uint64_t u = 1; u < 300; ++u) last = run.update(u);
  CHECK(first == Approx(std::log(4)).epsilon(.3));
  CHECK(last < .1);
}

TEST_CASE("Ten thousand updates keep the resident memory flat", "[slow][shards]") {
  Training run{4, 16, 5, 6};
  for (std::uint64_t u = 0; u < 1000; ++u) run.update(u);
  const long before = resident_kib();
  for (std::uint64_t u = 1000; u < 11'000; ++u) run.update(u);
  CAPTURE(before, resident_kib());
  CHECK(resident_kib() - before < 512);
}

}  // namespace training_test
