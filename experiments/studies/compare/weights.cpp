#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app::compare {
namespace {

constexpr int widest = 1 << 16, widest_step = 256;

bool is_table(const std::string& name) {
  const std::string last = name.substr(name.rfind('/') + 1);
  return last == "words" || last == "letters" || name.rfind("embedding/", 0) == 0 ||
         name.find("/embedding/") != std::string::npos;
}

}  // namespace

std::set<std::string> tables_of(const Task& task, TaskSettings s) {
  s.hidden = 4;
  const Model narrow{task, "rnn", s, 1};
  s.hidden = 8;
  const Model wide{task, "rnn", s, 1};
  std::set<std::string> names;
  for (int k = 0; k < narrow.w.count(); ++k)
    if (is_table(narrow.w[k].name()) && narrow.w[k].shape() == wide.w[k].shape()) names.insert(narrow.w[k].name());
  return names;
}

Weights weights_of(const Model& m, const std::set<std::string>& tables) {
  Weights w;
  for (int k = 0; k < m.w.count(); ++k)
    if (m.w[k].trained()) (tables.contains(m.w[k].name()) ? w.tables : w.counted) += m.w[k].shape().size();
  return w;
}

int least_width(const std::string& cell, TaskSettings s) {
  for (s.hidden = 1; s.hidden <= widest_step; ++s.hidden) {
    Params scratch;
    try {
      Recurrence{cell, s}.layer(scratch / "", 1);
      return s.hidden;
    } catch (const ValueError&) {}
  }
  s.hidden = 1;
  Params scratch;
  Recurrence{cell, s}.layer(scratch / "", 1);  // throws the reason
  return 1;
}

int width_for(std::int64_t budget, int step, const std::function<std::int64_t(int)>& at) {
  int low = 1, high = 2;  // in steps: too few weights at low, enough at high, if possible
  while (high * step < widest && at(high * step) < budget) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (at(middle * step) < budget ? low : high) = middle;
  }
  const auto off = [&](int k) { return std::abs(at(k * step) - budget); };
  return (off(low) <= off(high) ? low : high) * step;
}

}  // namespace ebb::app::compare
