#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/sequence_batches.hpp>

namespace ebb::app {

SequenceBatches::SequenceBatches(Partition parts, std::vector<int> length_of)
    : parts_(std::move(parts)), lengths_(std::move(length_of)) {
  for (auto* part : {&parts_.valid, &parts_.test})
    std::sort(part->begin(), part->end(), [this](int a, int b) {
      const int n = lengths_[static_cast<std::size_t>(a)], m = lengths_[static_cast<std::size_t>(b)];
      return n != m ? n < m : a < b;
    });
}

const std::vector<int>& SequenceBatches::of(Split s) const {
  return s == Split::train ? parts_.train : s == Split::valid ? parts_.valid : parts_.test;
}

std::vector<int> SequenceBatches::items(const BatchRequest& r) const {
  const std::vector<int>& all = of(r.split);
  if (all.empty()) throw ValueError("there are too few examples for three splits");
  if (r.split != Split::train) {
    const std::size_t rows = static_cast<std::size_t>(r.rows);
    const std::size_t begin = std::min(static_cast<std::size_t>(r.number) * rows, all.size() - 1);
    const std::size_t end = std::min(begin + rows, all.size());
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  const std::lock_guard lock(mutex_);
  auto at = training_.find(r.rows);
  if (at == training_.end()) at = training_.emplace(r.rows, Batches::of(all, lengths_, {.rows = r.rows})).first;
  const auto per_epoch = static_cast<std::uint64_t>(at->second.per_epoch());
  return at->second.at(
      {.seed = r.seed, .epoch = r.number / per_epoch, .batch = static_cast<int>(r.number % per_epoch)});
}

int SequenceBatches::batches(Split s, int rows) const { return (static_cast<int>(of(s).size()) + rows - 1) / rows; }

std::string longer_ones(const std::vector<int>& items, const std::function<int(int)>& length, int most,
                        const char* item, const char* symbol) {
  double longer = 0, left_out = 0;
  for (const int k : items)
    if (const int n = length(k); n > most) {
      longer += 1;
      left_out += n - most;
    }
  if (longer == 0) return {};
  return fmt::format("{} of {} {} longer than T = {}; {} beyond it {} not read", count_text(longer),
                     count_text(static_cast<double>(items.size()), item), longer == 1 ? "is" : "are", most,
                     count_text(left_out, symbol), left_out == 1 ? "is" : "are");
}

Rows padded(const std::vector<std::vector<int>>& sequences, const std::vector<int>& items, int most, int filler) {
  const int B = static_cast<int>(items.size());
  int T = 1;
  const auto length = [&](int item) {
    return std::min(most, static_cast<int>(sequences[static_cast<std::size_t>(item)].size()));
  };
  for (const int item : items) T = std::max(T, length(item));
  Rows r{Tokens({T, B}), Lengths({B})};
  std::fill(r.tokens.data(), r.tokens.data() + r.tokens.size(), filler);
  for (int b = 0; b < B; ++b) {
    const int item = items[static_cast<std::size_t>(b)], n = length(item);
    r.lengths.data()[b] = n;
    for (int t = 0; t < n; ++t)
      r.tokens.data()[t * B + b] = sequences[static_cast<std::size_t>(item)][static_cast<std::size_t>(t)];
  }
  return r;
}

}  // namespace ebb::app
