#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/autograd/var_function.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

Recorded::Recorded(const VarFunction& f, const Var& at, const char* who) {
  if (!TapeImpl::current(who).recording())
    throw TapeError(std::string(who) + ": nothing is recorded in a NoGrad scope");
  x = at.requires_grad() ? at : variable(at.value());
  y = f(x);
  if (!y) throw TapeError(std::string(who) + ": the function returned an empty Var");
}

Array unit_vector(const Shape& shape, std::int64_t k, DType dtype) {
  Array e = Array::zeros(shape, dtype);
  e.set_flat(k, 1);
  return e;
}

}  // namespace ebb::detail
