#include <ebb/autograd/gradcheck_parts.hpp>

#include <cstring>
#include <ebb/autograd/tape.hpp>
#include <ebb/ops/error.hpp>
#include <iomanip>
#include <ostream>
#include <sstream>

/// The report of gradcheck, and helpers shared by its two checks.
namespace ebb {

bool detail::same_bits(double x, double y) { return std::memcmp(&x, &y, sizeof x) == 0; }
bool detail::same_bits(const Array& a, const Array& b) {
  if (!(a.shape() == b.shape())) return false;
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (!same_bits(a.at_flat(i), b.at_flat(i))) return false;
  return true;
}
std::string detail::not_finite(const std::string& trace) {
  return "not finite: " + (trace.empty() ? "the result or its gradient" : trace);
}

std::vector<std::string> detail::wrong_ops(std::uint64_t seed,
                                           const std::function<void(NodeCheck&, double)>& run_moved) {
  struct Kept {  // values that an op must not overwrite, since they are compared later
    bool before = engine().reuse;
    Kept() { engine().reuse = false; }
    ~Kept() { engine().reuse = before; }
  } kept;
  NodeCheck nodes(seed);
  nodes.begin(NodeCheck::Run::centre, 0);
  run_moved(nodes, 0);
  for (const double step : {1e-4, 1e-5, 1e-6}) {
    nodes.begin(NodeCheck::Run::plus, step);
    run_moved(nodes, step);
    nodes.begin(NodeCheck::Run::minus, step);
    run_moved(nodes, -step);
    nodes.judge();
  }
  return nodes.wrong();
}

namespace {

/// ", 3 of 12 too small to judge: [0, 1], [2, 0], [2, 1]"
std::string too_small_text(const GradcheckEntry& e) {
  if (e.too_small == 0) return {};
  std::string out = ", " + std::to_string(e.too_small) + " of " + std::to_string(e.elements) + " too small to judge:";
  for (std::size_t k = 0; k < e.small_elements.size(); ++k) out += (k ? ", " : " ") + e.small_elements[k];
  return out + (static_cast<std::size_t>(e.too_small) > e.small_elements.size() ? ", ..." : "");
}

}  // namespace

bool GradcheckReport::ok() const {
  if (!deterministic || !failure.empty() || !finding.empty() || entries.empty()) return false;
  for (const GradcheckEntry& e : entries)
    if (!e.ok) return false;
  return true;
}

std::ostream& operator<<(std::ostream& s, const GradcheckReport& r) {
  std::ostringstream out;
  for (const GradcheckEntry& e : r.entries)
    out << (e.ok ? "ok    " : "WRONG ") << std::left << std::setw(20) << e.input << " order " << e.order
        << "  largest error " << std::scientific << std::setprecision(2) << e.error << " at " << e.element
        << ": analytic " << std::setprecision(9) << e.analytic << ", numeric " << e.numeric
        << (e.influence ? "" : "  (has no influence)")
        << (e.pass == "training" || e.pass == "evaluation" ? "  in " + e.pass : "") << too_small_text(e) << "\n";
  for (const std::string& op : r.wrong_ops) out << "wrong gradient of " << op << "\n";
  if (!r.deterministic) out << "not deterministic: two calls with the same values gave different results\n";
  if (!r.finding.empty()) out << r.finding << "\n";
  if (!r.failure.empty()) out << "failed: " << r.failure << "\n";
  return s << out.str();
}

std::string detail::in_value(const char* op, const std::vector<Array>& inputs) {
  std::ostringstream s;
  s << "in " << op << "::value with inputs ";
  for (std::size_t k = 0; k < inputs.size(); ++k) s << (k ? ", " : "") << inputs[k].shape();
  s << ": ";
  return s.str();
}

void detail::throw_wrong_count(const char* op, std::size_t given) {
  throw ValueError(std::string("gradcheck_op: ") + op + " does not take " + std::to_string(given) +
                   (given == 1 ? " input" : " inputs"));
}

}  // namespace ebb
