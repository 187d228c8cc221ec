#include <algorithm>
#include <cmath>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/residual_descent.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/reduce.hpp>

namespace ebb::detail {

namespace {

constexpr double least_damping = 1e-8, first_scale = .1, least_scale = 1e-4;
constexpr double stationary_gradient = 1e-6, negligible_reduction = 1e-13;
constexpr int most_trials = 40, most_newton_steps = 60;
constexpr double least_share = 1e-4;       // of Newton's step
constexpr double negligible_pivot = 1e-8;  // of J - I: singular

double half_square(const Array& r) { return all_finite(r) ? sum_of_squares(r) / 2 : INFINITY; }

/// A x or A^T x for A [S, S], x [S].
Array matrix_times(const Array& A, const Array& x, bool transposed) {
  const int S = A.dim(0);
  Array y = Array::zeros({S}, f64);
  double* const to = y.data<double>();
  const double* const from = x.data<double>();
  for (int i = 0; i < S; ++i) {
    const double* const row = A.data<double>() + std::int64_t{i} * S;
    for (int j = 0; j < S; ++j) transposed ? to[j] += row[j] * from[i] : to[i] += row[j] * from[j];
  }
  return y;
}

/// One row: damped Newton steps first, then, if these fail, those of Levenberg and Marquardt from the start again.
class RowDescent {
 public:
  RowDescent(const Array& start, const Array& residual, const FixedPointOptions&);
  bool ended() const { return ended_; }
  bool moved() const { return moved_; }
  DescentEnd how() const { return how_; }
  double q() const { return q_; }
  const Array& state() const { return s_; }
  const Array& candidate() const { return candidate_; }

  void begin(const Array& jacobian_minus_identity);
  void propose();
  /// Takes the candidate, or asks for another one.
  void judge(const Array& residual);
  /// After too many candidates or steps.
  void give_up();

 private:
  double damping() const { return std::max(least_damping, scale_ * std::min(1., std::sqrt(2 * q_))); }
  void end(DescentEnd as) {
    ended_ = true;
    how_ = as;
  }
  void take(const Array& residual, double q);
  void polish(const Array& residual, double q);
  void judge_newton(const Array& residual, double q);
  void judge_marquardt(const Array& residual, double q);
  void propose_newton();
  void start_again();

