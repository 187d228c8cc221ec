#include <ebb/nn/trial_widths.hpp>
#include <ebb/ops/error.hpp>
#include <exception>
#include <utility>

namespace ebb::detail {

namespace {

// The default of an option may differ at unusual widths, so common ones come first; 48, 240 and 420 are multiples of
// most small numbers.
constexpr int trial_widths[] = {8, 16, 64, 512, 12, 5, 6, 7, 3, 2, 1, 4, 48, 240, 420};

/// The first error of all attempts.
class Rejections {
 public:
  void add(const std::exception& e) {
    if (!error_) {
      error_ = std::current_exception();
      first_ = e.what();
    }
    differ_ = differ_ || first_ != e.what();
  }
  /// An error that does not change with the widths has another reason.
  [[noreturn]] void raise(const std::string& name, int input, int hidden) const {
    if (!differ_) std::rethrow_exception(error_);
    throw ValueError(name + ": none of the widths tried is accepted; with input " + std::to_string(input) +
                     " and hidden " + std::to_string(hidden) + ": " + first_);
  }

 private:
  std::exception_ptr error_;
  std::string first_;
  bool differ_ = false;
};

}  // namespace

void at_some_widths(const std::string& name, int input, int hidden, const std::function<void(int, int)>& build) {
  Rejections rejections;
  const auto accepts = [&](int in, int width) {
    try {
      build(in, width);
      return true;
    } catch (const std::exception& e) {
      rejections.add(e);
      return false;
    }
  };
  if (accepts(input, hidden)) return;
  for (const int width : trial_widths)
    for (const int in : {input, width})
      if (accepts(in, width)) return;
  rejections.raise(name, input, hidden);
}

}  // namespace ebb::detail
