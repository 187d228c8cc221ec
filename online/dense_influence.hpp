#pragma once
#include <ebb/online/step_map.hpp>

namespace ebb::detail {

/// D of all parameters, [B, C, N], added to P.
void add_immediate(const StepMap&, const StepDerivatives&, Array& P);
/// Sum over rows of u P for u [B, S], P [B, S, N].
Array gradient_through(const Array& u, const Array& P);
/// Both factors of a sum over rows of an outer product for each parameter: g[(k, m)] += sum of a[b, k] v[b, m].
void add_outer(const StepMap&, int parameter, const Array& a, const Array& v, Array& g);

}  // namespace ebb::detail
