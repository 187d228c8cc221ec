#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/experiments/train/try_out.hpp>

#include "catch.hpp"

namespace batch_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

struct Plain {
  Array x;
  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
};

struct Rich {
  Array x;
  Lengths lengths;
  bool continues = false;
  std::vector<int> items{};
  int rows() const { return x.dim(1); }
  int steps() const { return x.dim(0); }
  double weight() const { return steps_in(lengths); }
};

struct PlainNetwork final : Network {
  Param w;
  explicit PlainNetwork(const Builder& p) : w(p.vector("w", 1, zero_init)) {}
  PartialLoss loss(Shard& s, const Batch& b) const override {
    return s.mean_rows(sum(s.sequence(b.get<Plain>().x).all() * w, Axes{0, 2}));
  }
};

/// Its batches are of the kind that the request's length says.
class Mixed final : public Task, public HasNetwork {
 public:
  TaskInfo info() const override { return {}; }
  TaskSettings settings(Size) const override { return {}; }
  Batch batch(const BatchRequest& r) const override {
    Array x = Array::zeros({r.length, r.rows, 1}, f32);
    if (r.length < 3) return Plain{x};
    return Rich{.x = x, .lengths = Lengths({r.rows}), .continues = r.length > 3};
  }
  int batches(Split, int, int) const override { return 1; }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence&) const override {
    return std::make_unique<PlainNetwork>(p);
  }
};

}  // namespace

TEST_CASE("a batch of any kind has its numbers of rows and steps, and its kind's further properties") {
  const Batch plain = Plain{Array::zeros({4, 3, 1}, f32)};
  CHECK(plain.rows() == 3);
  CHECK(plain.steps() == 4);
  CHECK(plain.weight() == 3);
  CHECK_FALSE(plain.continues());
  CHECK(plain.items().empty());
  const Batch rich = Rich{Array::zeros({4, 3, 1}, f32), Lengths({3}, {4, 1, 2}), true, {5, 6, 7}};
  CHECK(rich.weight() == 7);
  CHECK(rich.continues());
  CHECK(rich.items() == std::vector<int>{5, 6, 7});
  CHECK(rich.get<Rich>().lengths.data()[2] == 2);
  const Batch copy = rich;
  CHECK(copy.get<Rich>().x.raw() == rich.get<Rich>().x.raw());
}

TEST_CASE("reading a batch as another kind is an error that names both") {
  const Batch plain = Plain{Array::zeros({4, 3, 1}, f32)};
  CHECK_THROWS_WITH(plain.get<Rich>(), Contains("Plain, but its network or meter reads") && Contains("Rich"));
  const Mixed task;
  const Model m{task, "rnn", 4, 1};
  CHECK_NOTHROW(try_out(m, task, {.length = 2, .batch = 2}));
  const Batch rich = task.batch({.length = 3, .rows = 2});
  const auto loss = [&](const Batch& b) {
    return evaluate(m.w, {.rows = 2, .training = false}, [&](Shard& s) { return m.loss(s, b); }).loss;
  };
  CHECK_THROWS_WITH(loss(rich), Contains("Rich") && Contains("Plain"));
  SECTION("and so are batches that continue others where the network carries no state") {
    CHECK_THROWS_WITH(loss(task.batch({.length = 4, .rows = 2})), Contains("is not a CarryingNetwork"));
  }
}

TEST_CASE("a task's abilities follow from its types") {
  const auto has = [](const char* name) {
    const auto task = make_task(name, {.data = "generated"});
    std::string abilities;
    if (task->as<SimpleTask>()) abilities += "simple ";
    if (task->as<HasNetwork>()) abilities += "network ";
    if (task->as<HasFeedForward>()) abilities += "feed-forward ";
    if (task->as<HasDropout>()) abilities += "dropout ";
    if (task->as<HasMeter>()) abilities += "meter ";
    if (task->as<HasAlphabet>()) abilities += "alphabet ";
    if (task->as<Generates>()) abilities += "generates ";
    if (task->as<ReadsData>()) abilities += "data ";
    if (task->as<FixedLength>()) abilities += "length ";
    return abilities;
  };
  CHECK(has("adding") == "simple meter ");
  CHECK(has("chars") == "simple meter alphabet ");
  CHECK(has("images") == "feed-forward dropout meter data length ");
  CHECK(has("series") == "network meter data ");
  CHECK(has("music") == "network dropout meter generates data ");
  CHECK_FALSE(meter_of(*make_task("adding")));
  CHECK_FALSE(validation_measure(*make_task("chars")));
  CHECK(validation_measure(*make_task("series", {.data = "generated"})) == "NRMSE");
}

}  // namespace batch_test
