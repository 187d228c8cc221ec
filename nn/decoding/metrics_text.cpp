#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <map>
#include <numeric>

namespace ebb {

std::vector<Sentence> sentences(const Tokens& tokens, const Lengths& lengths) {
  if (tokens.rank() != 2 || lengths.rank() != 1 || lengths.dim(0) != tokens.dim(1))
    throw ShapeError(fmt::format("sentences: tokens are {}, lengths {}; expected [T, B] and [B]", text(tokens.shape()),
                                 text(lengths.shape())));
  std::vector<Sentence> rows(static_cast<std::size_t>(tokens.dim(1)));
  for (int b = 0; b < tokens.dim(1); ++b) {
    const int n = lengths.data()[b];
    if (n < 0 || n > tokens.dim(0))
      throw ValueError(fmt::format("sentences: length {} of row {} is outside [0, {}]", n, b, tokens.dim(0)));
    for (int t = 0; t < n; ++t)
      rows[static_cast<std::size_t>(b)].push_back(tokens.data()[std::int64_t{t} * tokens.dim(1) + b]);
  }
  return rows;
}

int edit_distance(const Sentence& a, const Sentence& b) {
  std::vector<int> d(b.size() + 1);  // from a's tokens so far to the first j of b
  std::iota(d.begin(), d.end(), 0);
  for (const int token : a) {
    int diagonal = d[0]++;
    for (std::size_t j = 1; j < d.size(); ++j) {
      const int above = d[j];
      d[j] = std::min({above + 1, d[j - 1] + 1, diagonal + (token != b[j - 1])});
      diagonal = above;
    }
  }
  return d.back();
}

void ErrorRate::add(const Sentence& predicted, const Sentence& reference) {
  edits_ += edit_distance(predicted, reference);
  reference_tokens_ += static_cast<long>(reference.size());
}

double ErrorRate::value() const {
  if (reference_tokens_ == 0) throw ValueError("error rate: no reference tokens were added");
  return static_cast<double>(edits_) / static_cast<double>(reference_tokens_);
}

namespace {

using Grams = std::map<Sentence, long>;

Grams grams_of(const Sentence& s, std::size_t n) {
  Grams g;
  const auto length = static_cast<std::ptrdiff_t>(n);
  for (auto first = s.begin(); s.end() - first >= length; ++first) ++g[Sentence(first, first + length)];
  return g;
}

/// The maximum count of each n-gram over the references.
Grams most_in(const std::vector<Sentence>& references, std::size_t n) {
  Grams most;
  for (const Sentence& r : references)
    for (const auto& [gram, count] : grams_of(r, n)) most[gram] = std::max(most[gram], count);
  return most;
}

long nearest_length(std::size_t length, const std::vector<Sentence>& references) {
  const auto distance = [&](const Sentence& r) {
    return std::abs(static_cast<long>(r.size()) - static_cast<long>(length));
  };
  const auto nearer = [&](const Sentence& a, const Sentence& b) {
    return std::pair{distance(a), a.size()} < std::pair{distance(b), b.size()};
  };
  return static_cast<long>(std::min_element(references.begin(), references.end(), nearer)->size());
}

}  // namespace

Bleu::Bleu(int order) {
  if (order < 1) throw ValueError(fmt::format("bleu: order {} is below 1", order));
  found_.resize(static_cast<std::size_t>(order));
  all_.resize(found_.size());
}

void Bleu::add(const Sentence& translation, const std::vector<Sentence>& references) {
  if (references.empty()) throw ValueError("bleu: a translation has no reference");
  for (std::size_t n = 1; n <= found_.size(); ++n) {
    const Grams most = most_in(references, n);
    for (const auto& [gram, count] : grams_of(translation, n)) {
      const auto there = most.find(gram);
      if (there != most.end()) found_[n - 1] += std::min(count, there->second);
      all_[n - 1] += count;
    }
  }
  length_ += static_cast<long>(translation.size());
  reference_length_ += nearest_length(translation.size(), references);
}

double Bleu::precision(int n) const {
  if (n < 1 || n > static_cast<int>(found_.size()))
    throw ValueError(fmt::format("bleu: there is no order {} of {}", n, found_.size()));
  const auto k = static_cast<std::size_t>(n - 1);
  return all_[k] == 0 ? 0 : static_cast<double>(found_[k]) / static_cast<double>(all_[k]);
}

double Bleu::brevity() const {
  if (length_ == 0) return 0;
  return std::min(1.0, std::exp(1 - static_cast<double>(reference_length_) / static_cast<double>(length_)));
}

double Bleu::value() const {
  double logs = 0;
  for (int n = 1; n <= static_cast<int>(found_.size()); ++n) logs += std::log(precision(n));  // log 0 = -inf gives 0
  return brevity() * std::exp(logs / static_cast<double>(found_.size()));
}

}  // namespace ebb
