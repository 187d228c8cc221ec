#include <algorithm>
#include <cmath>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/observe/dense/factors.hpp>
#include <ebb/observe/directions.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/observe/spectrum_summary.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/parallel.hpp>
#include <string>
#include <vector>

namespace ebb {

namespace {

using detail::Directions;

constexpr int largest_square = 2048;  // S: beyond, no S x S matrix is formed
constexpr int leading = 32;           // default number of directions of a larger state
constexpr int by_products = 2;        // S / k from which on Jacobian-vector products are used

struct Plan {
  int S, k, warm_up, measured, blocks, determinants;
  bool by_jacobian;
  int settling() const { return warm_up / 2; }  // steps without directions
  int block(int t) const { return t < warm_up ? -1 : static_cast<int>(std::int64_t{t - warm_up} * blocks / measured); }
  bool has_determinant(int t) const { return determinants > 0 && t >= warm_up && (t - warm_up) % determinants == 0; }
};

Plan plan_of(const Cell& cell, const Drive& drive, const LyapunovOptions& o) {
  Plan p{.S = state_size(cell),
         .k = o.directions,
         .warm_up = o.warm_up,
         .measured = 0,
         .blocks = o.blocks,
         .determinants = o.determinants,
         .by_jacobian = true};
  if (p.k < 0 || p.k > p.S)
    throw ValueError("lyapunov: directions must be from 0 to " + std::to_string(p.S) +
                     ", the size of the state of cell " + cell.name() + ", but is " + std::to_string(p.k));
  if (p.k == 0) p.k = p.S <= largest_square ? p.S : leading;
  p.by_jacobian = p.S <= largest_square && p.k * by_products > p.S;
  if (p.determinants < 0)
    throw ValueError("lyapunov: determinants must be at least 0, but is " + std::to_string(p.determinants));
  if (p.k == p.S || p.S > largest_square) p.determinants = 0;
  if (p.warm_up < 0) p.warm_up = drive.steps() / 10;
  p.measured = drive.steps() - p.warm_up;
  if (p.blocks < 2) throw ValueError("lyapunov: blocks must be at least 2, but is " + std::to_string(p.blocks));
  if (p.measured < p.blocks)
    throw ValueError("lyapunov: the inputs have " + detail::counted(drive.steps(), "step") + ", but a warm-up of " +
                     std::to_string(p.warm_up) + " and one step for each of " + std::to_string(p.blocks) +
                     " blocks need " + std::to_string(std::int64_t{p.warm_up} + p.blocks));
  return p;
}

/// J Q of every row, [S, m] each, by Jacobian-vector products.
std::vector<Array> images_by_products(const Trajectory& s, const std::vector<Directions>& rows, int k) {
  Array vectors = Array::zeros({s.rows(), k, s.size()}, f64);
  for (int b = 0; b < s.rows(); ++b) {
    const Directions& d = rows[static_cast<std::size_t>(b)];
    if (d.left() == 0) continue;
    Array mine = vectors[b].range(0, d.left());
    mine.assign(transpose(d.basis()));
  }
  const Array moved = s.along(vectors);
  std::vector<Array> images;
  for (int b = 0; b < s.rows(); ++b)
    images.push_back(transpose(moved[b].range(0, rows[static_cast<std::size_t>(b)].left())));
  return images;
}

void step_by_jacobian(const Trajectory& s, std::vector<Directions>& rows, detail::Determinants& volumes,
                      const Plan& p) {
  const Array J = s.jacobian();
  if (!all_finite(J))
    throw ValueError("lyapunov: the Jacobian at time " + std::to_string(s.time()) + " is infinite or NaN");
  parallel_for(s.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      Directions& d = rows[static_cast<std::size_t>(b)];
      const Array mine = J[static_cast<int>(b)];
      d.follow(matmul(mine, d.basis()), p.k == p.S ? &mine : nullptr, p.block(s.time()));
      if (p.has_determinant(s.time())) volumes.of_rows[static_cast<std::size_t>(b)] = detail::log_determinant(mine);
    }
  });
  if (p.has_determinant(s.time())) volumes.count(p.block(s.time()));
}

