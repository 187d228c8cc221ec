#include <ebb/autograd/grads.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

Array Grads::operator[](const Leaf& l) const {
  for (const OfSet& s : sets_)
    if (s.set.get() == l.data().set) {
      const int first = static_cast<int>(l.offset());
      return s.flat.range(first, first + static_cast<int>(l.shape().size())).reshape(l.shape());
    }
  throw ValueError(std::string("gradient of ") + l.name() + ": its parameter set was not used in this backward");
}

bool Grads::has(const Var& v) const {
  for (const OfVar& k : vars_)
    if (k.node == v.node() && k.epoch == v.epoch()) return true;
  return false;
}

Array Grads::operator[](const Var& v) const {
  for (const OfVar& k : vars_)
    if (k.node == v.node() && k.epoch == v.epoch()) return k.grad;
  if (v && detail::TapeImpl::find(v.epoch()) && !v.requires_grad())
    throw TapeError("gradient of a constant: this Var depends on no parameter and no variable()");
  throw TapeError(
      "gradient of a Var that was not retained or does not affect the loss: call retain(v) before backward");
}

Array Grads::flat() const {
  if (sets_.empty()) throw ValueError("gradients: no parameters were used");
  return sets_.front().flat;
}
std::vector<Array> Grads::flats() const {
  std::vector<Array> all;
  for (const OfSet& s : sets_) all.push_back(s.flat);
  return all;
}
const LeafSet& Grads::set() const {
  if (sets_.empty()) throw ValueError("gradients: no parameters were used");
  return sets_.front().set;
}

std::vector<LeafSet> Grads::sets() const {
  std::vector<LeafSet> all;
  for (const OfSet& s : sets_) all.push_back(s.set);
  return all;
}

Array& Grads::flat_of(const LeafSet& set, DType dtype) {
  for (OfSet& s : sets_)
    if (s.set.get() == set.get()) return s.flat;
  sets_.push_back({set, Array::zeros({static_cast<int>(set.size())}, dtype), {}});
  return sets_.back().flat;
}
void Grads::lead_with(const LeafSet& set, DType dtype) {
  with_gaps(set, dtype);
  for (OfSet& s : sets_)
    if (s.set.get() == set.get()) std::swap(s, sets_.front());
}
void Grads::keep(const Var& v, Array a) { vars_.push_back({v.node(), v.epoch(), std::move(a)}); }

}  // namespace ebb
