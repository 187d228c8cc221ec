#include <ebb/ops/error.hpp>
#include <ebb/optim/adadelta.hpp>
#include <ebb/optim/adagrad.hpp>
#include <ebb/optim/adamax.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/amsgrad.hpp>
#include <ebb/optim/lion.hpp>
#include <ebb/optim/nadam.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/radam.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/sgd.hpp>

namespace ebb {

namespace {

struct Entry {
  const char* name;
  std::unique_ptr<Optimizer> (*make)(const LeafSet&, double lr);
};

template <class Rule, class Options> std::unique_ptr<Optimizer> make(const LeafSet& set, double lr) {
  Options o;
  o.lr = lr;
  return std::make_unique<Rule>(set, o);
}

constexpr Entry entries[] = {
    {"adadelta", make<Adadelta, AdadeltaOptions>}, {"adagrad", make<Adagrad, AdagradOptions>},
    {"adam", make<Adam, AdamOptions>},             {"adamax", make<Adamax, AdamaxOptions>},
    {"adamw", make<AdamW, AdamWOptions>},          {"amsgrad", make<AmsGrad, AmsGradOptions>},
    {"lion", make<Lion, LionOptions>},             {"nadam", make<NAdam, NAdamOptions>},
    {"radam", make<RAdam, RAdamOptions>},          {"rmsprop", make<RmsProp, RmsPropOptions>},
    {"sgd", make<Sgd, SgdOptions>},
};

}  // namespace

std::vector<std::string> optimizer_names() {
  std::vector<std::string> names;
  for (const Entry& e : entries) names.emplace_back(e.name);
  return names;
}

std::unique_ptr<Optimizer> make_optimizer(const std::string& name, const LeafSet& set, double lr) {
  for (const Entry& e : entries)
    if (name == e.name) return e.make(set, lr);
  throw ValueError("there is no update rule '" + name + "'");
}

}  // namespace ebb
