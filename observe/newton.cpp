#include <algorithm>
#include <cmath>
#include <ebb/autograd/jvp.hpp>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/newton.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <string>
#include <utility>

namespace ebb {

namespace {

/// The states of the sequential run, [T + 1, B, S], from the initial one on.
Array sequential_states(const Cell& cell, const Drive& drive, const Array& start, const StepContext& at) {
  Trajectory s(cell, drive, start, at);
  Array states = Array::empty({drive.steps() + 1, s.rows(), s.size()}, f64);
  for (;; s.advance()) {
    states[s.time()].assign(s.state());
    if (s.ended()) return states;
  }
}

/// Uniform in [-1, 1), by time and row.
Array drawn_guess(int T, int B, int S) {
  Array guess = Array::empty({T, B, S}, f64);
  for (int b = 0; b < B; ++b) {
    const Array row = uniform({T, S}, Key{1}.named("guess").at(static_cast<std::uint64_t>(b)), -1, 1, f64);
    for (int t = 0; t < T; ++t) guess[t][b].assign(row[t]);
  }
  return guess;
}

/// f(s) and J v of one step, without forming J if the cell's ops permit.
class LinearisedStep {
 public:
  LinearisedStep(const Cell& cell, const Drive& drive, const StepContext& at) : cell_(cell), drive_(drive), at_(at) {}

  std::pair<Array, Array> operator()(int t, const Array& s, const Array& v) {
    const Array x = drive_.at(t);
    if (by_jacobian_) return by_jacobian(t, x, s, v);
    try {
      return by_product(t, x, s, v);
    } catch (const TapeError&) {  // an op has a first-order gradient only
      by_jacobian_ = true;
    }
    return by_jacobian(t, x, s, v);
  }

 private:
  std::pair<Array, Array> by_product(int t, const Array& x, const Array& s, const Array& v) const {
    const Tape tape{{.dtype = f64, .order = 2}};
    const auto step = [&](const Var& flat) {
      return flat_state(cell_.step(constant(x), as_state(cell_, flat), at_.at_time(t)));
    };
    const auto [f, Jv] = jvp(step, variable(s), constant(v));
    return {f.value(), Jv.value()};
  }
  std::pair<Array, Array> by_jacobian(int t, const Array& x, const Array& s, const Array& v) const {
    const Tape tape{{.dtype = f64}};
    const NoGrad off;
    const State state = as_state(cell_, constant(s));
    const Array f = flat_state(cell_.step(constant(x), state, at_.at_time(t))).value();
    const Array J = step_jacobian(cell_, constant(x), state, at_.at_time(t));
    return {f, matmul(J, v.reshape({v.dim(0), v.dim(1), 1})).reshape(v.shape())};
  }

  const Cell& cell_;
  const Drive& drive_;
  StepContext at_;
  bool by_jacobian_ = false;
};

class NewtonIterations {
 public:
  NewtonIterations(LinearisedStep step, const Array& first, const Array& guess, const NewtonOptions& o);
  NewtonRun run();

 private:
  void iterate(int iteration);
  bool measure(int t, const Array& residual, int iteration);
  void reset_rows(Array& next, int t, int iteration);
  void end_rows();
  void move_on();
  bool done(int row) const { return done_[static_cast<std::size_t>(row)]; }

