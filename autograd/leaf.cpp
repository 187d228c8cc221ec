#include <ebb/autograd/leaf.hpp>

#include <algorithm>
#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

using detail::LeafData;
using detail::LeafSetData;

void detail::hold(LeafSetData* s) noexcept { s->holders.hold(); }
void detail::drop(LeafSetData* s) noexcept {
  if (s->holders.drop()) delete s;
}
void detail::hold(LeafData* l) noexcept { hold(l->set); }
void detail::drop(LeafData* l) noexcept { drop(l->set); }

LeafData& Leaf::data() const {
  if (!data_)
    throw ValueError("an empty parameter was used: it was not created by a Builder, or LeafSet::find found none");
  return *data_;
}
const char* Leaf::name() const { return data().name.c_str(); }
const Shape& Leaf::shape() const { return data().shape; }
Array Leaf::value() const { return data().set->view_of(*data_); }
bool Leaf::trained() const { return data().trained; }
std::int64_t Leaf::offset() const { return data().offset; }

bool Leaf::transformed() const { return data().transforms != nullptr; }
void Leaf::within(double low, double high) const {
  if (!(low <= high))
    throw ValueError(std::string("parameter ") + name() + ": invalid bounds [" + std::to_string(low) + ", " +
                     std::to_string(high) + "]");
  data().low = low;
  data().high = high;
}
double Leaf::low() const { return data().low; }
double Leaf::high() const { return data().high; }

LeafSet::LeafSet(DType dtype) : data_(new LeafSetData) {
  data_->dtype = dtype;
  data_->flat = Array::empty({0}, dtype);
}

Leaf LeafSet::add(const char* name, const Array& values, bool trained) {
  if (find(name)) throw ValueError(std::string("parameter ") + name + " exists already; names must be unique");
  LeafSetData& s = *data_;
  const std::int64_t offset = s.used, end = offset + detail::blocks_of(values.size()) * detail::leaf_block;
  if (end > s.flat.size()) {
    const std::int64_t room = std::max<std::int64_t>(2 * s.flat.size(), end);
    if (room > INT32_MAX) throw ValueError("a parameter set can hold at most 2^31 values");
    Array bigger = Array::zeros({static_cast<int>(room)}, s.dtype);
    if (s.used > 0) bigger.range(0, static_cast<int>(s.used)).assign(s.flat.range(0, static_cast<int>(s.used)));
    s.flat = std::move(bigger);
  }
  auto leaf = std::make_unique<LeafData>();
  leaf->set = &s;
  leaf->name = name;
  leaf->shape = values.shape();
  leaf->offset = offset;
  leaf->trained = trained;
  s.used = end;
  ++s.version;
  s.view_of(*leaf).assign(values);
  s.leaves.push_back(std::move(leaf));
  return Leaf(s.leaves.back().get());
}

int LeafSet::count() const { return static_cast<int>(data_->leaves.size()); }
Leaf LeafSet::operator[](int i) const {
  if (i < 0 || i >= count())
    throw ValueError("there is no parameter " + std::to_string(i) + " in a set of " + std::to_string(count()));
  return Leaf(data_->leaves[static_cast<std::size_t>(i)].get());
}
Leaf LeafSet::find(const char* name) const {
  for (auto& l : data_->leaves)
    if (l->name == name) return Leaf(l.get());
  return {};
}
DType LeafSet::dtype() const { return data_->dtype; }
std::int64_t LeafSet::size() const { return data_->used; }
std::uint64_t LeafSet::version() const { return data_->version; }
Array LeafSet::flat() const { return data_->flat.range(0, static_cast<int>(data_->used)); }

LeafSet LeafSet::copy() const {
  LeafSet c(data_->dtype);
  for (auto& l : data_->leaves) {
    const Leaf leaf = c.add(l->name.c_str(), data_->view_of(*l), l->trained);
    if (l->transforms) c.data_->transformed.push_back(leaf.get());
    leaf.get()->transforms = l->transforms;
    leaf.within(l->low, l->high);
  }
  return c;
}

Bind::Bind(const Leaf& l, const Var& v) : self_(new detail::Binding(l, v.shape(), v, {}, false)) {}
Bind::Bind(const Leaf& l, const Array& a) : self_(new detail::Binding(l, a.shape(), {}, a, false)) {}
Bind::~Bind() { delete self_; }

Var var_of(const Leaf& l, std::source_location where) {
  if (!l) detail::located(where, [&] { (void)l.name(); });  // throws
  return detail::TapeImpl::current("a parameter").leaves().of(l, where);
}

At::At(const Leaf& p, std::source_location w) : var(var_of(p, w)), where(w) {}

}  // namespace ebb
