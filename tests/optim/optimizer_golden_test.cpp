#include <ebb/autograd/tape.hpp>
#include <ebb/optim/adadelta.hpp>
#include <ebb/optim/adagrad.hpp>
#include <ebb/optim/adamax.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/amsgrad.hpp>
#include <ebb/optim/lion.hpp>
#include <ebb/optim/nadam.hpp>
#include <ebb/optim/radam.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/sgd.hpp>
#include <memory>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace optimizer_golden_test {

using namespace ebb;
using nlohmann::json;

namespace {

Array numbers(const std::vector<double>& v) {
  Array a = Array::empty({static_cast<int>(v.size())}, f64);
  std::copy(v.begin(), v.end(), a.data<double>());
  return a;
}

// Options under PyTorch's names, with PyTorch's defaults where they differ.
std::unique_ptr<Optimizer> make(const LeafSet& w, const std::string& optimizer, const json& o) {
  const auto get = [&](const char* name, double default_value) { return o.value(name, default_value); };
  const std::vector<double> betas = o.value("betas", std::vector<double>{.9, .999});
  if (optimizer == "sgd")
    return std::make_unique<Sgd>(w, SgdOptions{.lr = o["lr"],
                                               .momentum = get("momentum", 0),
                                               .dampening = get("dampening", 0),
                                               .decay = get("weight_decay", 0),
                                               .nesterov = o.value("nesterov", false)});
  if (optimizer == "rmsprop")
    return std::make_unique<RmsProp>(w, RmsPropOptions{.lr = o["lr"],
                                                       .alpha = get("alpha", .99),
                                                       .epsilon = get("eps", 1e-8),
                                                       .decay = get("weight_decay", 0),
                                                       .momentum = get("momentum", 0),
                                                       .centered = o.value("centered", false)});
  if (optimizer == "adam")
    return std::make_unique<Adam>(w, AdamOptions{.lr = o["lr"],
                                                 .beta1 = betas[0],
                                                 .beta2 = betas[1],
                                                 .epsilon = get("eps", 1e-8),
                                                 .decay = get("weight_decay", 0)});
  const double lr = o["lr"], decay = get("weight_decay", 0), eps = get("eps", 1e-8);
  if (optimizer == "adagrad")
    return std::make_unique<Adagrad>(w, AdagradOptions{.lr = lr,
                                                       .lr_decay = get("lr_decay", 0),
                                                       .decay = decay,
                                                       .initial = get("initial_accumulator_value", 0),
                                                       .epsilon = get("eps", 1e-10)});
  if (optimizer == "adadelta")
    return std::make_unique<Adadelta>(
        w, AdadeltaOptions{.lr = lr, .rho = get("rho", .9), .epsilon = get("eps", 1e-6), .decay = decay});
  if (optimizer == "adamax")
    return std::make_unique<Adamax>(
        w, AdamaxOptions{.lr = lr, .beta1 = betas[0], .beta2 = betas[1], .epsilon = eps, .decay = decay});
  if (optimizer == "nadam")
    return std::make_unique<NAdam>(w, NAdamOptions{.lr = lr,
                                                   .beta1 = betas[0],
                                                   .beta2 = betas[1],
                                                   .epsilon = eps,
                                                   .decay = decay,
                                                   .momentum_decay = get("momentum_decay", 4e-3)});
  if (optimizer == "radam")
    return std::make_unique<RAdam>(
        w, RAdamOptions{.lr = lr, .beta1 = betas[0], .beta2 = betas[1], .epsilon = eps, .decay = decay});
  if (optimizer == "amsgrad")
    return std::make_unique<AmsGrad>(
        w, AmsGradOptions{.lr = lr, .beta1 = betas[0], .beta2 = betas[1], .epsilon = eps, .decay = decay});
  if (optimizer == "lion")
    return std::make_unique<Lion>(
        w, LionOptions{.lr = lr, .beta1 = betas[0], .beta2 = o.contains("betas") ? betas[1] : .99, .decay = decay});
  return std::make_unique<AdamW>(w, AdamWOptions{.lr = o["lr"],
                                                 .beta1 = betas[0],
                                                 .beta2 = betas[1],
                                                 .epsilon = get("eps", 1e-8),
                                                 .decay = get("weight_decay", 1e-2)});
}

}  // namespace

TEST_CASE("A hundred updates of every optimiser follow PyTorch's path") {
  const json goldens = test::golden("optimizers.json");
  const Array start = numbers(goldens["start"]), a = numbers(goldens["a"]), target = numbers(goldens["target"]);
  REQUIRE(goldens["runs"].size() >= 25);
  for (const json& run : goldens["runs"]) {
    const std::string name = run["rule"], options = run["options"].dump();
    CAPTURE(name, options);
    Params w{{.dtype = f64}};
    const Param p = (w / "").trained("w", start);
    const auto optimizer = make(w, name, run["options"]);
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

}  // namespace optimizer_golden_test
