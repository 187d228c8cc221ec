#include <algorithm>
#include <cmath>
#include <ebb/nn/losses/ctc_row.hpp>
#include <limits>

namespace ebb::detail {

namespace {

constexpr double nothing = -std::numeric_limits<double>::infinity();

double add_logs(double a, double b) {
  const double larger = a < b ? b : a, lesser = a < b ? a : b;
  return larger == nothing ? lesser : larger + std::log1p(std::exp(lesser - larger));
}

}  // namespace

template <class T>
CtcRow<T>::CtcRow(const CtcBatch& batch, const Array& logits, int row)
    : batch_(batch), logits_(logits.data<T>()), stride_(logits.row_stride()), row_(row), rows_(logits.dim(1)),
      classes_(logits.dim(2)), steps_(batch.length(row)), states_(batch.states(row)) {}

template <class T> void CtcRow<T>::normalise() {
  norm_.resize(static_cast<std::size_t>(steps_));
  for (int t = 0; t < steps_; ++t) {
    const T* z = logits_of(t);
    const double top = static_cast<double>(*std::max_element(z, z + classes_));
    double sum = 0;
    for (int k = 0; k < classes_; ++k) sum += std::exp(static_cast<double>(z[k]) - top);
    norm_[static_cast<std::size_t>(t)] = top + std::log(sum);
  }
}

/// alpha(t, s): log-probability of paths over steps 0 to t that end in state s.
template <class T> double CtcRow<T>::loss() {
  normalise();
  alpha_.assign(static_cast<std::size_t>(std::int64_t{steps_} * states_), nothing);
  for (int s = 0; s < std::min(2, states_); ++s) alpha(0, s) = log_p(0, batch_.state(row_, s));
  for (int t = 1; t < steps_; ++t)
    for (int s = 0; s < states_; ++s) {
      double from = alpha(t - 1, s);
      if (s >= 1) from = add_logs(from, alpha(t - 1, s - 1));
      if (batch_.may_skip(row_, s)) from = add_logs(from, alpha(t - 1, s - 2));
      alpha(t, s) = from + log_p(t, batch_.state(row_, s));
    }
  log_probability_ = alpha(steps_ - 1, states_ - 1);
  if (states_ > 1) log_probability_ = add_logs(log_probability_, alpha(steps_ - 1, states_ - 2));
  return -log_probability_;
}

/// Updates beta(s) from step t + 1 to step t: paths that continue from state s, excluding its own step.
template <class T> void CtcRow<T>::step_back(int t, std::vector<double>& beta) const {
  const auto at = [&](int s) -> double& { return beta[static_cast<std::size_t>(s)]; };
  for (int s = 0; s < states_; ++s) at(s) += log_p(t + 1, batch_.state(row_, s));
  for (int s = 0; s < states_; ++s) {  // ascending, so that each reads states of step t + 1
    if (s + 1 < states_) at(s) = add_logs(at(s), at(s + 1));
    if (s + 2 < states_ && batch_.may_skip(row_, s + 2)) at(s) = add_logs(at(s), at(s + 2));
  }
}

template <class T> void CtcRow<T>::gradient(double g, Array& d) {
  if (log_probability_ == nothing) return;  // no gradient
  std::vector<double> beta(static_cast<std::size_t>(states_), nothing), slope(static_cast<std::size_t>(classes_));
  beta.back() = 0;
  if (states_ > 1) beta[beta.size() - 2] = 0;
  for (int t = steps_ - 1; t >= 0; --t) {
    if (t + 1 < steps_) step_back(t, beta);
    for (int k = 0; k < classes_; ++k) slope[static_cast<std::size_t>(k)] = std::exp(log_p(t, k));
    for (int s = 0; s < states_; ++s)
      slope[static_cast<std::size_t>(batch_.state(row_, s))] -=
          std::exp(alpha(t, s) + beta[static_cast<std::size_t>(s)] - log_probability_);
    T* out = d.data<T>() + (std::int64_t{t} * rows_ + row_) * classes_;
    for (int k = 0; k < classes_; ++k) out[k] = static_cast<T>(g * slope[static_cast<std::size_t>(k)]);
  }
}

template class CtcRow<float>;
template class CtcRow<double>;

}  // namespace ebb::detail
