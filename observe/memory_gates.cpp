#include <algorithm>
#include <cmath>
#include <ebb/autograd/watch.hpp>
#include <ebb/autograd/watched_values.hpp>
#include <ebb/observe/memory_gates.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <map>
#include <tuple>

namespace ebb {

namespace {

struct FieldPlace {
  std::string name;
  int offset = 0, width = 0;  ///< in the flat state
};

std::vector<FieldPlace> places_of(const Cell& cell) {
  std::vector<FieldPlace> places;
  int offset = 0;
  for (int k = 0; k < cell.field_count(); ++k) {
    const Field& f = cell.field(k);
    int width = 1;
    for (int axis = 0; axis < f.rank; ++axis) width *= f.width[axis];
    places.push_back({f.name, offset, width});
    offset += width;
  }
  return places;
}

/// How far a factor is from the diagonal of a field's Jacobian.
struct Fit {
  double rest = 0, squares = 0;
  void add(double derivative, double factor) {
    rest += (derivative - factor) * (derivative - factor);
    squares += factor * factor;
  }
  double misfit() const { return squares > 0 ? std::sqrt(rest / squares) : std::numeric_limits<double>::infinity(); }
};

/// Where a value multiplies a field: in its units from `from` on.
struct Reading {
  int from = 0;
  bool complement = false;
  double misfit = std::numeric_limits<double>::infinity();
};

/// Sums over one watched value, as the factor f and as 1 - f.
class CandidateGate {
 public:
  CandidateGate(int units, const std::vector<FieldPlace>& places) : units_(units), logs_{sums(units), sums(units)} {
    for (std::vector<std::vector<Fit>>& fits : fits_)
      for (const FieldPlace& p : places) fits.emplace_back(static_cast<std::size_t>(parts_of(p)));
  }

  bool in_unit_interval() const { return inside_; }
  int units() const { return units_; }
  /// How often the value's units fit into a field: once, or once per head. A single number would fit any unit.
  int parts_of(const FieldPlace& p) const {
    return p.width % units_ == 0 && (units_ > 1 || p.width == 1) ? p.width / units_ : 0;
  }

  /// The part of a field, and the factor, that it is nearest to.
  Reading nearest(std::size_t field) const {
    Reading best;
    for (const bool complement : {false, true})
      for (std::size_t part = 0; part < fits_[complement][field].size(); ++part)
        if (const double misfit = fits_[complement][field][part].misfit(); misfit < best.misfit)
          best = {static_cast<int>(part) * units_, complement, misfit};
    return best;
  }

  void add(const Array& values) {
    const double* const v = values.data<double>();
    for (std::int64_t k = 0; k < values.size(); ++k) {
      inside_ = inside_ && v[k] >= 0 && v[k] <= 1;
      const auto unit = static_cast<std::size_t>(k % units_);
      logs_[0][unit] += std::log(v[k]);
      logs_[1][unit] += std::log1p(-v[k]);
    }
    rows_ += static_cast<double>(values.size() / units_);
  }
  void compare(std::size_t field, const FieldPlace& place, const Array& values, const Array& J) {
    const std::int64_t S = J.dim(2), parts = parts_of(place);
    const double *const v = values.data<double>(), *const j = J.data<double>();
    for (std::int64_t b = 0; b < J.dim(0); ++b)
      for (std::int64_t i = 0; i < parts * units_; ++i) {
        const double derivative = j[(b * S + place.offset + i) * S + place.offset + i];
        const double f = v[(b * units_ + i % units_) % values.size()];  // a value without rows is the same for all
        const auto part = static_cast<std::size_t>(i / units_);
        fits_[0][field][part].add(derivative, f);
        fits_[1][field][part].add(derivative, 1 - f);
      }
  }
  Array rates(bool complement) const {
    Array result = Array::empty({units_}, f64);
    for (int i = 0; i < units_; ++i) result.set_flat(i, logs_[complement][static_cast<std::size_t>(i)] / rows_);
    return result;
  }

