#pragma once
#include <ebb/ops/count.hpp>
#include <ebb/ops/dtype.hpp>
#include <ebb/ops/shape.hpp>

namespace ebb {

class Pool;

namespace detail {
/// A reference-counted block of memory from a thread's pool; the elements follow the header, 64-byte aligned.
struct alignas(64) Buffer {
  Count holders;
  std::uint32_t size_class;
  Pool* owner;  // null: borrowed memory, nothing to free
  void* data;
  std::size_t bytes;
  Buffer* next;  // link in a free list
};
Buffer* allocate(std::size_t bytes);  // from the calling thread's pool, holders = 1
Buffer* borrow(void* data, std::size_t bytes);
void release(Buffer*) noexcept;  // drops one reference; the last returns it to its pool
inline Buffer* buffer_of(void* data) { return static_cast<Buffer*>(data) - 1; }  // data must come from allocate

/// A type whose elements are behind value(): a Var, a parameter.
template <class V>
concept HasValue = requires(const V& v) { v.value().row_stride(); };
}  // namespace detail

/// A reference-counted handle to a tensor: float32 or float64, rank 0 to 4, row-major, with a stride between rows so
/// that blocks of columns and ranges of rows are views. Copying the handle shares the elements; `copy()` copies them.
///
/// Shapes    element (i, ..., j) is data[row(i, ...) * row_stride + j], with rows counted over all axes but the last
/// Errors    ShapeError for an impossible view; ValueError for the wrong element type or for the use of an empty handle
class Array {
 public:
  Array() noexcept = default;
  Array(const Array& o) noexcept;
  Array(Array&& o) noexcept;
  Array& operator=(const Array& o) noexcept { return *this = Array(o); }
  Array& operator=(Array&& o) noexcept;
  ~Array();
  void reset() noexcept;  ///< becomes an empty handle
  template <detail::HasValue V> explicit Array(const V&) {
    static_assert(sizeof(V) == 0, "for the values of a Var or a parameter, write .value()");
  }
  template <detail::HasValue V> Array& operator=(const V&) {
    static_assert(sizeof(V) == 0, "for the values of a Var or a parameter, write .value()");
    return *this;
  }

  static Array empty(const Shape&, DType);  ///< elements undefined
  static Array zeros(const Shape&, DType = f32);
  static Array full(const Shape&, double, DType = f32);
  static Array number(double, DType = f32);  ///< rank 0
  static Array from(const Shape&, std::initializer_list<double>, DType = f32);
  /// A view of memory that the caller owns and keeps alive; row_stride in elements.
  static Array borrowed(void* data, const Shape&, std::int64_t row_stride, DType);

  explicit operator bool() const noexcept { return buffer_ != nullptr; }  ///< false for an empty handle
  const Shape& shape() const noexcept { return shape_; }
  int rank() const noexcept { return shape_.rank(); }
  int dim(int axis) const { return shape_[axis]; }
  std::int64_t size() const noexcept { return shape_.size(); }
  std::int64_t rows() const noexcept { return shape_.rows(); }
  int columns() const noexcept { return shape_.columns(); }
  std::int64_t row_stride() const noexcept { return row_stride_; }
  DType dtype() const noexcept { return dtype_; }
  bool contiguous() const noexcept { return row_stride_ == shape_.columns() || shape_.rows() <= 1; }
  std::size_t bytes() const noexcept { return static_cast<std::size_t>(size()) * bytes_of(dtype_); }
  /// No other handle shares this memory, so it may be overwritten.
  bool unique() const noexcept;
  /// Number of handles that share this memory; 0 for borrowed memory.
  std::uint32_t holders() const noexcept { return buffer_ && buffer_->owner ? buffer_->holders.number() : 0; }
  bool same_buffer(const Array& o) const noexcept { return buffer_ == o.buffer_; }
  bool same_memory(const Array& o) const noexcept { return buffer_ == o.buffer_ && data_ == o.data_; }

  template <class T> T* data() {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(data_);
  }
  template <class T> const T* data() const {
    check_dtype(dtype_of<T>);
    return static_cast<const T*>(data_);
  }
  void* raw() const noexcept { return data_; }
  double at(std::initializer_list<int> index) const;  ///< one element, bounds checked
  double at_flat(std::int64_t i) const;               ///< i-th element in row-major order
  void set_flat(std::int64_t i, double x);
  double item() const;  ///< the only element. Errors: ShapeError if there is not exactly one

