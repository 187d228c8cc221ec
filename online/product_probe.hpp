#pragma once
#include <ebb/autograd/binding.hpp>
#include <ebb/autograd/probe.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/ops/array.hpp>

namespace ebb::detail {

/// Gives a leaf another Var on this thread: of its effective values, whatever its transforms, and, for a vector, of any
/// number of rows.
class StandIn final : public VarByTime {
 public:
  StandIn(const Leaf&, Var);
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  Var at(int) override;
  const Var& var() const { return var_; }
  bool used() const { return used_; }

 private:
  Var var_;
  Binding binding_;
  bool used_ = false;
};

/// While it lives, notes of each product x W that a sweep of the current tape visits, with W one of `matrices`, the
/// operand x and the adjoint g of the result.
class ProductProbe final : public Probe {
 public:
  struct Product {
    std::uint32_t matrix;  ///< node of W
    Array x, g;            ///< [R, K], [R, M]
  };
  /// With `cut`, the adjoint does not pass through these products.
  ProductProbe(std::vector<std::uint32_t> matrices, bool cut);
  ~ProductProbe();
  ProductProbe(const ProductProbe&) = delete;
  ProductProbe& operator=(const ProductProbe&) = delete;
  void recorded(TapeImpl&, const Var&, const Var*, int) override {}
  void sweep(Sweep&, std::uint32_t node) override;
  const std::vector<Product>& products() const { return products_; }  ///< from the end of the step

 private:
  TapeImpl& tape_;
  Probe* const before_;
  const std::vector<std::uint32_t> matrices_;
  const bool cut_;
  std::vector<Product> products_;
};

}  // namespace ebb::detail
