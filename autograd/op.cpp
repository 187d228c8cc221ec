#include <ebb/autograd/op.hpp>

#include <ebb/ops/text.hpp>
#include <string>

namespace ebb::detail {

namespace {

[[noreturn]] void reject(TapeImpl& t, std::uint32_t node, std::size_t input, const std::string& got) {
  throw ShapeError(std::string(t.node(node).op->name) + ": vjp returned " + got + " for input " +
                   std::to_string(input) + " of shape " + text(t.node(t.node(node).inputs()[input]).shape) +
                   origin_of(t.handle(node)));
}

/// Added only to errors about the use of an empty value.
std::string unseen(const OpTable& op, const Error& e) {
  const bool empty = dynamic_cast<const EmptyVarError*>(&e) || dynamic_cast<const EmptyArrayError*>(&e);
  if (!empty || op.needs == (need_inputs | need_output)) return {};
  const char* what = op.needs == need_nothing  ? "neither its inputs nor its result, since `needs` does not name them"
                     : op.needs == need_output ? "no inputs, since `needs` does not name them"
                                               : "no result, since `needs` does not name it";
  return std::string("; it receives ") + what;
}

}  // namespace

void reject_gradient(TapeImpl& t, std::uint32_t node, std::size_t input, const Var& got) {
  if (got && got.epoch() != t.epoch()) reject(t, node, input, "a Var of another tape");
  reject(t, node, input, got ? text(got.shape()) : "an empty Var");
}

void reject_gradient(TapeImpl& t, std::uint32_t node, std::size_t input, const Array& got) {
  if (got && got.dtype() != t.dtype())
    reject(t, node, input, std::string(name_of(got.dtype())) + " on a tape of " + name_of(t.dtype()));
  reject(t, node, input, got ? text(got.shape()) : "an empty Array");
}

void rethrow_from_vjp(TapeImpl& t, std::uint32_t node) {
  const OpTable& op = *t.node(node).op;
  try {
    throw;
  } catch (Error& e) {
    e.with_context(std::string("; in the vjp of ") + op.name + origin_of(t.handle(node)) + unseen(op, e));
    throw;
  }
}

}  // namespace ebb::detail
