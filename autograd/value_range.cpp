#include <fmt/format.h>
#include <cmath>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/ops/text.hpp>

/// The texts of a NonFiniteValue.
namespace ebb {

namespace {

/// "[2, 5]" for a flat index.
std::string place(const Shape& s, std::int64_t flat) {
  std::string at;
  for (int axis = s.rank() - 1; axis >= 0; --axis) {
    at = std::to_string(flat % s[axis]) + (at.empty() ? "" : ", ") + at;
    flat /= s[axis];
  }
  return "[" + at + "]";
}

}  // namespace

std::string ValueRange::text() const {
  std::string t = ebb::text(shape);
  if (finite > 0 && low == high) t += fmt::format(" all {:.4g}", low);
  else if (finite > 0) t += fmt::format(" in [{:.4g}, {:.4g}]", low, high);
  for (const auto& [count, what] : {std::pair{nan, "NaN"}, {infinite, "infinite"}})
    if (count > 0) t += fmt::format(", {} of {} {}", count, shape.size(), what);
  if (first >= 0 && shape.rank() > 0) t += ", the first at " + place(shape, first);
  return t;
}

std::string NonFiniteValue::headline() const {
  std::string t = op + " has the first " + (gradient ? "gradient" : "value") + " that is not finite";
  if (step >= 0) t += fmt::format(", time step {}", step);
  if (!file.empty()) t += " (" + detail::line_of(file.c_str(), line) + ")";
  return t;
}

std::string NonFiniteValue::text() const {
  std::string t = headline() + ": ";
  if (gradient) t += of < 0 ? "of an operand, " : fmt::format("of operand {}, ", of + 1);
  t += result.text();
  for (std::size_t k = 0; k < operands.size(); ++k)
    t += fmt::format("; operand {}, {}: {}", k + 1, operands[k].name, operands[k].text());
  if (gradient && adjoint.shape.size() > 0 && adjoint.finite + adjoint.nan + adjoint.infinite > 0)
    t += "; gradient received: " + adjoint.text();
  return t;
}

}  // namespace ebb
