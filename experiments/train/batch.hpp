#pragma once
#include <any>
#include <concepts>
#include <cstdint>
#include <ebb/ops/array.hpp>
#include <typeinfo>
#include <utility>
#include <vector>

namespace ebb::app {

enum class Split { train, valid, test };

/// The batch to be made. The same request gives the same values, on any number of threads.
struct BatchRequest {
  Split split = Split::train;
  int length = 100;          ///< T, steps
  int rows = 32;             ///< B; fewer for a text that is too short for so many windows
  std::uint64_t number = 0;  ///< of the update in training, of the batch in a test set
  std::uint64_t seed = 1;    ///< of the run; the valid and test splits do not depend on it
};

/// A kind of batch: a struct of the arrays that a task makes and its network and meter read, with
///
///     int rows() const;             B
///     int steps() const;            time steps of a row, for the speed
///     double weight() const;        optional: weight of its mean loss among those of other batches; default: rows()
///     bool continues;               optional: its rows continue those of the previous batch, so the state is carried
///     std::vector<int> items;       optional: the rows' indices in the data set
template <class K>
concept BatchKind = requires(const K& k) {
  { k.rows() } -> std::same_as<int>;
  { k.steps() } -> std::same_as<int>;
};

/// A batch of any kind: the properties that the training loop needs, and the arrays for code that knows the kind.
class Batch {
 public:
  /// Implicit: a task returns its kind.
  template <class K>
    requires(!std::same_as<K, Batch> && BatchKind<K>)
  Batch(K kind) : rows_(kind.rows()), steps_(kind.steps()), weight_(rows_) {
    static_assert(
        requires { weight_ = kind.weight(); } || !requires { &K::weight; },
        "a batch's weight is `double weight() const`");
    static_assert(
        requires { continues_ = kind.continues; } || !requires { &K::continues; },
        "a batch continues the previous one if its member `bool continues` is true");
    static_assert(
        requires { items_ = kind.items; } || !requires { &K::items; },
        "a batch's rows in the data set are its member `std::vector<int> items`");
    if constexpr (requires { kind.weight(); }) weight_ = kind.weight();
    if constexpr (requires { kind.continues; }) continues_ = kind.continues;
    if constexpr (requires { kind.items; }) items_ = kind.items;
    content_ = std::move(kind);
  }

  int rows() const { return rows_; }
  int steps() const { return steps_; }
  double weight() const { return weight_; }
  bool continues() const { return continues_; }
  const std::vector<int>& items() const { return items_; }

  /// Errors    Error naming both kinds if the batch is of a different kind
  template <BatchKind K> const K& get() const& {
    if (const K* k = std::any_cast<K>(&content_)) return *k;
    reject(typeid(K));
  }
  template <BatchKind K> K get() && { return std::as_const(*this).template get<K>(); }

 private:
  [[noreturn]] void reject(const std::type_info& wanted) const;
  int rows_, steps_;
  double weight_;
  bool continues_ = false;
  std::vector<int> items_;
  std::any content_;
};

/// The weight of a batch whose loss is a mean over the steps of rows of these lengths.
double steps_in(const Lengths&);

}  // namespace ebb::app
