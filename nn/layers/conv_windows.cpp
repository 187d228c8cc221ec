#include <fmt/format.h>
#include <ebb/nn/layers/conv_windows.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

void check(const Windows& w, const char* op, const char* axis) {
  if (w.kernel < 1 || w.stride < 1 || w.dilation < 1)
    throw ValueError(
        fmt::format("{}: kernel, stride and dilation must be at least 1, but along the {} they are {}, {} and {}", op,
                    axis, w.kernel, w.stride, w.dilation));
  if (w.before < 0 || w.after < 0)
    throw ValueError(
        fmt::format("{}: padding must be at least 0, but along the {} it is {} and {}", op, axis, w.before, w.after));
  const long reach = long{w.dilation} * (w.kernel - 1) + 1, room = long{w.size} + w.before + w.after;
  if (reach > room)
    throw ShapeError(fmt::format("{}: a kernel of {} with dilation {} spans {}, but the {} has {} including padding",
                                 op, w.kernel, w.dilation, reach == 1 ? "1 entry" : fmt::format("{} entries", reach),
                                 axis, room));
}

}  // namespace ebb::detail
