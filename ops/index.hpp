#pragma once
#include <ebb/ops/array.hpp>

/// Indexing and rearranging. Results are views where possible (see also Array's range, column_block, reshape).
namespace ebb {

/// Permutes the axes; `transpose(a)` swaps the last two.
Array transpose(const Array&);
Array transpose(const Array&, std::initializer_list<int> order);
Array transpose(const Array&, const int* order);  ///< order has rank entries
/// Entries [begin, end) of an axis: a view for the first and the last axis, a copy for others.
Array slice(const Array&, int axis, int begin, int end);
/// Writes (or adds) `part` into entries [begin, begin + extent) of an axis of `whole`.
void put_slice(Array& whole, int axis, int begin, const Array& part, bool accumulate);
Array concat(const Array* parts, int count, int axis);
Array stack(const Array* parts, int count, int axis = 0);  ///< a new axis of extent `count`
Array flip(const Array&, int axis);
Array pad(const Array&, int axis, int before, int after, double value = 0);

/// Looks rows up: table [V, ...E], tokens [...], result [..., ...E]. Errors: ValueError naming a token outside [0, V).
Array gather(const Array& table, const Tokens&);
/// Adjoint of gather: a table of `table_rows` rows, with rows[i] added to row tokens[i] in the order of i.
Array scatter_add(const Array& rows, const Tokens&, int table_rows);
Array one_hot(const Tokens&, int depth, DType);
/// picked[...] = x[..., tokens[...]] over the last axis, and its adjoint.
Array pick(const Array& x, const Tokens&);
Array unpick(const Array& g, const Tokens&, int columns);

}  // namespace ebb
