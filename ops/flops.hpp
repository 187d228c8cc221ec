#pragma once

namespace ebb {

class FlopCount;

namespace detail {
/// Of the calling thread; null if nothing counts.
[[gnu::tls_model("initial-exec")]] inline constinit thread_local FlopCount* flop_count = nullptr;
}  // namespace detail

/// Counts the flops of the calling thread's matrix products and convolutions during its lifetime, in the forward and
/// the backward pass: two for each multiplication with its addition.
///
///     FlopCount count;
///     backward(w, {.rows = B, .shards = 1}, loss);
///     std::cout << count.flops();
///
/// Elementwise functions, reductions and random numbers are not counted, as in PyTorch's FlopCounterMode. The flops
/// that other threads do for this one are counted where a product is split among them, but not those of a shard, or of
/// a row of attention, that runs on another thread: set_threads(1) counts all. Of nested counts, both count.
///
/// Cost      one addition for each product; without a count, a null check
class FlopCount {
 public:
  FlopCount() : outer_(detail::flop_count) { detail::flop_count = this; }
  ~FlopCount() {
    detail::flop_count = outer_;
    if (outer_) outer_->flops_ += flops_;
  }
  FlopCount(const FlopCount&) = delete;
  FlopCount& operator=(const FlopCount&) = delete;
  double flops() const { return flops_; }
  void add(double flops) { flops_ += flops; }

 private:
  FlopCount* outer_;
  double flops_ = 0;
};

namespace detail {
/// Of a product of m x k and k x n.
inline void count_product(double m, double n, double k) {
  if (flop_count) [[unlikely]]
    flop_count->add(2 * m * n * k);
}
}  // namespace detail

}  // namespace ebb
