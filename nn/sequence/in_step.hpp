#pragma once
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb::detail {

/// f(), a step of a cell; an error that does not name a time step, such as one of the cell's own, names this one.
template <class F> decltype(auto) in_step(int time, const F& f) try { return f(); } catch (Error& e) {
  if (std::string(e.what()).find("time step ") == std::string::npos)
    e.with_context(" (time step " + std::to_string(time) + ")");
  throw;
}

}  // namespace ebb::detail
