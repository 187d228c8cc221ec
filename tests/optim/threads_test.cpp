#include <ebb/autograd/grads.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace threads_test {

using namespace ebb;

namespace {

constexpr int rows = 300, columns = 1001;  // enough for several threads, and no multiple of a register's values

template <class F> Array trained(int count, DType dtype, const F& make) {
  const int before = threads();
  set_threads(count);
  Params w{{.dtype = dtype}};
  w.add("W", normal({rows, columns}, Key{1}, 0, 1, dtype));
  w.add("b", normal({columns}, Key{2}, 0, 1, dtype));
  const std::unique_ptr<Optimizer> optimizer = make(w);
  for (std::uint64_t k = 0; k < 3; ++k) {
    Grads g;
    g.flat_of(w, dtype);
    for (int l = 0; l < w.count(); ++l) {
      Array part = g[w[l]];
      const Array drawn = normal(part.shape(), Key{3 + k}, 0, 1, dtype);
      for (std::int64_t i = 0; i < part.size(); ++i) part.set_flat(i, drawn.at_flat(i));
    }
    optimizer->step(g);
  }
  set_threads(before);
  return w.flat().copy();
}

bool same(const Array& a, const Array& b) {
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (a.at_flat(i) != b.at_flat(i)) return false;
  return true;
}

}  // namespace

TEST_CASE("Every optimiser gives the same weights, bit for bit, with any number of threads", "[shards]") {
  for (const std::string& name : Registry<OptimizerEntry>::names())
    for (const DType dtype : {f32, f64}) {
      if (name == "muon" && dtype == f64) continue;  // its products of matrices are tested with f32
      CAPTURE(name, dtype);
      const auto make = [&](const Params& w) { return make_optimizer(name, w, .01); };
      const Array one = trained(1, dtype, make);
      CHECK(same(trained(2, dtype, make), one));
      CHECK(same(trained(3, dtype, make), one));
    }
}

TEST_CASE("An optimiser of one's own sees each parameter as a whole, unless it declares to be elementwise") {
  struct Sizes : Optimizer {
    std::vector<std::int64_t> seen;
    explicit Sizes(const LeafSet& set) : Optimizer("sizes", set, .1, 0, 0) {}
    void update(const Slice<float>& s) override { seen.push_back(s.size); }
    void update(const Slice<double>&) override {}
  };
  std::vector<std::int64_t> seen;
  struct Reports : Sizes {
    std::vector<std::int64_t>& to;
    Reports(const LeafSet& set, std::vector<std::int64_t>& out) : Sizes(set), to(out) {}
    ~Reports() override { to = seen; }
  };
  (void)trained(3, f32, [&](const Params& w) { return std::make_unique<Reports>(w, seen); });
  CHECK(seen == std::vector<std::int64_t>{rows * columns, columns, rows * columns, columns, rows * columns, columns});
}

}  // namespace threads_test
