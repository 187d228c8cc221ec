#include <ebb/experiments/report/font.hpp>
#include <ebb/experiments/report/run_program.hpp>
#include <ebb/ops/lower_case.hpp>

namespace ebb::app {
namespace {

using ebb::detail::lower_case;

// A name as fontconfig reads it, in which these characters would begin a size or another name.
std::string as_pattern(const std::string& family) {
  std::string pattern;
  for (const char c : family) pattern += (c == '\\' || c == '-' || c == ',' ? "\\" : "") + std::string(1, c);
  return pattern;
}

}  // namespace

std::string font_instead_of(const std::string& name) {
  const std::string family = name.substr(0, name.find(':'));
  for (const char* const kind : {"serif", "sans", "sans-serif", "monospace"})
    if (lower_case(family) == kind) return {};
  const Ended match = run_program({"fc-match", "--format=%{family}", "--", as_pattern(family)});
  if (!match.found || match.code != 0 || match.out.empty()) return {};
  // A font may have names in several languages.
  const std::string found = "," + lower_case(match.out) + ",";
  if (found.find("," + lower_case(family) + ",") != std::string::npos) return {};
  return match.out.substr(0, match.out.find(','));
}

}  // namespace ebb::app
