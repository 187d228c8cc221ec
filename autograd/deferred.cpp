#include <ebb/autograd/deferred.hpp>

#include <ebb/autograd/engine.hpp>
#include <ebb/autograd/sweep.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

/// The operand's group, with capacity for `rows` more rows.
Deferred::Group& Deferred::group_of(std::uint32_t b, bool product, Trans tb, std::int64_t rows) {
  Node& n = sweep_.tape.node(b);
  if (n.group != 0) {
    const Group& before = groups_[n.group - 1];
    if (before.product != product || before.tb != tb) flush(b);
    else if (before.g.rows() + rows > most_rows) flush_all();
  }
  if (n.group == 0) {
    std::size_t k = 0;
    while (k < groups_.size() && groups_[k].operand != 0) ++k;  // reuse the slot and memory of a finished group
    if (k == groups_.size()) groups_.emplace_back();
    groups_[k].operand = b;
    groups_[k].product = product;
    groups_[k].tb = tb;
    n.group = static_cast<std::uint32_t>(k + 1);
  }
  if (Probe* p = sweep_.tape.probe()) p->deferred(sweep_, b, rows);
  return groups_[n.group - 1];
}

bool Deferred::add_product(std::uint32_t b, const Array& x, const Array& g, Trans tb) {
  const std::int64_t rows = g.rows();
  if (!engine().defer || rows >= 2 * most_rows) return false;
  Group& group = group_of(b, true, tb, rows);
  group.x.add(x);
  group.g.add(g);
  return true;
}

void Deferred::add_sum(std::uint32_t b, const Array& g) {
  const Shape& shape = sweep_.tape.node(b).shape;
  const std::int64_t rows = g.rows();
  const bool row = shape.rank() == 1 && shape.columns() == g.columns();
  if (!engine().defer || !row || rows >= 2 * most_rows) return sweep_.accumulate(b, sum_to(g, shape));
  group_of(b, false, Trans::no, rows).g.add(g);
}

Deferred::Laid& Deferred::laid(const Stacked& s) {
  for (Laid& l : laid_)
    if (*l.from == s) return l;
  laid_.push_back({&s, {}, {}});
  return laid_.back();
}

const LeftPack& Deferred::left(const Stacked& s) {
  Laid& l = laid(s);
  if (!l.left) l.left = LeftPack(s);
  return l.left;
}

const Pack& Deferred::right(const Stacked& s) {
  Laid& l = laid(s);
  if (!l.right) l.right = Pack(s);
  return l.right;
}

void Deferred::flush_group(const Group& group) {
  Probe* const probe = sweep_.tape.probe();
  if (probe) probe->flush(sweep_, group.operand, true);
  const bool straight = group.tb == Trans::no;
  const Stacked &a = straight ? group.x : group.g, &b = straight ? group.g : group.x;
  const LeftPack x = group.product ? left(a) : LeftPack();  // a handle, since right() may move the layouts
  Adjoint to = sweep_.adjoint(group.operand);
  if (group.product) matmul_transposed_into(to.target(), x, right(b), to.accumulate);
  else sum_rows_into(to.target(), right(group.g), to.accumulate);
  if (probe) probe->flush(sweep_, group.operand, false);
}

void Deferred::end_group(Group& group) noexcept {
  sweep_.tape.node(group.operand).group = 0;
  group.operand = 0;
  group.x.clear();
  group.g.clear();
}

void Deferred::flush(std::uint32_t b) {
  Group& group = groups_[sweep_.tape.node(b).group - 1];
  flush_group(group);
  laid_.clear();
  end_group(group);
}

void Deferred::flush_all() {
  for (const Group& group : groups_)
    if (group.operand != 0) flush_group(group);
  clear();
}

void Deferred::clear() noexcept {
  laid_.clear();
  for (Group& group : groups_)
    if (group.operand != 0) end_group(group);
}

}  // namespace ebb::detail
