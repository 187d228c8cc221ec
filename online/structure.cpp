#include <algorithm>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/online/structure.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/index.hpp>
#include <utility>

namespace ebb {

namespace {

constexpr int probe_rows = 8, probe_draws = 2;

StepPoint random_point(const StepMap& map, int draw) {
  const Key key = Key{17}.named("structure").at(static_cast<std::uint64_t>(draw));
  const DType dtype = map.dtype();
  Array state = initial_state(map.cell(), probe_rows).to(dtype).copy();
  state.range(probe_rows / 2, probe_rows).fill(0);  // a state may begin where nothing has an effect, such as -10,000
  return {.x = normal({probe_rows, map.inputs()}, key.named("x"), 0, 1, dtype),
          .state = state + normal(state.shape(), key.named("state"), 0, .5, dtype),
          .theta = normal({map.count()}, key.named("theta"), 0, .5, dtype)};
}

void mark_nonzero(const Array& values, std::vector<char>& marks) {  // values [B, ...]
  const auto each = static_cast<std::int64_t>(marks.size());
  for (std::int64_t k = 0; k < values.size(); ++k)
    if (values.at_flat(k) != 0) marks[static_cast<std::size_t>(k % each)] = 1;
}

/// Marks the parameter's columns in [S, N], from [S, M] for each of its K rows.
void mark_columns(const StepMap& map, int k, const std::vector<char>& own, std::vector<char>& marks) {
  const auto N = static_cast<std::size_t>(map.count()), M = static_cast<std::size_t>(map.columns_of(k));
  const auto begin = static_cast<std::size_t>(map.parameters().begin(k)),
             K = own.size() / static_cast<std::size_t>(map.size()) == M ? static_cast<std::size_t>(map.rows_of(k)) : 1;
  const std::size_t width = own.size() / static_cast<std::size_t>(map.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(map.size()); ++i)
    for (std::size_t r = 0; r < K; ++r)
      for (std::size_t m = 0; m < width; ++m)
        if (own[i * width + m]) marks[i * N + begin + r * width + m] = 1;
}

}  // namespace

StepStructure structure_of(const StepMap& map, StepPaths paths) {
  const auto S = static_cast<std::size_t>(map.size());
  StepStructure s{.paths = paths,
                  .recurrence = std::vector<char>(S * S),
                  .immediate = std::vector<char>(S * static_cast<std::size_t>(map.count()))};
  Array first;
  for (int draw = 0; draw < probe_draws; ++draw) {
    const StepDerivatives d = map.derivatives(random_point(map, draw), identity_matrix(map.size(), map.dtype()), paths);
    mark_nonzero(d.J, s.recurrence);
    if (!first) first = d.J[0].copy();
    for (std::int64_t k = 0; k < d.J.size(); ++k)
      s.constant = s.constant && d.J.at_flat(k) == first.at_flat(k % first.size());
    for (const ImmediateTerm& t : d.terms) {
      std::vector<char> own(S * static_cast<std::size_t>(t.G.columns()));
      mark_nonzero(t.G, own);
      mark_columns(map, t.parameter, own, s.immediate);
    }
    for (const StepDerivatives::Dense& t : d.dense) {
      std::vector<char> own(S * static_cast<std::size_t>(t.D.columns()));
      mark_nonzero(t.D, own);
      mark_columns(map, t.parameter, own, s.immediate);
    }
  }
  return s;
}

bool is_diagonal(const StepMap& map, const StepStructure& s) {
  const Cell& cell = map.cell();
  const int S = map.size(), H = S / cell.field_count();
  for (int k = 0; k < cell.field_count(); ++k)
    if (cell.field(k).rank != 1 || cell.field(k).width[0] != H) return false;
  for (int i = 0; i < S; ++i)
    for (int j = 0; j < S; ++j)
      if (s.recurrence[static_cast<std::size_t>(i) * static_cast<std::size_t>(S) + static_cast<std::size_t>(j)] &&
          i % H != j % H)
        return false;
  return true;
}

namespace {

/// Adds to `u` the units of one parameter's columns, and which of their values it reaches. Returns the reason why it
/// cannot, or an empty text.
std::string add_parameter(const StepMap& map, const StepStructure& s, int k, Units& u) {
  const std::string name = map.parameters().leaf(k).name();
  if (map.is_dense(k)) return "its parameter " + name + " is used in other ways than in a product or elementwise";
  const auto M = static_cast<std::size_t>(map.columns_of(k)), N = static_cast<std::size_t>(map.count()),
             begin = static_cast<std::size_t>(map.parameters().begin(k));
  std::vector<int> units(M, -1);
  std::vector<char> reached(static_cast<std::size_t>(u.fields) * M);
  for (int i = 0; i < map.size(); ++i)
    for (std::size_t m = 0; m < M; ++m) {
      if (!s.immediate[static_cast<std::size_t>(i) * N + begin + m]) continue;
      if (units[m] >= 0 && units[m] != i % u.units)
        return "a weight of its parameter " + name + " contributes to several units within one step";
      units[m] = i % u.units;
      reached[static_cast<std::size_t>(i / u.units) * M + m] = 1;
    }
  for (int& unit : units) {
    if (unit < 0 && s.paths == StepPaths::all)
      return "a weight of its parameter " + name + " contributes to no unit within one step";
    unit = std::max(unit, 0);
  }
  u.of_column.push_back(std::move(units));
  u.reached.push_back(std::move(reached));
  return {};
}

}  // namespace

std::optional<Units> units_of(const StepMap& map, const StepStructure& s, std::string& why) {
  const Cell& cell = map.cell();
  Units u{.fields = cell.field_count(), .units = map.size() / cell.field_count()};
  for (int k = 0; k < cell.field_count(); ++k)
    if (cell.field(k).rank != 1 || cell.field(k).width[0] != u.units) {
      why = std::string("its field ") + cell.field(k).name + " is not one value per unit";
      return std::nullopt;
    }
  for (int k = 0; k < map.parameters().count(); ++k)
    if (why = add_parameter(map, s, k, u); !why.empty()) return std::nullopt;
  return u;
}

}  // namespace ebb
