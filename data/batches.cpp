#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/data/batches.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <numeric>

namespace ebb {

namespace {

/// A permutation of 0 to n - 1, determined by the key.
std::vector<int> shuffled(std::size_t n, const Key& key) {
  std::vector<std::pair<std::uint64_t, int>> keyed(n);
  for (std::size_t k = 0; k < n; ++k) keyed[k] = {key.bits(k), static_cast<int>(k)};
  std::sort(keyed.begin(), keyed.end());
  std::vector<int> order(n);
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const auto& p) { return p.second; });
  return order;
}

std::vector<int> all_of(const std::vector<int>& length_of) {
  std::vector<int> items(length_of.size());
  std::iota(items.begin(), items.end(), 0);
  return items;
}

}  // namespace

Partition partition(int n, std::uint64_t seed, const Fractions& f) {
  if (n < 0 || !(f.valid >= 0) || !(f.test >= 0) || !(f.valid + f.test <= 1))
    throw ValueError(fmt::format("partition: invalid fractions {1} and {2} of {0} items for validation and test", n,
                                 f.valid, f.test));
  const std::vector<int> order = shuffled(static_cast<std::size_t>(n), Key{seed}.named("partition"));
  const auto valid = order.begin() + std::min<long>(n, std::lround(n * f.valid));
  const auto test = valid + std::min<long>(order.end() - valid, std::lround(n * f.test));
  Partition p{{test, order.end()}, {order.begin(), valid}, {valid, test}};
  for (std::vector<int>* part : {&p.train, &p.valid, &p.test}) std::sort(part->begin(), part->end());
  return p;
}

Batches::Batches(const std::vector<int>& length_of, const BatchOptions& o) : Batches(o, all_of(length_of), length_of) {}

Batches Batches::of(std::vector<int> items, const std::vector<int>& length_of, const BatchOptions& o) {
  return Batches(o, std::move(items), length_of);
}

Batches::Batches(const BatchOptions& o, std::vector<int> items, const std::vector<int>& length_of)
    : items_(std::move(items)), options_(o) {
  if (o.rows < 1 || o.pool < 1)
    throw ValueError(fmt::format("batches: rows and pool must be at least 1, but are {} and {}", o.rows, o.pool));
  for (const int i : items_) {
    if (i < 0 || static_cast<std::size_t>(i) >= length_of.size())
      throw ValueError(fmt::format("batches: item {} is outside [0, {}), the lengths given", i, length_of.size()));
    lengths_.push_back(length_of[static_cast<std::size_t>(i)]);
  }
  const std::size_t rows = static_cast<std::size_t>(o.rows);
  batches_ = static_cast<int>((items_.size() + (o.drop_last ? 0 : rows - 1)) / rows);
  if (batches_ == 0)
    throw ValueError(fmt::format("batches: {} cannot fill a batch of {}", detail::counted(items_.size(), "item"),
                                 detail::counted(rows, "row")));
}

void Batches::arrange(std::uint64_t seed, std::uint64_t epoch) {
  const Key key = Key{seed}.named("batches").at(epoch);
  order_ = shuffled(items_.size(), key);
  const std::size_t rows = static_cast<std::size_t>(options_.rows);
  if (options_.drop_last)
    order_.resize(static_cast<std::size_t>(batches_) *
                  rows);  // before sorting, so that the items dropped are random, not always the longest
  const std::size_t pool = std::min(order_.size(), rows * static_cast<std::size_t>(options_.pool));
  std::vector<int> place(items_.size());  // ties in length keep the shuffled order
  for (std::size_t k = 0; k < order_.size(); ++k) place[static_cast<std::size_t>(order_[k])] = static_cast<int>(k);
  const auto before = [&](int a, int b) {
    const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
    return lengths_[i] != lengths_[j] ? lengths_[i] < lengths_[j] : place[i] < place[j];
  };
  const auto begin = order_.begin();
  for (std::size_t at = 0; at < order_.size(); at += pool)
    std::sort(begin + static_cast<std::ptrdiff_t>(at),
              begin + static_cast<std::ptrdiff_t>(std::min(order_.size(), at + pool)), before);
  starts_ = shuffled(static_cast<std::size_t>(batches_), key.named("order"));
  seed_ = seed;
  epoch_ = epoch;
  arranged_ = true;
}

std::vector<int> Batches::at(const DataPosition& p) {
  if (p.batch < 0 || p.batch >= batches_)
    throw ValueError(fmt::format("batches: batch {} is outside the epoch's {}", p.batch, batches_));
  if (!arranged_ || p.seed != seed_ || p.epoch != epoch_) arrange(p.seed, p.epoch);
  const std::size_t rows = static_cast<std::size_t>(options_.rows);
  const std::size_t begin = static_cast<std::size_t>(starts_[static_cast<std::size_t>(p.batch)]) * rows;
  std::vector<int> items;
  for (std::size_t k = begin; k < std::min(order_.size(), begin + rows); ++k)
    items.push_back(items_[static_cast<std::size_t>(order_[k])]);
  return items;
}

DataPosition Batches::after(const DataPosition& p) const {
  return p.batch + 1 < batches_ ? DataPosition{p.seed, p.epoch, p.batch + 1} : DataPosition{p.seed, p.epoch + 1, 0};
}

}  // namespace ebb