 private:
  static std::vector<double> sums(int units) { return std::vector<double>(static_cast<std::size_t>(units)); }
  int units_;
  bool inside_ = true;
  double rows_ = 0;                        // of all steps
  std::vector<double> logs_[2];            // of f, of 1 - f
  std::vector<std::vector<Fit>> fits_[2];  // likewise, by field and its part
};

using Candidates = std::map<std::string, CandidateGate>;

/// U of a value [B, ...], or of one without rows.
int units_of(const Array& values, int rows) {
  const bool by_row = values.rank() > 1 && values.dim(0) == rows;
  return static_cast<int>(by_row ? values.size() / rows : values.size());
}

void add_step(Candidates& all, const Watch& seen, const std::vector<FieldPlace>& places, int rows, const Array& J) {
  for (const std::string& name : seen.names()) {
    const Array values = seen[name][0].to(f64).compact();
    const int units = units_of(values, rows);
    if (units == 0) continue;
    CandidateGate& c = all.try_emplace(name, units, places).first->second;
    if (c.units() != units) continue;
    for (std::size_t k = 0; J && k < places.size(); ++k) c.compare(k, places[k], values, J);
    c.add(values);
  }
}

Candidates candidates_along(const Cell& cell, const Drive& drive, const Array& start, const MemoryGateOptions& o,
                            const std::vector<FieldPlace>& places) {
  Candidates all;
  const int every = std::max(1, drive.steps() / o.probes);
  for (Trajectory s(cell, drive, start, o.at); !s.ended();) {
    if (s.time() == 0 && drive.steps() > 1) {  // its gate multiplies the initial state, in which nothing is kept yet
      s.advance();
      continue;
    }
    const bool probed = (s.time() + 1) % every == 0;
    const Array J = probed ? s.jacobian().compact() : Array();
    const Watch seen;
    const detail::WatchRun run(nullptr);
    run.step(s.rows());  // so that a value without rows is recognised
    s.advance();
    add_step(all, seen, places, s.rows(), J);
  }
  return all;
}

Array time_scales_of(const Array& rates) {
  Array result = Array::empty({static_cast<int>(rates.size())}, f64);
  for (std::int64_t i = 0; i < rates.size(); ++i) result.set_flat(i, 1 / std::abs(rates.at_flat(i)));
  return result;
}

}  // namespace

std::vector<MemoryGate> memory_gates(const Cell& cell, const Drive& drive, const Array& start,
                                     const MemoryGateOptions& o) {
  if (!(o.misfit >= 0)) throw ValueError("memory_gates: the misfit is at least 0, not " + std::to_string(o.misfit));
  if (o.probes < 1) throw ValueError("memory_gates: at least one step is probed, not " + std::to_string(o.probes));
  const std::vector<FieldPlace> places = places_of(cell);
  const Candidates all = candidates_along(cell, drive, start, o, places);
  std::vector<MemoryGate> found;
  for (std::size_t k = 0; k < places.size(); ++k) {
    std::vector<MemoryGate> of_field;
    for (const auto& [name, c] : all) {
      const Reading r = c.nearest(k);
      if (!c.in_unit_interval() || !(r.misfit <= o.misfit)) continue;
      MemoryGate gate{.name = name,
                      .field = places[k].name,
                      .from = r.from,
                      .complement = r.complement,
                      .misfit = r.misfit,
                      .rate_of_units = c.rates(r.complement),
                      .time_scales = {}};
      gate.time_scales = detail::quartiles_of(time_scales_of(gate.rate_of_units));
      of_field.push_back(std::move(gate));
    }
    std::sort(of_field.begin(), of_field.end(), [](const MemoryGate& a, const MemoryGate& b) {
      return std::tie(a.from, a.misfit, a.name) < std::tie(b.from, b.misfit, b.name);
    });
    for (MemoryGate& gate : of_field)
      if (!o.best || found.empty() || found.back().field != gate.field || found.back().from != gate.from)
        found.push_back(std::move(gate));
  }
  return found;
}

double MemoryGate::alone(int first, int last) const {
  if (first < 0 || first >= last)
    throw ValueError("MemoryGate::alone: lags " + std::to_string(first) + " to " + std::to_string(last));
  const double* const rate = rate_of_units.data<double>();
  const std::int64_t U = rate_of_units.size();
  const double slowest = *std::max_element(rate, rate + U);
  if (std::isinf(slowest)) return slowest;
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (int lag = first; lag <= last; ++lag) {
    double sum = 0;
    for (std::int64_t i = 0; i < U; ++i) sum += lag == 0 ? 1 : std::exp(2 * lag * (rate[i] - slowest));  // not 0 * -inf
    const double from_first = lag - first, ln = lag * slowest + .5 * std::log(sum / static_cast<double>(U));
    n += 1;
    x += from_first;
    y += ln;
    xx += from_first * from_first;
    xy += from_first * ln;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

}  // namespace ebb