  Array reshape(const Shape&) const;             ///< a view if contiguous, else a copy; one extent may be -1
  Array operator[](int i) const;                 ///< view of entry i of the first axis
  Array range(int begin, int end) const;         ///< view of entries [begin, end) of the first axis
  Array column_block(int begin, int end) const;  ///< view of columns [begin, end) of the last axis
  Array copy() const;                            ///< contiguous, in its own memory
  Array to(DType) const;                         ///< itself if the type is the same, else a converted copy
  Array compact() const;                         ///< itself if contiguous, else a copy
  void assign(const Array& from);                ///< copies elements (converting); shapes equal
  void fill(double x);

 private:
  void check_dtype(DType t) const {
    if (t != dtype_) wrong_dtype(t);
  }
  [[noreturn]] void wrong_dtype(DType asked) const;
  Array view(const Shape&, std::int64_t offset, std::int64_t row_stride) const;

  detail::Buffer* buffer_ = nullptr;
  void* data_ = nullptr;
  std::int64_t row_stride_ = 0;
  Shape shape_;
  DType dtype_ = no_type;
};

std::ostream& operator<<(std::ostream&, const Array&);  ///< numpy-like, long axes abbreviated

/// Integers used as indices: tokens, labels, positions, lengths. Row-major, contiguous, reference-counted, rank 0 to 4.
class Tokens {
 public:
  Tokens() = default;
  explicit Tokens(const Shape&);  ///< zeros
  Tokens(const Shape&, std::initializer_list<int>);
  Tokens(const Tokens&) noexcept;
  Tokens(Tokens&&) noexcept;
  Tokens& operator=(Tokens) noexcept;
  ~Tokens();

  explicit operator bool() const noexcept { return buffer_ != nullptr; }
  const Shape& shape() const noexcept { return shape_; }
  int rank() const noexcept { return shape_.rank(); }
  int dim(int axis) const { return shape_[axis]; }
  std::int64_t size() const noexcept { return shape_.size(); }
  int* data() noexcept { return data_; }
  const int* data() const noexcept { return data_; }
  int at(std::initializer_list<int> index) const;
  Tokens operator[](int i) const;          ///< view of entry i of the first axis
  Tokens range(int begin, int end) const;  ///< view of entries [begin, end) of the first axis
  Tokens reshape(const Shape&) const;
  Tokens copy() const;

 private:
  detail::Buffer* buffer_ = nullptr;
  int* data_ = nullptr;
  Shape shape_;
};
using Lengths = Tokens;

std::ostream& operator<<(std::ostream&, const Tokens&);

inline Array::Array(const Array& o) noexcept
    : buffer_(o.buffer_), data_(o.data_), row_stride_(o.row_stride_), shape_(o.shape_), dtype_(o.dtype_) {
  if (buffer_) buffer_->holders.hold();
}
inline Array::Array(Array&& o) noexcept
    : buffer_(o.buffer_), data_(o.data_), row_stride_(o.row_stride_), shape_(o.shape_), dtype_(o.dtype_) {
  o.buffer_ = nullptr;
  o.data_ = nullptr;
}
inline Array& Array::operator=(Array&& o) noexcept {
  if (this == &o) return *this;
  detail::Buffer* const old = buffer_;
  buffer_ = o.buffer_;
  data_ = o.data_;
  row_stride_ = o.row_stride_;
  shape_ = o.shape_;
  dtype_ = o.dtype_;
  o.buffer_ = nullptr;
  o.data_ = nullptr;
  if (old) detail::release(old);
  return *this;
}
inline Array::~Array() {
  if (buffer_) detail::release(buffer_);
}
inline void Array::reset() noexcept {
  if (!buffer_) return;
  detail::release(buffer_);
  buffer_ = nullptr;
  data_ = nullptr;
  shape_ = Shape();
  dtype_ = no_type;
}
inline bool Array::unique() const noexcept { return buffer_ && buffer_->owner && buffer_->holders.number() == 1; }

}  // namespace ebb
