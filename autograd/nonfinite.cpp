#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb::detail {

void NonfiniteProbe::look(TapeImpl& t, std::uint32_t node, bool swept) {
  const Node& n = t.node(node);
  const Array& a = swept ? n.grad : n.value;
  if (!found_.empty() || !a || all_finite(a)) return;
  found_ = std::string(n.op->name) + " has the first " + (swept ? "gradient" : "value") + " that is not finite";
  if (n.time >= 0) found_ += ", time step " + std::to_string(n.time);
  if (n.file) found_ += " (" + line_of(n.file, n.line) + ")";
}

}  // namespace ebb::detail
