#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

Array outer(const Array& a, const Array& b) {
  if (a.rank() == 0 || b.rank() == 0)
    throw ShapeError("outer: expected vectors or batches of vectors, got " + text(a.shape()) + " and " +
                     text(b.shape()));
  return a.reshape(a.shape().inserted(a.rank(), 1)) * b.reshape(b.shape().inserted(b.rank() - 1, 1));
}

}  // namespace ebb
