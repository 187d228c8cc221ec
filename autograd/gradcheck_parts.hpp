#pragma once
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/node_check.hpp>

/// Shared by the checks of a function and of a model.
namespace ebb::detail {

bool same_bits(double x, double y);  ///< equal bits, so NaN equals itself
bool same_bits(const Array& a, const Array& b);
std::string not_finite(const std::string& trace);
/// Ops whose own gradient is wrong. `run_moved` runs the checked function with inputs moved by a step and ops probed.
std::vector<std::string> wrong_ops(std::uint64_t seed, const std::function<void(NodeCheck&, double step)>& run_moved);

}  // namespace ebb::detail
