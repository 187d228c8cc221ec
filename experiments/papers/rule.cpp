#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/papers/rule.hpp>
#include <ebb/experiments/sweep/axis.hpp>
#include <ebb/ops/error.hpp>
#include <sstream>
#include <vector>

namespace ebb::app::papers {
namespace {

using sweep::number_of;

std::vector<std::string> words_in(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

bool Rule::holds(double ours, double paper) const {
  if (!around) return low <= ours && ours <= high;
  return std::abs(ours - paper) <= (percent ? high / 100 * std::abs(paper) : high);
}

Rule rule_of(const std::string& text) {
  const std::vector<std::string> w = words_in(text);
  const auto number = [&](std::size_t k) { return k < w.size() ? number_of(w[k]) : NAN; };
  if (w.size() == 2 && w[0] == "<=" && !std::isnan(number(1))) return {text, -INFINITY, number(1)};
  if (w.size() == 2 && w[0] == ">=" && !std::isnan(number(1))) return {text, number(1), INFINITY};
  if (w.size() == 3 && w[1] == "to" && number(0) <= number(2)) return {text, number(0), number(2)};
  const bool percent = w.size() == 3 && w[2] == "%";
  if ((w.size() == 2 || percent) && w[0] == "within" && number(1) >= 0) return {text, 0, number(1), true, percent};
  throw ValueError(fmt::format(
      "'{}' is no rule: write \"<= X\", \">= X\", \"X to Y\", \"within X\" or \"within X %\" (of the paper's number)",
      text));
}

}  // namespace ebb::app::papers
