#include <ebb/autograd/grads.hpp>

#include <cmath>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb {

Array Grads::operator[](const Leaf& l) const {
  for (const OfSet& s : sets_)
    if (s.set.get() == l.get()->set) {
      const int first = static_cast<int>(l.offset());
      return s.flat.range(first, first + static_cast<int>(l.shape().size())).reshape(l.shape());
    }
  throw ValueError(std::string("gradient of ") + l.name() + ": its parameter set took no part in this backward");
}

bool Grads::has(const Var& v) const {
  for (const OfVar& k : vars_)
    if (k.node == v.node() && k.epoch == v.epoch()) return true;
  return false;
}

Array Grads::operator[](const Var& v) const {
  for (const OfVar& k : vars_)
    if (k.node == v.node() && k.epoch == v.epoch()) return k.grad;
  throw TapeError("gradient of a Var that was not retained, or that the loss does not depend on: call retain(v) before "
                  "backward");
}

Array Grads::flat() const {
  if (sets_.empty()) throw ValueError("gradients: no parameter took part");
  return sets_.front().flat;
}
std::vector<Array> Grads::flats() const {
  std::vector<Array> all;
  for (const OfSet& s : sets_) all.push_back(s.flat);
  return all;
}
const LeafSet& Grads::set() const {
  if (sets_.empty()) throw ValueError("gradients: no parameter took part");
  return sets_.front().set;
}

double Grads::norm() const {
  double squares = 0;
  for (const OfSet& s : sets_) squares += sum_of_squares(s.flat);
  return std::sqrt(squares);
}
void Grads::scale(double factor) {
  for (OfSet& s : sets_) scale_in_place(s.flat, factor);
}
bool Grads::finite() const {
  for (const OfSet& s : sets_)
    if (!all_finite(s.flat)) return false;
  return true;
}

Array& Grads::flat_of(const LeafSet& set, DType dtype) {
  for (OfSet& s : sets_)
    if (s.set.get() == set.get()) return s.flat;
  sets_.push_back({set, Array::zeros({static_cast<int>(set.size())}, dtype)});
  return sets_.back().flat;
}
void Grads::keep(const Var& v, Array a) { vars_.push_back({v.node(), v.epoch(), std::move(a)}); }
void Grads::add(const Grads& o) {
  for (const OfSet& s : o.sets_) add_into(flat_of(s.set, s.flat.dtype()), s.flat);
}

}  // namespace ebb
