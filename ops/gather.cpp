#include <algorithm>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/kernels.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <map>
#include <string>
#include <vector>

namespace ebb {
namespace {

void check_tokens(const char* op, const Tokens& t, int n) {
  for (std::int64_t i = 0; i < t.size(); ++i)
    if (t.data()[i] < 0 || t.data()[i] >= n)
      throw ValueError(std::string(op) + ": token " + std::to_string(t.data()[i]) + " at position " +
                       std::to_string(i) + " is outside [0, " + std::to_string(n) + ")");
}

/// The axes of `tokens`, followed by those of `entry`.
Shape joined(const char* op, const Shape& tokens, const Shape& entry) {
  int e[2 * Shape::max_rank], n = 0;
  for (int k = 0; k < tokens.rank(); ++k) e[n++] = tokens[k];
  for (int k = 0; k < entry.rank(); ++k) e[n++] = entry[k];
  if (n > Shape::max_rank)
    throw ShapeError(std::string(op) + ": tokens " + text(tokens) + " and entries " + text(entry) +
                     " give more than four axes");
  return Shape(e, n);
}

std::int64_t offset(const Array& x, std::int64_t row) {
  return row * x.row_stride() * static_cast<std::int64_t>(bytes_of(x.dtype()));
}

constexpr int most_rows_at_once = 1 << 12;  // rows added to an entry in one chain; more are summed in blocks

/// Positions of the tokens whose entry receives more rows than that, by entry.
std::map<int, std::vector<int>> crowded(const Tokens& tokens, int entries) {
  std::map<int, std::vector<int>> places;
  if (tokens.size() <= most_rows_at_once) return places;
  std::vector<int> count(static_cast<std::size_t>(entries));
  for (std::int64_t i = 0; i < tokens.size(); ++i) ++count[static_cast<std::size_t>(tokens.data()[i])];
  for (std::int64_t i = 0; i < tokens.size(); ++i)
    if (const int k = tokens.data()[i]; count[static_cast<std::size_t>(k)] > most_rows_at_once)
      places[k].push_back(static_cast<int>(i));
  return places;
}

Tokens as_tokens(const std::vector<int>& values) {
  Tokens t({static_cast<int>(values.size())});
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

}  // namespace

Array gather(const Array& table, const Tokens& tokens) {
  if (table.rank() < 1) throw ShapeError("gather: the table is a scalar");
  check_tokens("gather", tokens, table.dim(0));
  Array out = Array::empty(joined("gather", tokens.shape(), table.shape().without(0)), table.dtype());
  if (out.size() == 0) return out;
  const Array dense = table.rank() > 2 ? table.compact() : table;
  const std::int64_t entry = out.size() / tokens.size();
  const std::int64_t stride = table.rank() == 2 ? table.row_stride() : entry;
  with_dtype(table.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (std::int64_t i = 0; i < tokens.size(); ++i)
      std::memcpy(out.data<T>() + i * entry, dense.data<T>() + tokens.data()[i] * stride,
                  sizeof(T) * static_cast<std::size_t>(entry));
  });
  return out;
}

Array scatter_add(const Array& rows, const Tokens& tokens, int table_rows) {
  check_tokens("scatter_add", tokens, table_rows);
  int e[Shape::max_rank + 1] = {table_rows}, n = 1;
  bool fits = rows.rank() >= tokens.rank();
  for (int k = 0; fits && k < rows.rank(); ++k) {
    if (k < tokens.rank()) fits = rows.dim(k) == tokens.dim(k);
    else e[n++] = rows.dim(k);
  }
  if (!fits) throw ShapeError("scatter_add: rows are " + text(rows.shape()) + ", tokens " + text(tokens.shape()));
  Array out = Array::zeros(Shape(e, n), rows.dtype());
  if (rows.size() == 0 || out.size() == 0) return out;
  const bool plain = rows.rank() == tokens.rank() + 1;  // an entry is one row, so the row stride suffices
  const Array dense = plain ? rows : rows.compact();
  const std::int64_t entry = out.size() / table_rows, stride = plain ? rows.row_stride() : entry;
  const auto size = static_cast<std::int64_t>(bytes_of(rows.dtype()));
  const auto add = detail::reduce_kernels().add[rows.dtype() == f32 ? 0 : 1];
  const std::map<int, std::vector<int>> many = crowded(tokens, table_rows);
  const Array flat = many.empty() ? dense : dense.reshape({static_cast<int>(tokens.size()), static_cast<int>(entry)});
  for (const auto& [k, places] : many)  // summed in blocks, like a long column
    out.range(k, k + 1).assign(sum(gather(flat, as_tokens(places)), 0).reshape(out.shape().with(0, 1)));
  detail::ReduceTask t{};
  t.rows = 1;
  t.columns = entry;
  for (std::int64_t i = 0; i < tokens.size(); ++i) {
    if (!many.empty() && many.count(tokens.data()[i])) continue;
    t.in = static_cast<const char*>(dense.raw()) + i * stride * size;
    t.out = static_cast<char*>(out.raw()) + tokens.data()[i] * entry * size;
    add(t);
  }
  return out;
}

Array one_hot(const Tokens& tokens, int depth, DType type) {
  check_tokens("one_hot", tokens, depth);
  Array out = Array::zeros(joined("one_hot", tokens.shape(), {depth}), type);
  for (std::int64_t i = 0; i < tokens.size(); ++i) out.set_flat(i * depth + tokens.data()[i], 1);
  return out;
}

Array pick(const Array& x, const Tokens& tokens) {
  if (x.rank() < 1 || !(x.shape().without(-1) == tokens.shape()))
    throw ShapeError("pick: x is " + text(x.shape()) + ", tokens " + text(tokens.shape()));
  check_tokens("pick", tokens, x.columns());
  Array out = Array::empty(tokens.shape(), x.dtype());
  const std::size_t size = bytes_of(x.dtype());
  for (std::int64_t i = 0; i < tokens.size(); ++i)
    std::memcpy(static_cast<char*>(out.raw()) + static_cast<std::size_t>(i) * size,
                static_cast<const char*>(x.raw()) + offset(x, i) + static_cast<std::size_t>(tokens.data()[i]) * size,
                size);
  return out;
}

Array unpick(const Array& g, const Tokens& tokens, int columns) {
  if (!(g.shape() == tokens.shape()))
    throw ShapeError("unpick: g is " + text(g.shape()) + ", tokens " + text(tokens.shape()));
  check_tokens("unpick", tokens, columns);
  Array out = Array::zeros(joined("unpick", tokens.shape(), {columns}), g.dtype());
  for (std::int64_t i = 0; i < tokens.size(); ++i) out.set_flat(i * columns + tokens.data()[i], g.at_flat(i));
  return out;
}

}  // namespace ebb
