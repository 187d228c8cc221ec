#include <algorithm>
#include <cmath>
#include <ebb/autograd/grads.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/norm.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

double Grads::norm() const {
  double squares = 0;
  for (const OfSet& s : sets_) squares += sum_of_squares(s.flat);
  if (detail::safe_squares(squares)) return std::sqrt(squares);
  const std::vector<Array> all = flats();
  return norm_of(all.data(), all.size());
}
void Grads::scale(double factor) {
  for (OfSet& s : sets_) scale_in_place(s.flat, factor);
}
void Grads::add(const Grads& other, double factor) {
  for (const OfSet& s : sets_)
    for (const OfSet& o : other.sets_)
      if (s.set.get() == o.set.get() && !(s.flat.shape() == o.flat.shape()))
        throw ValueError("gradients: parameters were added between the gradients to be summed");
  for (const OfSet& o : other.sets_) {
    Array& target = flat_of(o.set, o.flat.dtype());
    if (!target.unique()) target = target.copy();  // a copy of these Grads may share it
    add_scaled_into(target, factor, o.flat.to(target.dtype()));
  }
}
bool Grads::finite() const {
  return std::all_of(sets_.begin(), sets_.end(), [](const OfSet& s) { return all_finite(s.flat); });
}

}  // namespace ebb
