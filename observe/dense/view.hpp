#pragma once
#include <ebb/ops/array.hpp>

namespace ebb::detail {

/// The elements of a float64 matrix.
struct View {
  double* data;
  std::int64_t stride;
  int rows, columns;

  explicit View(Array& a) : data(a.data<double>()), stride(a.row_stride()), rows(a.dim(0)), columns(a.dim(1)) {}

  double* row(int i) const { return data + i * stride; }
  double& operator()(int i, int j) const { return data[i * stride + j]; }
};

}  // namespace ebb::detail
