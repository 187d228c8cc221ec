#include <algorithm>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/grad.hpp>
#include <ebb/ops/error.hpp>

#include "../arrays.hpp"
#include "../function.hpp"

namespace {

using namespace ebb;
using gradbench::Json, gradbench::Problem, gradbench::problem;

constexpr int ba_camera = 11, ba_variables = ba_camera + 3 + 1;  // of an observation: its camera, its point, its weight
constexpr int ba_at_once = 1024;                                 // observations on one tape

/// The eval's input is one camera, one point, one weight and one feature, which are repeated here: observation i is of
/// camera i mod N and point i mod M.
struct BaInput {
  std::vector<double> cameras, points, weights, features;  // [N, 11], [M, 3], [P], [P, 2]
  int N, M, P;
};

std::vector<double> repeated(const Array& one, int times) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) all.insert(all.end(), one.data<double>(), one.data<double>() + one.size());
  return all;
}

BaInput ba_input(const Json& input) {
  const Array cam = gradbench::vector_in(input, "cam"), x = gradbench::vector_in(input, "x");
  const Array feat = gradbench::vector_in(input, "feat");
  if (cam.size() != ba_camera || x.size() != 3 || feat.size() != 2)
    throw ValueError("expected 11 numbers in cam, 3 in x and 2 in feat");
  const int N = input.at("n").get<int>(), M = input.at("m").get<int>(), P = input.at("p").get<int>();
  if (N < 1 || M < 1 || P < 1) throw ValueError("n, m and p must be positive");
  const Array w = Array::number(input.at("w").get<double>(), f64);
  return {repeated(cam, N), repeated(x, M), repeated(w, P), repeated(feat, P), N, M, P};
}

/// Observations [begin, end), one array [end - begin] for each of their variables, in the order of the Jacobian's
/// columns: the camera's r (3), C (3), f, u0, v0, k1, k2; the point's X (3); the weight. Then the feature (2).
std::vector<Array> observations(const BaInput& in, int begin, int end) {
  std::vector<Array> columns;
  const auto fill = [&](const std::vector<double>& table, int entries, int width) {
    for (int k = 0; k < width; ++k) {
      Array column = Array::empty({end - begin}, f64);
      double* out = column.data<double>();
      for (int i = begin, entry = begin % entries; i < end; ++i, entry = entry + 1 == entries ? 0 : entry + 1)
        *out++ = table[static_cast<std::size_t>(entry) * static_cast<std::size_t>(width) + static_cast<std::size_t>(k)];
      columns.push_back(std::move(column));
    }
  };
  fill(in.cameras, in.N, ba_camera);
  fill(in.points, in.M, 3);
  fill(in.weights, in.P, 1);
  fill(in.features, in.P, 2);
  return columns;
}

/// A point X in a camera's picture.
///
///     Y = R(r) (X - C);   (u, v) = (Y1, Y2) / Y3;   s = 1 + k1 (u^2 + v^2) + k2 (u^2 + v^2)^2
///     result (f s u + u0, f s v + v0)
///
/// R(r) is the rotation by the angle |r| about r, by Rodrigues' formula; if r = 0, its first order,
/// X - C + r x (X - C).
///
/// Source    evals/ba/README.md and cpp/gradbench/evals/ba.hpp of GradBench, from Microsoft's ADBench
std::pair<Var, Var> projected(const std::array<Var, 14>& v) {
  return fuse(
      [](auto r1, auto r2, auto r3, auto C1, auto C2, auto C3, auto f, auto u0, auto v0, auto k1, auto k2, auto X1,
         auto X2, auto X3) {
        auto x1 = X1 - C1, x2 = X2 - C2, x3 = X3 - C3;
        auto square_angle = r1 * r1 + r2 * r2 + r3 * r3;
        auto turns = square_angle > 0.0;
        auto angle = sqrt(where(turns, square_angle, 1.0));
        auto cosine = where(turns, cos(angle), 1.0);
        auto a = where(turns, sin(angle) / angle, 1.0);  // of r x (X - C)
        auto b = (1.0 - cosine) / (angle * angle) * (r1 * x1 + r2 * x2 + r3 * x3);
        auto y1 = cosine * x1 + a * (r2 * x3 - r3 * x2) + b * r1;
        auto y2 = cosine * x2 + a * (r3 * x1 - r1 * x3) + b * r2;
        auto y3 = cosine * x3 + a * (r1 * x2 - r2 * x1) + b * r3;
        auto u = y1 / y3, w = y2 / y3;
        auto q = u * u + w * w;
        auto s = f * (1.0 + q * (k1 + k2 * q));
        return std::pair{s * u + u0, s * w + v0};
      },
      v);
}

/// The two reprojection errors of each observation, w (projection - feature).
std::array<Var, 2> ba_errors(const std::vector<Var>& v, const std::vector<Array>& columns) {
  std::array<Var, 14> of_projection;
  std::copy(v.begin(), v.begin() + 14, of_projection.begin());
  const auto [p, q] = projected(of_projection);
  return {v[14] * (p - constant(columns[15])), v[14] * (q - constant(columns[16]))};
}

struct BaErrors {
  std::vector<double> reprojection, weight;  // [P, 2], [P]
};

