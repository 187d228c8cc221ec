#pragma once
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/xtensor.hpp>
#include "catch.hpp"
#if __has_include(<xtensor/views/xview.hpp>)
#include <xtensor/containers/xarray.hpp>
#include <xtensor/generators/xbuilder.hpp>
#include <xtensor/views/xview.hpp>
#else
#include <xtensor/xarray.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xview.hpp>
#endif

// Included by two programs: one built with Ebb's flags, one with -march=native and XTENSOR_USE_XSIMD.
using namespace ebb;

TEST_CASE("an xtensor is borrowed without a copy") {
  xt::xtensor<float, 3> data = xt::arange<float>(24).reshape({2, 3, 4});
  Array a = borrow(data);
  REQUIRE(a.shape() == Shape{2, 3, 4});
  CHECK(a.raw() == data.data());
  CHECK(a.at({1, 2, 3}) == 23);
  a.set_flat(0, 50);
  CHECK(data(0, 0, 0) == 50);
  const xt::xarray<double> fixed = xt::ones<double>({5, 2});
  CHECK(sum(borrow(fixed)).item() == 10);
}

TEST_CASE("a strided xtensor view is borrowed with its row stride, others are rejected") {
  xt::xtensor<double, 2> data = xt::arange<double>(30).reshape({5, 6});
  auto columns = xt::view(data, xt::range(1, 4), xt::range(2, 5));
  const Array a = borrow(columns);
  CHECK(a.shape() == Shape{3, 3});
  CHECK(a.row_stride() == 6);
  CHECK(a.at({2, 1}) == data(3, 3));
  auto sparse = xt::view(data, xt::all(), xt::range(0, 6, 2));
  CHECK_THROWS_AS(borrow(sparse), ShapeError);
  CHECK(from_xt(sparse).at({4, 2}) == data(4, 4));
  xt::xtensor<double, 2, xt::layout_type::column_major> other = xt::ones<double>({3, 4});
  CHECK_THROWS_AS(borrow(other), ShapeError);
  xt::xtensor<double, 5> deep = xt::ones<double>({1, 1, 1, 1, 2});
  CHECK_THROWS_AS(borrow(deep), ShapeError);
}

TEST_CASE("any expression is evaluated into an array") {
  xt::xtensor<float, 2> x = xt::arange<float>(70).reshape({7, 10});
  const Array a = from_xt(2.f * x + 1.f);
  CHECK(a.dtype() == f32);
  CHECK(a.at({6, 9}) == 139);
  xt::xarray<int> whole = {{1, 2}, {3, 4}};
  CHECK(from_xt(whole).dtype() == f64);
  CHECK(from_xt(whole).at({1, 0}) == 3);
  xt::xtensor<double, 2, xt::layout_type::column_major> columns = {{1, 2}, {3, 4}};
  CHECK(from_xt(columns).at({0, 1}) == 2);
  CHECK(from_xt(xt::transpose(x)).at({9, 6}) == 69);
}

TEST_CASE("an array is viewed as an xtensor without a copy, and lives as long as the view") {
  Array a = Array::zeros({4, 33}, f64);
  auto v = view<double, 2>(a);
  v(3, 32) = 7;
  CHECK(a.at({3, 32}) == 7);
  v += 1.;
  CHECK(a.at({0, 0}) == 1);
  const void* memory = a.raw();
  a = Array();
  const Array other = Array::full({4, 33}, 5, f64);  // would have reused the memory if it had been freed
  CHECK(other.raw() != memory);
  CHECK(v(3, 32) == 8);
  CHECK(xt::sum(v)() == Approx(4 * 33 + 7));
}

TEST_CASE("a column block's view keeps its row stride") {
  Array wide = Array::zeros({5, 40}, f32);
  auto v = view<float, 2>(wide.column_block(3, 23));
  v = xt::ones<float>({5, 20}) * 2.f;
  CHECK(sum(wide).item() == 200);
  CHECK(wide.at({4, 22}) == 2);
  CHECK(wide.at({4, 23}) == 0);
  xt::xtensor<float, 2> copy = v * 2.f;
  CHECK(copy(4, 19) == 4);
  CHECK(xt::sum(v)() == 200);
  CHECK(view<const float, 3>(wide.reshape({5, 2, 20}))(4, 1, 2) == 2);
}

TEST_CASE("views of the wrong rank or type are rejected") {
  const Array a = Array::zeros({4, 3}, f32);
  CHECK_THROWS_AS((view<float, 3>(a)), ShapeError);
  CHECK_THROWS_AS((view<double, 2>(a)), ValueError);
  CHECK(view<float, 1>(a[2]).size() == 3);
  CHECK(view<float, 0>(Array::number(2, f32))() == 2);
}

TEST_CASE("tokens convert both ways") {
  xt::xtensor<int, 2> x = {{1, 2, 3}, {4, 5, 6}};
  const Tokens t = tokens_from_xt(x);
  CHECK(t.at({1, 0}) == 4);
  auto v = view<int, 2>(t);
  v(1, 2) = 9;
  CHECK(t.at({1, 2}) == 9);
  xt::xtensor<std::int64_t, 1> large = {1, std::int64_t{1} << 40};
  CHECK_THROWS_AS(tokens_from_xt(large), ValueError);
}
