#include <ebb/nn/params.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/muon.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace muon_test {

using namespace ebb;
using nlohmann::json;

namespace {

Array array_of(const json& stored) {
  const std::vector<int> extents = stored["shape"];
  Array a = Array::empty(Shape(extents.data(), static_cast<int>(extents.size())), f64);
  const std::vector<double> values = stored["values"];
  std::copy(values.begin(), values.end(), a.data<double>());
  return a;
}

void make(Params& w, const json& start) {
  for (const auto& [name, values] : start.items()) (w / "").trained(name.c_str(), array_of(values));
}

void step(Optimizer& o, const Params& w, const json& gradients) {
  Grads g;
  g.flat_of(w, w.dtype());
  for (const auto& [name, values] : gradients.items()) g[w.find(name.c_str())].assign(array_of(values).to(w.dtype()));
  o.step(g);
}

}  // namespace

TEST_CASE("Muon follows its authors' algorithm for hidden matrices, and AdamW for embeddings, heads and vectors") {
  const json goldens = test::golden("muon.json");
  for (const json& run : goldens["runs"])
    for (const auto& [dtype, bound] : {std::pair{f64, 1e-12}, std::pair{f32, 2e-5}}) {
      Params w{{.dtype = dtype}};
      make(w, goldens["start"]);
      Muon muon{w,
                {.lr = goldens["lr"],
                 .decay = goldens["decay"],
                 .iterations = run["iterations"],
                 .nesterov = run["nesterov"]}};
      double worst = 0;
      for (std::size_t u = 0; u < goldens["grads"].size(); ++u) {
        step(muon, w, goldens["grads"][u]);
        for (const auto& [name, wanted] : run["path"][u].items()) {
          const Array value = w.find(name.c_str()).value();
          CHECK(value.shape() == array_of(wanted).shape());
          worst = std::max(worst, test::error_of(value.to(f64), array_of(wanted)));
        }
      }
      CHECK(worst <= bound);
      CHECK(muon.updates() == 12);
    }
}

TEST_CASE("A step of Muon has singular values near one for any gradient norm") {
  for (const DType dtype : {f32, f64})
    for (const double size : {1e-3, 1., dtype == f32 ? 1e30 : 1e250}) {
      CAPTURE(int(dtype), size);
      Params w{{.dtype = dtype}};
      const Param W = (w / "").matrix("W", 8, 4, constant_init(0));
      Grads g;
      g.flat_of(w, dtype).assign(normal({32}, Key{3}, 0, 1, dtype) * size);
      Muon muon{w, {.lr = 1, .momentum = 0}};
      muon.step(g);
      const Array gram = matmul(W.value(), W.value(), Trans::yes, Trans::no);
      for (int k = 0; k < 4; ++k)
        for (int l = 0; l < 4; ++l) CHECK(std::abs(gram.at({k, l}) - (k == l)) < .5);  // squares of .7 to 1.2
    }
}

TEST_CASE("Hidden matrices are recognised by name patterns") {
  Params w{{.dtype = f64}};
  for (const char* name : {"body/W", "head/W", "last/W"}) (w / "").matrix(name, 3, 3, constant_init(1));
  Params v{{.dtype = f64}};
  for (const char* name : {"body/W", "head/W", "last/W"}) (v / "").matrix(name, 3, 3, constant_init(1));
  Muon muon{w, {.lr = .1, .others_rate = 1, .others = "head/*|l?st/W"}};
  AdamW adam{v, {.lr = .1, .beta1 = .9, .beta2 = .95, .epsilon = 1e-10, .decay = 0}};
  Grads g, h;
  const Array flat = normal({static_cast<int>(w.size())}, Key{3}, 0, 1, f64);
  g.flat_of(w, f64).assign(flat);
  h.flat_of(v, f64).assign(flat);
  muon.step(g);
  adam.step(h);
  CHECK(test::same_bits(w.find("head/W").value(), v.find("head/W").value()));
  CHECK(test::same_bits(w.find("last/W").value(), v.find("last/W").value()));
  CHECK_FALSE(test::same_bits(w.find("body/W").value(), v.find("body/W").value()));
}

TEST_CASE("Muon's updates have the same bits for 1, 2 and 3 threads") {
  const auto trained = [](int n) {
    set_threads(n);
    Params w{{.seed = 3}};
    (w / "").matrix("W", 130, 70);
    (w / "").matrix("V", 64, 256);
    Muon muon{w};
    for (std::uint64_t u = 0; u < 3; ++u) {
      Grads g;
      g.flat_of(w, f32).assign(normal({static_cast<int>(w.size())}, Key{7}.at(u), 0, 1, f32));
      muon.step(g);
    }
    set_threads(1);
    return w.flat().copy();
  };
  const Array one = trained(1);
  for (const int n : {2, 3}) CHECK(test::same_bits(trained(n), one));
}

}  // namespace muon_test