BaErrors ba_all_errors(const BaInput& in) {
  BaErrors out;
  out.reprojection.resize(2 * static_cast<std::size_t>(in.P));
  out.weight.resize(static_cast<std::size_t>(in.P));
  for (int begin = 0; begin < in.P; begin += ba_at_once) {
    const int end = std::min(in.P, begin + ba_at_once);
    const std::vector<Array> columns = observations(in, begin, end);
    Tape tape{{.dtype = f64}};
    std::vector<Var> v;
    for (int k = 0; k < ba_variables; ++k) v.push_back(constant(columns[static_cast<std::size_t>(k)]));
    const std::array<Var, 2> e = ba_errors(v, columns);
    const Array values[] = {e[0].value(), e[1].value(), (1 - square(v[14])).value()};
    for (int i = begin; i < end; ++i) {
      const auto at = static_cast<std::size_t>(i);
      out.reprojection[2 * at] = values[0].data<double>()[i - begin];
      out.reprojection[2 * at + 1] = values[1].data<double>()[i - begin];
      out.weight[at] = values[2].data<double>()[i - begin];
    }
  }
  return out;
}

/// A sparse matrix in compressed rows, [3 P, 11 N + 3 M + P]: two rows for each observation's reprojection errors, then
/// one for each weight's error.
struct BaJacobian {
  std::vector<int> rows, columns;
  std::vector<double> values;
};

/// Where the elements are. It does not depend on the values, but is part of the result, and of the time.
void ba_places(const BaInput& in, BaJacobian& J) {
  const auto P = static_cast<std::size_t>(in.P);
  J.rows.resize(3 * P + 1);
  J.columns.resize((2 * ba_variables + 1) * P);
  int* column = J.columns.data();
  for (int i = 0; i < in.P; ++i)
    for (int error = 0; error < 2; ++error) {
      for (int k = 0; k < ba_camera; ++k) *column++ = ba_camera * (i % in.N) + k;
      for (int k = 0; k < 3; ++k) *column++ = ba_camera * in.N + 3 * (i % in.M) + k;
      *column++ = ba_camera * in.N + 3 * in.M + i;
    }
  for (int i = 0; i < in.P; ++i) *column++ = ba_camera * in.N + 3 * in.M + i;
  for (std::size_t r = 0; r <= 2 * P; ++r) J.rows[r] = static_cast<int>(ba_variables * r);
  for (std::size_t r = 2 * P + 1; r <= 3 * P; ++r) J.rows[r] = J.rows[r - 1] + 1;
}

/// Writes the values of observations [begin, end): an error depends only on its own observation's variables, so one
/// reverse pass over all errors of one kind gives their rows.
void ba_values(const BaInput& in, int begin, int end, BaJacobian& J) {
  const std::vector<Array> columns = observations(in, begin, end);
  Tape tape{{.dtype = f64}};
  std::vector<Var> v;
  for (int k = 0; k < ba_variables; ++k) v.push_back(variable(columns[static_cast<std::size_t>(k)]));
  const std::array<Var, 2> e = ba_errors(v, columns);
  const auto write = [&](std::size_t first, std::size_t stride, const Var& g) {
    const Array values = g.value().compact();
    double* out = J.values.data() + first;
    for (int i = 0; i < end - begin; ++i, out += stride) *out = values.data<double>()[i];
  };
  for (std::size_t error = 0; error < 2; ++error) {
    const std::vector<Var> g = vjp(e[error], full({end - begin}, 1), v);
    for (std::size_t k = 0; k < ba_variables; ++k)
      write((2 * static_cast<std::size_t>(begin) + error) * ba_variables + k, 2 * ba_variables, g[k]);
  }
  const Var weight_errors = sum(1 - square(v[14]));
  write(2 * ba_variables * static_cast<std::size_t>(in.P) + static_cast<std::size_t>(begin), 1,
        grad(weight_errors, {v[14]})[0]);
}

BaJacobian ba_jacobian_of(const BaInput& in) {
  BaJacobian J;
  ba_places(in, J);
  J.values.resize(J.columns.size());
  for (int begin = 0; begin < in.P; begin += ba_at_once) ba_values(in, begin, std::min(in.P, begin + ba_at_once), J);
  return J;
}

Problem ba_objective(const Json& input) {
  return problem([in = ba_input(input)] { return ba_all_errors(in); },
                 [](const BaErrors& e) {
                   const Json first = {e.reprojection[0], e.reprojection[1]};
                   return Json{{"reproj_error", {{"elements", first}, {"repeated", e.weight.size()}}},
                               {"w_err", {{"element", e.weight[0]}, {"repeated", e.weight.size()}}}};
                 });
}

/// The output is the first thirty elements of each list and the last one.
template <class T> std::vector<T> ends_of(const std::vector<T>& list) {
  std::vector<T> ends(list.begin(), list.begin() + 2 * ba_variables);
  ends.push_back(list.back());
  return ends;
}

Problem ba_jacobian(const Json& input) {
  return problem([in = ba_input(input)] { return ba_jacobian_of(in); },
                 [](const BaJacobian& J) {
                   return Json{{"rows", ends_of(J.rows)}, {"cols", ends_of(J.columns)}, {"vals", ends_of(J.values)}};
                 });
}

const gradbench::Function ba_functions[] = {{"ba::objective", ba_objective}, {"ba::jacobian", ba_jacobian}};

}  // namespace
