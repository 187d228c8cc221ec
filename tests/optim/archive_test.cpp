#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/average.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <ebb/optim/nadam.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/schedule.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "temp_folder.hpp"

namespace archive_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(const LeafSet&)>;

/// A training run with everything that a file must contain to resume it exactly.
struct Training {
  Params w{{.seed = 3}};
  CellPtr cell = make_cell("lstm", w / "lstm", {2, 6});
  Linear out{w / "out", 6, 1};
  Param fixed = (w / "").fixed("A", Array::full({3}, 2, f32));
  std::unique_ptr<Optimizer> optimizer;
  EarlyStopping stop{w, {.patience = 1000}};
  AverageWeights mean{w, .9};
  Plateau rate{1e-2, {.patience = 1}};
  StateArrays carry;
  std::uint64_t update = 0;

  explicit Training(const MakeOptimizer& make) : optimizer(make(w)) {}
  void run(int updates) {
    for (; updates > 0; --updates, ++update) {
      const Array x = uniform({4, 16, 2}, Key{1}.at(update), -1, 1), y = uniform({4, 16, 1}, Key{2}.at(update), -1, 1);
      Result r = backward(w, {.rows = 16, .update = update}, [&](Shard& s) {
        const Run run = unroll(*cell, s.sequence(x), s.take(carry), s.context());
        s.out("carry", run.end());
        return s.mean_tokens(squared_error(out(run.all()), s.sequence(y).all()));
      });
      carry = r.state("carry");
      optimizer->set_lr(rate.update(r.loss));
      optimizer->step(r.grads);
      mean.update();
      stop.update(r.loss);
    }
  }
  void save(const std::string& path) const { ebb::save(path, w, *optimizer, stop, mean, rate, carry, update); }
  void load(const std::string& path) { ebb::load(path, w, *optimizer, stop, mean, rate, carry, update); }
};

/// Optimisers with default options, and with options that give them more state.
std::map<std::string, MakeOptimizer> optimizers() {
  std::map<std::string, MakeOptimizer> all;
  for (const std::string& name : Registry<OptimizerEntry>::names())
    all[name] = [name](const LeafSet& w) { return make_optimizer(name, w, 1e-2); };
  all["sgd with momentum"] = [](const LeafSet& w) {
    return std::make_unique<Sgd>(w, SgdOptions{.momentum = .9, .dampening = .1});
  };
  all["rmsprop centered"] = [](const LeafSet& w) {
    return std::make_unique<RmsProp>(w, RmsPropOptions{.momentum = .5, .centered = true});
  };
  return all;
}

}  // namespace

TEST_CASE("A training run that is saved and resumed in new objects continues bit for bit, with every optimiser",
          "[shards]") {
  const TempFolder folder;
  for (const auto& [name, optimizer] : optimizers()) {
    CAPTURE(name);
    Training whole(optimizer), first(optimizer), second(optimizer), used(optimizer);
    whole.run(9);
    for (const int n : {0, 4}) {  // before the first step there is no state yet
      Training begun(optimizer);
      begun.run(n);
      begun.save(folder / "run");
      used.run(2);  // its previous state must not matter
      for (Training* t : {&second, &used}) {
        t->load(folder / "run");
        REQUIRE(t->optimizer->updates() == n);
        t->run(9 - n);
        REQUIRE(t->update == 9);
        t->save(folder / "end");
        whole.save(folder / "whole");
        CHECK(test::same_bits(t->w.flat(), whole.w.flat()));
        const bool same_file = read_all(folder / "end") == read_all(folder / "whole");
        CHECK(same_file);
      }
    }
    CHECK_FALSE(test::same_bits(first.w.flat(), whole.w.flat()));
  }
}

TEST_CASE("The state of another optimiser, model or list is rejected and changes nothing") {
  const TempFolder folder;
  const auto adam = [](const LeafSet& w) { return make_optimizer("adam", w, 1e-2); };
  const auto lion = [](const LeafSet& w) { return make_optimizer("lion", w, 1e-2); };
  Training a(adam), other(lion);
  a.run(3);
  other.run(2);
  a.save(folder / "run");
  other.save(folder / "before");
  CHECK(contains(message_of<FileError>([&] { other.load(folder / "run"); }),
                 "run: part 2, 'kind': is 'adam' in the file and 'lion' here"));
  CHECK(contains(message_of<FileError>([&] { load(folder / "run", other.w, other.stop); }),
                 "its number of parts is 7, expected 2"));
  save(folder / "stop", a.stop);
  CHECK(contains(message_of<FileError>([&] { load(folder / "stop", other.mean); }), "early stopping"));
  Params small;
  (small / "").vector("v", 2);
  EarlyStopping stop{small};
  CHECK(contains(message_of<FileError>([&] { load(folder / "stop", stop); }), "'kept/v'"));
  CHECK(std::isinf(stop.best()));
  const std::string whole = read_all(folder / "run");
  for (std::size_t n = 0; n < whole.size(); n += 97) {
    write_all(folder / "bad", whole.substr(0, n));
    REQUIRE_THROWS_AS(a.load(folder / "bad"), FileError);
  }
  other.save(folder / "after");
  const bool unchanged = read_all(folder / "before") == read_all(folder / "after");
  CHECK(unchanged);
}

}  // namespace archive_test