void step_by_products(const Trajectory& s, std::vector<Directions>& rows, const Plan& p) {
  std::vector<Array> images = images_by_products(s, rows, p.k);
  for (const Array& A : images)
    if (!all_finite(A))
      throw ValueError("lyapunov: a Jacobian-vector product at time " + std::to_string(s.time()) +
                       " is infinite or NaN");
  parallel_for(s.rows(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b)
      rows[static_cast<std::size_t>(b)].follow(images[static_cast<std::size_t>(b)], nullptr, p.block(s.time()));
  });
}

/// [B, blocks, k], the directions of each row in descending order of their growth.
Array growth_of(const std::vector<Directions>& rows, const Plan& p) {
  Array growth = Array::empty({static_cast<int>(rows.size()), p.blocks, p.k}, f64);
  std::vector<int> order(static_cast<std::size_t>(p.k));
  std::vector<double> total(order.size());
  for (std::size_t b = 0; b < rows.size(); ++b) {
    for (int i = 0; i < p.k; ++i) {
      order[static_cast<std::size_t>(i)] = i;
      total[static_cast<std::size_t>(i)] = 0;
      for (int block = 0; block < p.blocks; ++block) total[static_cast<std::size_t>(i)] += rows[b].growth(block, i);
    }
    std::sort(order.begin(), order.end(), [&](int i, int j) {
      const double a = total[static_cast<std::size_t>(i)], b = total[static_cast<std::size_t>(j)];
      return a != b ? a > b : i < j;
    });
    Array mine = growth[static_cast<int>(b)];
    for (int block = 0; block < p.blocks; ++block)
      for (int i = 0; i < p.k; ++i)
        mine.set_flat(std::int64_t{block} * p.k + i, rows[b].growth(block, order[static_cast<std::size_t>(i)]));
  }
  return growth;
}

void take_check(Lyapunov& l, const std::vector<Directions>& rows, const Plan& p) {
  l.checked = p.k == p.S;
  double sum = 0, log_determinant = 0;
  for (const Directions& d : rows) {
    sum += d.sum();
    log_determinant += d.log_determinant();
    l.lost += d.lost();
    l.lost_by_elimination += d.lost_by_elimination();
  }
  const double steps = static_cast<double>(p.measured) * static_cast<double>(rows.size());
  l.sum = sum / steps;
  l.log_determinant = l.checked ? log_determinant / steps : std::nan("");
  l.difference = std::abs(l.sum - l.log_determinant);
  l.lost /= static_cast<double>(rows.size());
  l.lost_by_elimination /= static_cast<double>(rows.size());
}

}  // namespace

Lyapunov lyapunov(const Cell& cell, const Drive& drive, const Array& start, const LyapunovOptions& o) {
  const Plan p = plan_of(cell, drive, o);
  Trajectory s(cell, drive, start, o.at);
  std::vector<Directions> rows;
  for (int b = 0; b < s.rows(); ++b)
    rows.emplace_back(p.S, p.k, p.blocks, Key{1}.named("directions").at(static_cast<std::uint64_t>(b)));
  detail::Determinants volumes(s.rows(), p.blocks);
  while (s.time() < p.settling()) s.advance();
  for (; !s.ended(); s.advance())
    if (p.by_jacobian || p.has_determinant(s.time())) step_by_jacobian(s, rows, volumes, p);
    else step_by_products(s, rows, p);

  Lyapunov l;
  l.state_size = p.S;
  l.rows = s.rows();
  l.warm_up = p.warm_up;
  l.steps = p.measured;
  l.end = s.state();
  detail::summarise(l, growth_of(rows, p));
  if (p.k < p.S) l.mean = volumes.mean(p.S);
  take_check(l, rows, p);
  return l;
}

}  // namespace ebb
