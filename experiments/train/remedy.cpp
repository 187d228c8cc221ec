#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/train/remedy.hpp>
#include <ebb/ops/rethrow.hpp>

namespace ebb::app {
namespace {

/// Whether a + belongs to a number, as in omega:1e+1.
bool is_exponent(const std::string& text, std::size_t plus) {
  return plus >= 2 && text[plus - 1] == 'e' && text[plus - 2] >= '0' && text[plus - 2] <= '9';
}

std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts;
  if (text.empty() || text == "none") return parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t end = text.find('+', begin);
    while (end != std::string::npos && is_exponent(text, end)) end = text.find('+', end + 1);
    end = std::min(end, text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

Remedy::~Remedy() = default;
PenaltyOnRun::~PenaltyOnRun() = default;
GradientRule::~GradientRule() = default;
OwnUpdates::~OwnUpdates() = default;

std::vector<std::unique_ptr<const Remedy>> make_remedies(const std::string& text) {
  std::vector<std::unique_ptr<const Remedy>> all;
  for (const std::string& part : parts_of(text)) {
    const std::string name = name_before_options(part);
    if (name == "none") throw ValueError(fmt::format("'{}': 'none' stands alone", text));
    const RemedyEntry& entry = Registry<RemedyEntry>::get(name);
    for (const auto& other : all)
      if (name_before_options(other->text()) == name)
        throw ValueError(fmt::format("'{}' has the remedy '{}' twice", text, name));
    GivenOptions given = GivenOptions::after_name(part, entry.first);
    std::unique_ptr<Remedy> made = ebb::detail::named_call("remedy", entry.name, [&] { return entry.make(given); });
    given.reject_unknown();
    made->text_ = part;
    all.push_back(std::move(made));
  }
  return all;
}

std::vector<OptionInfo> remedy_options(const std::string& name) {
  const RemedyEntry& entry = Registry<RemedyEntry>::get(name);
  GivenOptions given = GivenOptions::after_name(entry.name);
  ebb::detail::named_call("remedy", entry.name, [&] { return entry.make(given); });
  return given.known();
}

}  // namespace ebb::app
