#pragma once
#include <ebb/optim/optimizer.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

/// The update rules by name: "adadelta", "adagrad", "adam", ...
std::vector<std::string> optimizer_names();

/// A rule with its standard options but for the rate. Errors: ValueError for an unknown name
std::unique_ptr<Optimizer> make_optimizer(const std::string& name, const LeafSet&, double lr);

}  // namespace ebb