  LinearisedStep step_;
  const Array first_, guess_;  // [B, S], [T, B, S]
  const NewtonOptions& o_;
  const int T_, B_;
  int exact_ = 0;  // states that are exact in all rows
  Array next_;
  std::vector<char> done_, lost_;  // of each row; lost: since a state of this iteration was not finite
  std::vector<double> squares_;    // of the residual, so far in this iteration
  NewtonRun result_;
};

NewtonIterations::NewtonIterations(LinearisedStep step, const Array& first, const Array& guess, const NewtonOptions& o)
    : step_(std::move(step)), first_(first), guess_(guess), o_(o), T_(guess.dim(0)), B_(guess.dim(1)),
      next_(guess.copy()), done_(static_cast<std::size_t>(B_)) {
  const auto rows = static_cast<std::size_t>(B_);
  result_.lengths = o.lengths;
  result_.lengths.push_back(T_);
  std::sort(result_.lengths.begin(), result_.lengths.end());
  result_.lengths.erase(std::unique(result_.lengths.begin(), result_.lengths.end()), result_.lengths.end());
  result_.iterations.assign(result_.lengths.size(), std::vector<int>(rows, -1));
  result_.merit.resize(rows);
  result_.ends.assign(rows, NewtonEnd::unfinished);
  result_.first_not_finite.assign(rows, -1);
  result_.states = guess.copy();
}

NewtonRun NewtonIterations::run() {
  const int most = o_.iterations > 0 ? o_.iterations : T_;
  for (int k = 0; std::count(done_.begin(), done_.end(), 0) > 0; ++k) {
    iterate(k);
    end_rows();
    if (k == most) break;
    move_on();
  }
  return std::move(result_);
}

/// Measures the states after `iteration` iterations, and computes the next ones.
void NewtonIterations::iterate(int iteration) {
  squares_.assign(done_.size(), 0);
  lost_.assign(done_.size(), 0);
  Array s = exact_ == 0 ? first_ : result_.states[exact_ - 1].copy(), v = Array::zeros(first_.shape(), f64);
  bool exact = true;
  for (int t = exact_; t < T_; ++t) {
    const auto [f, Jv] = step_(t, s, v);
    const Array old = result_.states[t].copy(), residual = old - f;
    exact = measure(t, residual, iteration) && exact;
    if (exact) exact_ = t + 1;
    Array next = f + Jv;
    reset_rows(next, t, iteration);
    next_[t].assign(next);
    s = old;
    v = next - old;
  }
}

/// Adds the residual of step t, and records the lengths for which a row has converged. Returns whether it is zero.
bool NewtonIterations::measure(int t, const Array& residual, int iteration) {
  const auto length = std::lower_bound(result_.lengths.begin(), result_.lengths.end(), t + 1);
  bool zero = true;
  for (int b = 0; b < B_; ++b) {
    const auto row = static_cast<std::size_t>(b);
    if (done(b)) continue;
    zero = zero && largest_magnitude(residual[b]) == 0;
    squares_[row] += sum_of_squares(residual[b]);
    const double merit = squares_[row] / 2 / (t + 1);
    if (t + 1 == T_) result_.merit[row].push_back(std::isnan(merit) ? INFINITY : merit);
    if (length == result_.lengths.end() || *length != t + 1) continue;
    int& needed = result_.iterations[static_cast<std::size_t>(length - result_.lengths.begin())][row];
    if (needed < 0 && merit <= o_.tolerance) needed = iteration;
  }
  return zero;
}

/// From the first state on that is not finite, a row goes back to its guess, or ends.
void NewtonIterations::reset_rows(Array& next, int t, int iteration) {
  for (int b = 0; b < B_; ++b) {
    const auto row = static_cast<std::size_t>(b);
    if (done(b)) continue;
    if (!lost_[row] && all_finite(next[b])) continue;
    lost_[row] = 1;
    int& first = result_.first_not_finite[row];
    if (first < 0) first = iteration + 1;
    next[b].assign(guess_[t][b]);
  }
}

/// Ends the rows that have converged or diverged.
void NewtonIterations::end_rows() {
  for (std::size_t row = 0; row < done_.size(); ++row) {
    if (done_[row]) continue;
    if (std::all_of(result_.iterations.begin(), result_.iterations.end(), [&](const auto& n) { return n[row] >= 0; }))
      result_.ends[row] = NewtonEnd::converged;
    else if (lost_[row] && !o_.reset) result_.ends[row] = NewtonEnd::diverged;
    done_[row] = result_.ends[row] != NewtonEnd::unfinished;
  }
}

/// Replaces the states of the other rows by the next ones.
void NewtonIterations::move_on() {
  for (int b = 0; b < B_; ++b)
    for (int t = exact_; t < T_ && !done(b); ++t) result_.states[t][b].assign(next_[t][b]);
}

void check_newton(const Array& sequential, const Array& guess, const NewtonOptions& o) {
  const int T = sequential.dim(0) - 1;
  if (!(o.tolerance >= 0) || o.iterations < 0)
    throw ValueError("newton_through_time: the tolerance and the number of iterations must not be negative");
  for (const int length : o.lengths)
    if (length < 1 || length > T)
      throw ValueError("newton_through_time: a length of " + std::to_string(length) + " steps along " +
                       std::to_string(T));
  const Shape wanted = sequential.shape().with(0, T);
  if (guess && !(guess.shape() == wanted))
    throw ShapeError("newton_through_time: the guess is " + text(guess.shape()) + ", the states are " + text(wanted));
}

}  // namespace

NewtonRun newton_through_time(const Cell& cell, const Drive& drive, const Array& start, const Array& guess,
                              const NewtonOptions& o) {
  const Array sequential = sequential_states(cell, drive, start, o.at);
  check_newton(sequential, guess, o);
  const int T = drive.steps(), B = sequential.dim(1);
  const Array from = guess ? guess.to(f64).compact() : drawn_guess(T, B, sequential.dim(2));
  NewtonRun result = NewtonIterations(LinearisedStep(cell, drive, o.at), sequential[0].copy(), from, o).run();
  for (int b = 0; b < B; ++b) {
    double error = 0;
    for (int t = 0; t < T; ++t) error = std::max(error, largest_magnitude(result.states[t][b] - sequential[t + 1][b]));
    result.error.push_back(error);
  }
  return result;
}

double newton_log_condition(double lambda, int T) {
  const double largest = std::max(0., lambda * (T - 1));
  double sum = 0;
  for (int t = 0; t < T; ++t) sum += std::exp(lambda * t - largest);
  return 2 * (largest + std::log(sum));
}

}  // namespace ebb
