#pragma once
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/node_check.hpp>

/// What the checks of a function and of a model share.
namespace ebb::detail {

bool same_bits(double x, double y);  ///< NaN is the same as itself
bool same_bits(const Array& a, const Array& b);
std::string not_finite(const std::string& trace);
/// Ops whose own gradient is wrong. `run_moved` runs what is checked at its inputs moved by a step, its ops seen by the
/// probes.
std::vector<std::string> wrong_ops(std::uint64_t seed, const std::function<void(NodeCheck&, double step)>& run_moved);

}  // namespace ebb::detail
