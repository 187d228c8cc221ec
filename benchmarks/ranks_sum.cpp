#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/sum_grads.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/ranks/gather.hpp>
#include <ebb/ranks/mpi_ranks.hpp>
#include <ebb/ranks/rank_tree.hpp>
#include <ebb/ranks/text.hpp>

/// What messages cost, for the model in docs/ranks.md: mpirun -n 4 ranks_sum [threads]. Rank 0 prints tables of
/// microseconds: a message and back, the gathering that precedes each sum, the sum of a gradient, a copy and an
/// addition of that size, and updates of LSTMs.
namespace {

using namespace ebb;
using Clock = std::chrono::steady_clock;

double micro_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
}

/// Passes everything on to other ranks, and measures how long that takes, waiting included.
class Timed final : public Ranks {
 public:
  explicit Timed(Ranks& of) : of_(of) {}
  int rank() const override { return of_.rank(); }
  int size() const override { return of_.size(); }
  std::string name(int rank) const override { return of_.name(rank); }
  std::optional<int> waiting() override { return of_.waiting(); }
  void abort(int code) override { of_.abort(code); }
  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    const auto begin = Clock::now();
    of_.exchange(out, in);
    micros += micro_since(begin);
  }
  double micros = 0;

 private:
  Ranks& of_;
};

/// The fastest and the median of many calls, in microseconds. All ranks begin each together.
template <class F> std::pair<double, double> timed(Ranks& ranks, int calls, const F& f) {
  std::vector<double> all;
  for (int k = 0; k < calls; ++k) {
    gather_all(ranks, "begin", "");
    const auto begin = Clock::now();
    f();
    all.push_back(micro_since(begin));
  }
  std::sort(all.begin(), all.end());
  return {all.front(), all[all.size() / 2]};
}

int calls_for(double bytes) { return static_cast<int>(std::clamp(2e8 / (bytes + 1e4), 7.0, 400.0)); }

void messages(Ranks& ranks) {
  if (ranks.rank() == 0)
    fmt::print("\nmessage and back, rank 0 and rank 1\n{:>12} {:>12} {:>12}\n", "bytes", "fastest", "median");
  for (std::size_t bytes = 8; bytes <= std::size_t{1} << 26; bytes *= 8) {
    std::string data(bytes, 'x');
    const auto [least, middle] = timed(ranks, calls_for(static_cast<double>(bytes)), [&] {
      if (ranks.rank() == 0) ranks.send(1, data.data(), bytes);
      if (ranks.rank() < 2) ranks.receive(1 - ranks.rank(), data.data(), bytes);
      if (ranks.rank() == 1) ranks.send(0, data.data(), bytes);
    });
    if (ranks.rank() == 0) fmt::print("{:>12} {:>12.1f} {:>12.1f}\n", bytes, least, middle);
  }
  const auto [least, middle] = timed(ranks, 400, [&] { gather_all(ranks, "test", std::string(100, 'x')); });
  if (ranks.rank() == 0) fmt::print("gathering 100 bytes of each: {:.1f}, {:.1f}\n", least, middle);
}

void sums(Ranks& ranks) {
  if (ranks.rank() == 0)
    fmt::print("\nsum of a gradient over {} ranks\n{:>12} {:>12} {:>12} {:>12}\n", ranks.size(), "bytes", "fastest",
               "median", "an addition");
  const detail::RankTree tree(ranks.size(), ranks.size());
  for (int values = 256; values <= 1 << 24; values *= 4) {
    LeafSet set;
    set.add("w", Array::zeros({values}, f32));
    Array a = Array::full({values}, 1, f32), b = Array::full({values}, 1, f32);
    const auto [least, middle] = timed(ranks, calls_for(4.0 * values), [&] {
      Grads g;
      g.flat_of(set, f32);
      detail::GradParts::sum_over_ranks(g, set, f32, ranks, tree, false);
    });
    const auto [zeros, unused] = timed(ranks, calls_for(4.0 * values), [&] {
      Grads g;
      g.flat_of(set, f32);
    });
    const auto [adding, also_unused] =
        timed(ranks, calls_for(4.0 * values), [&] { detail::add_blocks({a, nullptr}, {b, nullptr}, 0, values / 16); });
    if (ranks.rank() == 0)
      fmt::print("{:>12} {:>12.1f} {:>12.1f} {:>12.1f}\n", 4 * values, least - zeros, middle - zeros, adding);
  }
}

/// Updates of an LSTM on random inputs. One rank: without messages.
void updates(Ranks* ranks, int T, int B, int I, int H) {
  Params w{{.seed = 1}};
  const CellPtr cell = make_cell("lstm", w / "cell", {I, H});
  const Linear out{w / "out", H, I};
  Adam adam{w, {.lr = 1e-3}};
  const Array x = normal({T, B, I}, Key{1}, 0, 1);
  std::optional<Timed> watched;
  if (ranks) watched.emplace(*ranks);
  std::vector<double> all, in_messages;
  for (std::uint64_t u = 0; u < 25; ++u) {
    if (ranks) gather_all(*ranks, "begin", "");
    const double before = watched ? watched->micros : 0;
    const auto begin = Clock::now();
    Result r = backward(w, {.rows = B, .update = u, .ranks = watched ? &*watched : nullptr}, [&](Shard& s) {
      const Run run = unroll(*cell, s.sequence(x), s.context());
      return s.mean_rows(mean(square(out(run.last()) - s.rows(x[0])), -1));
    });
    clip_by_norm(r.grads, 1);
    adam.step(r.grads);
    all.push_back(micro_since(begin));
    in_messages.push_back((watched ? watched->micros : 0) - before);
  }
  std::sort(all.begin(), all.end());
  std::sort(in_messages.begin(), in_messages.end());
  if (!ranks || ranks->rank() == 0)
    fmt::print("{:>24} {:>12} {:>12.0f} {:>12.0f} {:>12.0f}\n", fmt::format("({},{},{},{})", T, B, I, H), 4 * w.size(),
               all[0], all[all.size() / 2], in_messages[in_messages.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<Ranks> world = mpi_ranks();
  set_threads(argc > 1 ? std::atoi(argv[1]) : 1);
  if (world) {
    messages(*world);
    sums(*world);
  }
  if (!world || world->rank() == 0)
    fmt::print("\nupdates of an LSTM (T, B, I, H)\n{:>24} {:>12} {:>12} {:>12} {:>12}\n", "", "bytes", "fastest",
               "median", "in messages");
  for (const auto& [T, B, I, H] :
       {std::array{100, 64, 64, 64}, std::array{100, 128, 128, 128}, std::array{100, 64, 256, 256}})
    updates(world.get(), T, B, I, H);
}
