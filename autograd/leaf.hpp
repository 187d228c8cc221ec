#pragma once
#include <ebb/autograd/var.hpp>
#include <ebb/ops/handle.hpp>

namespace ebb {

class StepContext;
class Transform;

namespace detail {
struct Binding;
struct LeafData;
struct LeafSetData;
void hold(LeafData*) noexcept;
void drop(LeafData*) noexcept;
void hold(LeafSetData*) noexcept;
void drop(LeafSetData*) noexcept;
}  // namespace detail

/// A reference-counted handle to one parameter, whose values are in the flat buffer of its LeafSet. Used in an
/// expression, it becomes a Var of the current tape (once per tape, in the tape's element type).
class Leaf {
 public:
  Leaf() noexcept = default;
  explicit Leaf(detail::LeafData* d) noexcept : data_(d) {}

  explicit operator bool() const noexcept { return data_.get() != nullptr; }
  const char* name() const;  ///< full name, "lm/rnn/Wf"
  const Shape& shape() const;
  Array value() const;          ///< a read-only view of the set's buffer, in the set's element type
  bool trained() const;         ///< false for fixed leaves, which are saved but not changed by optimisers
  std::int64_t offset() const;  ///< first element in the set's flat buffer

  /// Replaces the parameter by f(values) in later uses, composed with earlier transforms; gradients flow through f. In
  /// backward() and evaluate() f runs once, before the shards, with their mode, seed and update; elsewhere once per
  /// tape, in evaluation mode. f is any function of a Var (transform.hpp). Errors: ShapeError if f changes the shape
  void transform(const Transform& f) const;
  bool transformed() const;
  /// The optimiser clamps values to [low, high] after each update. Errors: ValueError unless low <= high
  void within(double low, double high) const;
  double low() const;  ///< -infinity without a bound
  double high() const;

  detail::LeafData* get() const noexcept { return data_.get(); }
  detail::LeafData& data() const;  ///< Errors: ValueError if it is empty, as from all above
  friend bool operator==(const Leaf& a, const Leaf& b) { return a.get() == b.get(); }

 private:
  detail::Handle<detail::LeafData> data_;
};

/// The Var of a leaf on the current tape.
Var var_of(const Leaf&, std::source_location where = std::source_location::current());

/// Replaces a leaf's value within its scope, without changes to the code that uses it: for finite differences, averaged
/// weights, frozen weights. An Array also applies in shards started within the scope; a Var only on its own tape.
class Bind {
 public:
  Bind(const Leaf&, const Var&);
  Bind(const Leaf&, const Array&);
  ~Bind();
  Bind(const Bind&) = delete;
  Bind& operator=(const Bind&) = delete;

 private:
  detail::Binding* self_;
};

/// Leaves in one flat buffer, with a version that increases when values change. Copies of this handle share the set.
class LeafSet {
 public:
  explicit LeafSet(DType dtype = f32);
  explicit LeafSet(detail::LeafSetData* d) noexcept : data_(d) {}  ///< another handle to the same set

  /// Adds a leaf with these initial values. Errors: ValueError if the name exists.
  Leaf add(const char* name, const Array& values, bool trained = true);
  int count() const;
  Leaf operator[](int i) const;
  Leaf find(const char* name) const;  ///< empty if not found
  DType dtype() const;
  std::int64_t size() const;  ///< number of values in the flat buffer
  std::uint64_t version() const;
  Array flat() const;    ///< all values, read only
  LeafSet copy() const;  ///< deep
  detail::LeafSetData* get() const noexcept { return data_.get(); }

 private:
  detail::Handle<detail::LeafSetData> data_;
};

}  // namespace ebb
