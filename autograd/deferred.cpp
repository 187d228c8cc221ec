#include <ebb/autograd/deferred.hpp>

#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

namespace {

/// Rows of a group at which all are flushed; 256 to 1024 measure alike.
constexpr std::int64_t most_rows = 512;

Array as_matrix(const Array& a) { return a.rank() == 2 ? a : a.reshape({static_cast<int>(a.rows()), a.columns()}); }

bool same(const std::vector<Array>& a, const std::vector<Array>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t k = 0; k < a.size(); ++k)
    if (!a[k].same_memory(b[k]) || !(a[k].shape() == b[k].shape()) || a[k].row_stride() != b[k].row_stride()) return false;
  return true;
}

}  // namespace

Deferred::Group& Deferred::group_of(std::uint32_t b, bool product, Trans tb) {
  Node& n = tape_.node(b);
  if (n.group == 0) {
    std::size_t k = 0;
    while (k < groups_.size() && groups_[k].operand != 0) ++k;   // an ended group's place, with its memory
    if (k == groups_.size()) groups_.emplace_back();
    groups_[k].operand = b;
    groups_[k].product = product;
    groups_[k].tb = tb;
    n.group = static_cast<std::uint32_t>(k + 1);
  }
  return groups_[n.group - 1];
}

bool Deferred::add_product(std::uint32_t b, const Array& x, const Array& g, Trans tb) {
  if (!engine().defer || g.rows() >= most_rows) return false;
  if (tape_.node(b).group != 0) {
    Group& before = groups_[tape_.node(b).group - 1];
    if (!before.product || before.tb != tb) flush(b);
    else if (before.rows + g.rows() > most_rows) flush_all();
  }
  Group& group = group_of(b, true, tb);
  group.rows += g.rows();
  group.x.push_back(as_matrix(x));
  group.g.push_back(as_matrix(g));
  return true;
}

void Deferred::add_sum(std::uint32_t b, const Array& g) {
  const Shape shape = tape_.node(b).shape;
  const bool row = shape.rank() == 1 && shape.columns() == g.columns();
  if (!engine().defer || !row || g.rows() >= most_rows) return tape_.accumulate(b, sum_to(g, shape));
  if (tape_.node(b).group != 0) {
    Group& before = groups_[tape_.node(b).group - 1];
    if (before.product) flush(b);
    else if (before.rows + g.rows() > most_rows) flush_all();
  }
  Group& group = group_of(b, false, Trans::no);
  group.rows += g.rows();
  group.g.push_back(as_matrix(g));
}

const Array& Deferred::join(std::vector<Array>& parts, std::int64_t rows) {
  if (parts.size() == 1) return parts.front();
  for (const Joined& j : joined_)
    if (same(j.parts, parts)) return j.whole;
  Array whole = Array::empty({static_cast<int>(rows), parts.front().columns()}, tape_.dtype);
  int begin = 0;
  for (const Array& p : parts) {
    whole.range(begin, begin + p.dim(0)).assign(p);
    begin += p.dim(0);
  }
  joined_.push_back({parts, std::move(whole)});
  return joined_.back().whole;
}

void Deferred::flush_group(Group& group) {
  Node& n = tape_.node(group.operand);
  const Array g = join(group.g, group.rows);
  if (!group.product) {
    tape_.accumulate(group.operand, sum_to(g, n.shape));
  } else {
    const Array x = join(group.x, group.rows);
    bool fresh = false;
    Array target = tape_.adjoint(group.operand, fresh);
    if (group.tb == Trans::no) matmul_into(target, x, g, Trans::yes, Trans::no, !fresh);
    else matmul_into(target, g, x, Trans::yes, Trans::no, !fresh);
  }
  n.group = 0;
  group.operand = 0;
  group.rows = 0;
  group.x.clear();
  group.g.clear();
}

void Deferred::flush(std::uint32_t b) {
  if (tape_.node(b).group != 0) flush_group(groups_[tape_.node(b).group - 1]);
  joined_.clear();
}

void Deferred::flush_all() {
  for (Group& group : groups_)
    if (group.operand != 0) flush_group(group);
  joined_.clear();
}

void Deferred::clear() {
  for (Group& group : groups_) {
    if (group.operand != 0) tape_.node(group.operand).group = 0;
    group.operand = 0;
    group.rows = 0;
    group.x.clear();
    group.g.clear();
  }
  joined_.clear();
}

}  // namespace ebb::detail
