#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/autograd/transform.hpp>
#include <ebb/nn/init.hpp>

namespace ebb {

namespace detail {
struct ParamsData;
struct CellSpec;
}  // namespace detail

/// A parameter: a counted handle, used in expressions like a Var. Copying the handle ties.
class Param : public Leaf {
 public:
  Param() noexcept = default;
  explicit Param(Leaf l) noexcept : Leaf(static_cast<Leaf&&>(l)) {}
  /// `U = p.matrix("U", H, H).as(skew_exp)`: what is used is f of the numbers that are stored and trained.
  Param as(const Transform& f) const {
    transform(f);
    return *this;
  }
  /// `u = p.vector("u", H).within(-1, 1)`: restored by the optimiser after each update.
  Param within(double low, double high) const {
    Leaf::within(low, high);
    return *this;
  }
};

/// Widths that a cell is built with.
struct CellSizes {
  int input = 0, hidden = 0;
};

/// Names, sizes and starts parameters in a scope of a Params: `w / "lm" / "rnn"`. A plain value, passed on by value.
class Builder {
 public:
  Builder(detail::ParamsData* params, const char* scope);
  Builder(const Builder&);
  Builder& operator=(const Builder&) = delete;
  ~Builder();
  Builder operator/(const char* scope) const;

  Param matrix(const char* name, int rows, int columns) const;  ///< U(+-1/sqrt(H)), H of the cell or columns
  Param matrix(const char* name, int rows, int columns, const Init&) const;
  Param vector(const char* name, int width) const;  ///< likewise
  Param vector(const char* name, int width, const Init&) const;
  Param tensor(const char* name, const Shape&, const Init&) const;
  Param trained(const char* name, const Array& values) const;  ///< with starting values of one's own
  Param fixed(const char* name, const Array& values) const;    ///< saved, never trained
  /// The float64 values with which a rule would start this parameter, for starts made of several rules.
  Array initial_values(const char* name, const Shape&, const Init&) const;

  /// A number that the user may set when naming the cell, "janet:beta=2".
  double option(const char* name, double default_value, const char* help) const;
  /// The same with a whole number from `low` to `high`, "lmu:order=256", and with true or false, "lmu:trained=true".
  int whole(const char* name, int default_value, int low, int high, const char* help) const;
  bool flag(const char* name, bool default_value, const char* help) const;
  /// The same with words: returns the position of the chosen one in `choices` ("tanh|relu|sigmoid"), the first is
  /// standard.
  int choice(const char* name, const char* choices, const char* help) const;
  /// For values that no range says: throws ValueError "CELL: option NAME: WHY".
  [[noreturn]] void reject(const char* option, const char* why) const;

  /// Declares one field of the state: member, width (without the batch), starting value.
  template <class S>
  void state(const char* name, Var S::* member, std::initializer_list<int> width, double initial_value = 0) const {
    static const S probe{};
    declare(name,
            static_cast<int>(reinterpret_cast<const char*>(&(probe.*member)) - reinterpret_cast<const char*>(&probe)),
            width, initial_value);
  }

 private:
  friend struct detail::CellSpec;
  friend Builder detail_builder_for(const Builder&, detail::CellSpec*);
  void declare(const char* name, int offset, std::initializer_list<int> width, double initial_value) const;
  detail::ParamsData* params_;
  char* scope_;
  detail::CellSpec* cell_ = nullptr;  // the cell being built, receives options and state fields
};

}  // namespace ebb
