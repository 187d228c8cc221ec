#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/autograd/transform.hpp>
#include <ebb/nn/init.hpp>
#include <ebb/nn/option_value.hpp>

namespace ebb {

namespace detail {
struct ParamsData;
struct CellSpec;
}  // namespace detail

/// A parameter: a reference-counted handle, used in expressions like a Var. Copies of a handle share one parameter
/// (weight tying).
class Param : public Leaf {
 public:
  Param() noexcept = default;
  explicit Param(Leaf l) noexcept : Leaf(static_cast<Leaf&&>(l)) {}
  /// `U = p.matrix("U", H, H).as(skew_exp)`: expressions use f of the stored and trained values.
  Param as(const Transform& f) const {
    transform(f);
    return *this;
  }
  /// `u = p.vector("u", H).within(-1, 1)`: the optimiser clamps the values after each update.
  Param within(double low, double high) const {
    Leaf::within(low, high);
    return *this;
  }
};

/// The widths of a cell.
struct CellSizes {
  int input = 0, hidden = 0;
};

/// Creates parameters in a scope of a Params: `w / "lm" / "rnn"`. Passed by value.
class Builder {
 public:
  Builder(detail::ParamsData* params, const char* scope);
  Builder(const Builder&);
  Builder& operator=(const Builder&) = delete;
  ~Builder();
  Builder operator/(const char* scope) const;

  Param matrix(const char* name, int rows, int columns) const;  ///< U(+-1/sqrt(H)), with the cell's H, or else columns
  Param matrix(const char* name, int rows, int columns, const Init&) const;
  Param vector(const char* name, int width) const;  ///< likewise
  Param vector(const char* name, int width, const Init&) const;
  Param tensor(const char* name, const Shape&, const Init&) const;
  Param trained(const char* name, const Array& values) const;  ///< with the given initial values
  Param fixed(const char* name, const Array& values) const;    ///< saved but not trained
  /// The float64 values that an initialiser gives this parameter, for combining several initialisers.
  Array initial_values(const char* name, const Shape&, const Init&) const;

  /// A number that the user may set after the cell's name, "janet:beta=2".
  OptionValue option(const char* name, double default_value, const char* help) const;
  /// The same for an integer from `low` to `high`, "lmu:order=256", and for true or false, "lmu:trained=true".
  /// Errors    ValueError if the default is not an integer in that range
  int whole(const char* name, IntegerArgument default_value, IntegerArgument low, IntegerArgument high,
            const char* help) const;
  bool flag(const char* name, bool default_value, const char* help) const;
  /// The same for words: returns the index of the word in `choices` ("tanh|relu|sigmoid"); the first is the default.
  int choice(const char* name, const char* choices, const char* help) const;
  /// For values that a range does not cover: throws ValueError "CELL: option NAME: REASON".
  [[noreturn]] void reject(const char* option, const char* why) const;

  /// Declares one field of the state: member, width (without the batch axis), initial value.
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
