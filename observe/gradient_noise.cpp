#include <cmath>
#include <ebb/autograd/shard_run.hpp>
#include <ebb/observe/gradient_noise.hpp>
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/reduce.hpp>
#include <ebb/ops/text.hpp>
#include <limits>
#include <numeric>

namespace ebb {

namespace {

struct NoiseParts {
  double squares, trace;
  double scale() const { return squares > 0 ? trace / squares : std::numeric_limits<double>::quiet_NaN(); }
};

/// From n groups with the sum of squared norms and the squared norm of their sum.
NoiseParts noise_parts(double n, double squares_of_groups, double squares_of_sum, double rows) {
  const double variance = (squares_of_groups - squares_of_sum / n) / (n - 1);
  return {squares_of_sum / (n * n) - variance / n, rows * variance};
}

/// The jackknife's standard error, from the values without each group.
double jackknife_error(const std::vector<NoiseParts>& without, double (*of)(const NoiseParts&)) {
  const double n = static_cast<double>(without.size());
  double mean = 0, squares = 0;
  for (const NoiseParts& p : without) mean += of(p) / n;
  for (const NoiseParts& p : without) squares += (of(p) - mean) * (of(p) - mean);
  return std::sqrt((n - 1) / n * squares);
}

GradientNoise with_errors(const NoiseParts& all, const std::vector<NoiseParts>& without) {
  const auto scale = [](const NoiseParts& p) { return p.scale(); };
  const auto squares = [](const NoiseParts& p) { return p.squares; };
  const auto trace = [](const NoiseParts& p) { return p.trace; };
  return {.scale = {all.scale(), jackknife_error(without, scale)},
          .squares = {all.squares, jackknife_error(without, squares)},
          .trace = {all.trace, jackknife_error(without, trace)},
          .groups = static_cast<int>(without.size())};
}

void check_groups(int n) {
  if (n < 3) throw ValueError("gradient_noise: there are " + std::to_string(n) + " gradients, not at least three");
}

/// The gradient of the mean loss of one group of rows, into `to` [N].
void gradient_of_group(const LeafSet& set, const ShardOptions& o, const ShardLoss& loss, int group,
                       const detail::ParameterVector& p, Array to) {
  detail::ShardRun run(set, o);
  run.transformed.emplace(set, f64, StepContext({.training = o.training, .seed = o.seed, .update = o.update}), true);
  run.run(group, detail::LossRef(loss), true);
  const auto at = static_cast<std::size_t>(group);
  if (run.errors[at]) std::rethrow_exception(run.errors[at]);
  run.transformed->pull_back(run.grads[at]);
  for (int k = 0; k < p.count(); ++k)
    to.range(p.begin(k), p.end(k)).assign(run.grads[at][p.leaf(k)].reshape({p.end(k) - p.begin(k)}));
  to.assign(to * static_cast<double>(o.shards));  // the shard's part of the batch's mean
}

}  // namespace

GradientNoise gradient_noise(const Array& gradients, int rows) {
  if (gradients.rank() != 2)
    throw ShapeError("gradient_noise: gradients are [groups, parameters], these are " + text(gradients.shape()));
  const int n = gradients.dim(0);
  check_groups(n);
  const Array g = gradients.to(f64), total = sum(g, {0});
  const Array with_total = matmul(g, total.reshape({g.dim(1), 1}));
  std::vector<double> squares;
  for (int i = 0; i < n; ++i) squares.push_back(sum_of_squares(g[i]));
  const double all = std::accumulate(squares.begin(), squares.end(), 0.), of_total = sum_of_squares(total);
  std::vector<NoiseParts> without;
  for (int i = 0; i < n; ++i) {
    const double own = squares[static_cast<std::size_t>(i)];
    without.push_back(noise_parts(n - 1, all - own, of_total - 2 * with_total.at_flat(i) + own, rows));
  }
  return with_errors(noise_parts(n, all, of_total, rows), without);
}

GradientNoise gradient_noise(const LeafSet& set, const ShardOptions& options, const ShardLoss& loss, int rows) {
  if (rows < 1 || options.rows % rows != 0)
    throw ValueError("gradient_noise: groups of " + std::to_string(rows) + " rows do not divide a batch of " +
                     std::to_string(options.rows));
  const int n = options.rows / rows;
  check_groups(n);
  ShardOptions o = options;
  o.dtype = f64;
  o.shards = n;
  const detail::ParameterVector p(detail::trained_leaves(set));
  Array gradients = Array::empty({n, p.size()}, f64);
  for (int group = 0; group < n; ++group) gradient_of_group(set, o, loss, group, p, gradients[group]);
  return gradient_noise(gradients, rows);
}

GradientNoiseMeter::GradientNoiseMeter(int small, int large) : small_(small), large_(large) {
  if (small < 1 || large <= small)
    throw ValueError("gradient noise: batches of " + std::to_string(small) + " and " + std::to_string(large) +
                     " rows, not a smaller and a larger one");
}

void GradientNoiseMeter::update(double small_squares, double large_squares) {
  squares_.push_back((large_ * large_squares - small_ * small_squares) / (large_ - small_));
  traces_.push_back((small_squares - large_squares) / (1 / small_ - 1 / large_));
}

GradientNoise GradientNoiseMeter::result() const {
  check_groups(static_cast<int>(squares_.size()));
  const auto n = static_cast<double>(squares_.size());
  const double squares = std::accumulate(squares_.begin(), squares_.end(), 0.),
               trace = std::accumulate(traces_.begin(), traces_.end(), 0.);
  std::vector<NoiseParts> without;
  for (std::size_t k = 0; k < squares_.size(); ++k)
    without.push_back({(squares - squares_[k]) / (n - 1), (trace - traces_[k]) / (n - 1)});
  return with_errors({squares / n, trace / n}, without);
}

}  // namespace ebb