  double tolerance_, largest_;
  Array start_, start_residual_;
  Array s_, r_, A_;  // [S], [S], [S, S]
  double q_ = INFINITY;
  bool newton_ = true, ended_ = false, moved_ = false, stationary_ = false;
  DescentEnd how_ = DescentEnd::unfinished;
  double share_ = 1;  // of Newton's step
  int newton_steps_ = 0;
  LuFactors lu_;
  double scale_ = first_scale;
  Array d_, candidate_;
  double predicted_ = 0;  // reduction of q by the linear model
};

RowDescent::RowDescent(const Array& start, const Array& residual, const FixedPointOptions& o)
    : tolerance_(o.tolerance), largest_(o.largest), start_(start), start_residual_(residual), s_(start), r_(residual),
      q_(half_square(residual)) {
  if (!std::isfinite(q_)) end(DescentEnd::not_finite);
  else if (norm_of(s_) > largest_) end(DescentEnd::too_large);
  else if (q_ == 0) end(DescentEnd::fixed);
}

void RowDescent::begin(const Array& jacobian_minus_identity) {
  A_ = jacobian_minus_identity;
  moved_ = false;
  d_ = Array();
  if (!all_finite(A_)) return newton_ && newton_steps_ > 0 ? start_again() : end(DescentEnd::not_finite);
  stationary_ = norm_of(matrix_times(A_, r_, true)) <= stationary_gradient * std::sqrt(2 * q_);
}

void RowDescent::propose() {
  if (newton_) return propose_newton();
  d_ = damped_solution(A_, r_ * -1, damping());
  candidate_ = s_ + d_;
  predicted_ = q_ - half_square(r_ + matrix_times(A_, d_, false));
}

void RowDescent::propose_newton() {
  if (!d_) {
    lu_ = factored(A_);
    if (lu_.smallest <= negligible_pivot * std::max(1., lu_.largest)) {
      if (q_ >= tolerance_) return start_again();
      newton_ = false;
      return propose();
    }
    d_ = solution(lu_, r_ * -1);
  }
  candidate_ = s_ + share_ * d_;
}

void RowDescent::judge(const Array& residual) {
  const double q = half_square(residual);
  if (q_ < tolerance_) polish(residual, q);
  else if (newton_) judge_newton(residual, q);
  else judge_marquardt(residual, q);
}

void RowDescent::take(const Array& residual, double q) {
  s_ = candidate_;
  r_ = residual;
  q_ = q;
  moved_ = true;
  if (norm_of(s_) > largest_) newton_ ? start_again() : end(DescentEnd::too_large);
  else if (q == 0) end(DescentEnd::fixed);
}

void RowDescent::polish(const Array& residual, double q) {
  const bool worthwhile = q < q_ / 4;
  if (q < q_) take(residual, q);
  if (!worthwhile && !ended_ && q_ < tolerance_) end(DescentEnd::fixed);
}

void RowDescent::judge_newton(const Array& residual, double q) {
  if (std::isfinite(q)) {
    const double next = norm_of(solution(lu_, residual));
    if (next <= (1 - share_ / 4) * norm_of(d_)) {
      take(residual, q);
      share_ = std::min(1., 2 * share_);
      if (newton_ && ++newton_steps_ == most_newton_steps) start_again();
      return;
    }
  }
  share_ /= 2;
  if (share_ < least_share) start_again();
}

void RowDescent::start_again() {
  newton_ = false;
  s_ = start_;
  r_ = start_residual_;
  q_ = half_square(r_);
  moved_ = true;
}

void RowDescent::judge_marquardt(const Array& residual, double q) {
  const double reduction = q_ - q, ratio = reduction / predicted_;
  const double bound = least_damping / std::min(1., std::sqrt(2 * q_));  // scale has no effect below
  const bool taken = reduction > 0 && ratio > 1e-4;
  if (!taken || ratio < .25) scale_ = 4 * std::max(scale_, bound);
  else if (ratio > .75) scale_ = std::max(least_scale, scale_ / 4);
  if (!taken) return;
  const bool finished = stationary_ && reduction < negligible_reduction * q_;
  take(residual, q);
  if (finished && !ended_ && q >= tolerance_) end(DescentEnd::slow);
}

void RowDescent::give_up() {
  end(q_ < tolerance_ ? DescentEnd::fixed : stationary_ ? DescentEnd::slow : DescentEnd::unfinished);
}

using Pending = std::vector<RowDescent*>;

Array gathered_rows(const Pending& rows, const Array& (RowDescent::*what)() const) {
  std::vector<Array> parts;
  for (const RowDescent* row : rows) parts.push_back((row->*what)());
  return stack(parts.data(), static_cast<int>(parts.size()));
}

template <class F> void for_each_row(const Pending& rows, F f) {
  parallel_for(static_cast<std::int64_t>(rows.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) f(*rows[static_cast<std::size_t>(k)], static_cast<int>(k));
  });
}

void erase_settled(Pending& rows) {
  std::erase_if(rows, [](const RowDescent* row) { return row->moved() || row->ended(); });
}

/// Candidates for all rows at once, until each has moved or ended.
void move_rows(const HeldMap& map, Pending pending) {
  for (int trial = 0; trial < most_trials && !pending.empty(); ++trial) {
    for_each_row(pending, [](RowDescent& row, int) { row.propose(); });
    erase_settled(pending);
    if (pending.empty()) return;
    const Array at = gathered_rows(pending, &RowDescent::candidate), residual = map(at) - at;
    for_each_row(pending, [&](RowDescent& row, int k) { row.judge(residual[k].copy()); });
    erase_settled(pending);
  }
  for (RowDescent* row : pending) row->give_up();
}

std::vector<RowDescent> starting_rows(const HeldMap& map, const Array& starts, const FixedPointOptions& o) {
  const Array residual = map(starts) - starts;
  std::vector<RowDescent> rows;
  for (int k = 0; k < starts.dim(0); ++k) rows.emplace_back(starts[k].copy(), residual[k].copy(), o);
  return rows;
}

void descend_rows(const HeldMap& map, std::vector<RowDescent>& rows, int iterations) {
  for (int k = 0; k < iterations; ++k) {
    Pending active;
    for (RowDescent& row : rows)
      if (!row.ended()) active.push_back(&row);
    if (active.empty()) return;
    const Array A = map.jacobian_minus_identity(gathered_rows(active, &RowDescent::state));
    for (std::size_t k = 0; k < active.size(); ++k) active[k]->begin(A[static_cast<int>(k)]);
    erase_settled(active);
    move_rows(map, active);
  }
  for (RowDescent& row : rows)
    if (!row.ended()) row.give_up();
}

}  // namespace

Descent descend(const HeldMap& map, const Array& starts, const FixedPointOptions& o) {
  const int n = starts.dim(0);
  Descent result{.ends = Array::empty(starts.shape(), f64), .q = {}, .how = {}};
  for (int begin = 0; begin < n; begin += map.block()) {
    std::vector<RowDescent> rows = starting_rows(map, starts.range(begin, std::min(n, begin + map.block())), o);
    descend_rows(map, rows, o.iterations);
    for (const RowDescent& row : rows) {
      Array place = result.ends[static_cast<int>(result.q.size())];
      place.assign(row.state());
      result.q.push_back(row.q());
      result.how.push_back(row.how());
    }
  }
  return result;
}

}  // namespace ebb::detail
