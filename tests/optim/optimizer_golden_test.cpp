#include <ebb/autograd/tape.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/sgd.hpp>
#include <memory>

#include "catch.hpp"
#include "nn/arrays.hpp"

using namespace ebb;
using nlohmann::json;

namespace {

Array numbers(const std::vector<double>& v) {
  Array a = Array::empty({static_cast<int>(v.size())}, f64);
  std::copy(v.begin(), v.end(), a.data<double>());
  return a;
}

// Options as PyTorch names them, with PyTorch's defaults where ours are others.
std::unique_ptr<Optimizer> make(const LeafSet& w, const std::string& rule, const json& o) {
  const auto get = [&](const char* name, double standard) { return o.value(name, standard); };
  const std::vector<double> betas = o.value("betas", std::vector<double>{.9, .999});
  if (rule == "sgd")
    return std::make_unique<Sgd>(w, SgdOptions{.lr = o["lr"], .momentum = get("momentum", 0), .dampening = get("dampening", 0),
                                               .decay = get("weight_decay", 0), .nesterov = o.value("nesterov", false)});
  if (rule == "rmsprop")
    return std::make_unique<RmsProp>(w, RmsPropOptions{.lr = o["lr"], .alpha = get("alpha", .99), .epsilon = get("eps", 1e-8),
                                                       .decay = get("weight_decay", 0), .momentum = get("momentum", 0),
                                                       .centered = o.value("centered", false)});
  if (rule == "adam")
    return std::make_unique<Adam>(w, AdamOptions{.lr = o["lr"], .beta1 = betas[0], .beta2 = betas[1],
                                                 .epsilon = get("eps", 1e-8), .decay = get("weight_decay", 0)});
  return std::make_unique<AdamW>(w, AdamWOptions{.lr = o["lr"], .beta1 = betas[0], .beta2 = betas[1],
                                                 .epsilon = get("eps", 1e-8), .decay = get("weight_decay", 1e-2)});
}

}  // namespace

TEST_CASE("A hundred updates of every rule follow PyTorch's path") {
  const json goldens = test::golden("optimizers.json");
  const Array start = numbers(goldens["start"]), a = numbers(goldens["a"]), target = numbers(goldens["target"]);
  REQUIRE(goldens["runs"].size() >= 11);
  for (const json& run : goldens["runs"]) {
    const std::string rule = run["rule"], options = run["options"].dump();
    CAPTURE(rule, options);
    Params w{{.dtype = f64}};
    const Param p = (w / "").trained("w", start);
    const auto optimizer = make(w, rule, run["options"]);
    double worst = 0;
    for (const json& wanted : run["path"]) {
      Tape tape{{.dtype = f64}};
      const Var v = var_of(p);
      const Grads g = tape.backward(sum(constant(a) * square(square(v - constant(target))) + square(v) / 2));
      optimizer->step(g);
      worst = std::max(worst, test::error_of(p.value(), numbers(wanted)));
    }
    CHECK(worst <= 1e-10);
    CHECK(optimizer->updates() == 100);
  }
}
