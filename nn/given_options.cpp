#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/nearest.hpp>
#include <ebb/nn/option_name.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>
#include <limits>
#include <optional>

namespace ebb {

namespace {

std::string trim(const std::string& s) {
  const std::size_t a = s.find_first_not_of(" \t"), b = s.find_last_not_of(" \t");
  return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> list{""};
  for (const char c : text) {
    if (c == separator) list.emplace_back();
    else list.back() += c;
  }
  return list;
}

std::optional<double> finite_number(const std::string& text) {
  double x = 0;
  return detail::parse_number(text, x) == detail::Parsed::finite ? std::optional(x) : std::nullopt;
}

}  // namespace

std::string name_before_options(const std::string& text) { return trim(text.substr(0, text.find(':'))); }

GivenOptions GivenOptions::after_name(const std::string& text, const std::string& first) {
  const std::size_t colon = text.find(':');
  if (colon != std::string::npos) return {name_before_options(text), text.substr(colon + 1), first};
  GivenOptions none;
  none.owner_ = name_before_options(text);
  return none;
}

// "activation=relu,recurrent=orthogonal"
GivenOptions::GivenOptions(std::string owner, const std::string& text, const std::string& first)
    : owner_(std::move(owner)) {
  for (const std::string& part : split(text, ',')) {
    std::string item = trim(part);
    if (!first.empty() && !item.empty() && item.find('=') == std::string::npos) item.insert(0, first + "=");
    const std::size_t equals = item.find('=');
    if (item.empty() || equals == 0)
      throw ValueError(fmt::format(
          "{0}: the name of an option is missing in '{0}:{1}'; options are written {0}:name=value,name=value", owner_,
          text));
    if (equals == std::string::npos)
      throw ValueError(fmt::format("{0}: option '{1}' has no value; options are written {0}:{1}=value", owner_, item));
    const std::string name = trim(item.substr(0, equals));
    for (const Given& g : given_)
      if (g.name == name) throw ValueError(fmt::format("{}: option '{}' is given twice", owner_, name));
    given_.push_back({name, trim(item.substr(equals + 1))});
  }
}

const std::string* GivenOptions::asked(const std::string& name, const std::string& default_value,
                                       const std::string& help) {
  detail::check_option_name(owner_, name);
  const auto same = [&](const OptionInfo& o) { return o.name == name; };
  const auto before = std::find_if(known_.begin(), known_.end(), same);
  if (before == known_.end()) known_.push_back({name, default_value, help});
  else if (before->default_value != default_value || before->help != help)  // equal queries: two layers of one kind
    throw ValueError(fmt::format("{}: option '{}' is declared twice, as {}={} ({}) and as {}={} ({})", owner_, name,
                                 name, before->default_value, before->help, name, default_value, help));
  for (Given& g : given_) {
    if (g.name != name) continue;
    g.known = true;
    return &g.value;
  }
  return nullptr;
}

const std::string* GivenOptions::unlisted(const std::string& name) {
  unlisted_.push_back(name);
  for (Given& g : given_) {
    if (g.name != name) continue;
    g.known = true;
    return &g.value;
  }
  return nullptr;
}

void GivenOptions::declared_wrong(const std::string& name, const std::string& what) const {
  throw ValueError(fmt::format("{}option {}: {}", owner_.empty() ? "" : owner_ + ": ", name, what));
}

void GivenOptions::wrong(const std::string& name, const std::string& value, const std::string& what) const {
  throw ValueError(fmt::format("{}: option {}: '{}' is {}", owner_, name, value, what));
}

OptionValue GivenOptions::number(const std::string& name, double default_value, const std::string& help) {
  const std::string* const value = asked(name, fmt::format("{:g}", default_value), help);
  if (!value) return OptionValue(default_value);
  const std::optional<double> x = finite_number(*value);
  if (!x) wrong(name, *value, "not a number");
  return OptionValue(*x);
}

std::int64_t GivenOptions::whole(const std::string& name, IntegerArgument default_value, IntegerArgument low,
                                 IntegerArgument high, const std::string& help) {
  for (const auto& [limit, x] : {std::pair{"lower", low}, {"upper", high}})
    if (!x.exact()) declared_wrong(name, fmt::format("the {} limit {} is not an integer", limit, x.written()));
  const std::string range = fmt::format("not an integer from {} to {}", low.value(), high.value());
  if (!default_value.exact()) declared_wrong(name, fmt::format("the default {} is {}", default_value.written(), range));
  const std::string* const value = asked(name, fmt::format("{}", default_value.value()), help);
  if (!value) {
    if (default_value.value() < low.value() || default_value.value() > high.value())
      declared_wrong(name, fmt::format("the default {} is {}", default_value.value(), range));
    return default_value.value();
  }
  const std::optional<double> x = finite_number(*value);  // accepts 2e4
  if (!x || *x != std::floor(*x) || *x < low.written() || *x > high.written()) wrong(name, *value, range);
  return static_cast<std::int64_t>(*x);
}

bool GivenOptions::flag(const std::string& name, bool default_value, const std::string& help) {
  const std::string* const value = asked(name, default_value ? "true" : "false", help);
  if (!value) return default_value;
  if (*value == "true" || *value == "1") return true;
  if (*value == "false" || *value == "0") return false;
  wrong(name, *value, "neither true nor false");
}

int GivenOptions::choice(const std::string& name, const std::string& choices, const std::string& help) {
  const std::string* const value = asked(name, choices, help);
  if (!value) return 0;
  const std::vector<std::string> list = split(choices, '|');
  for (std::size_t k = 0; k < list.size(); ++k)
    if (list[k] == *value) return static_cast<int>(k);
  const std::string near = nearest(*value, list);
  wrong(name, *value, "none of " + choices + (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

std::string GivenOptions::word(const std::string& name, const std::string& default_value, const std::string& help) {
  const std::string* const value = asked(name, default_value, help);
  return value ? *value : default_value;
}

void GivenOptions::declared_once(const std::string& name) const {
  for (const OptionInfo& o : known_)
    if (o.name == name) throw ValueError(fmt::format("{}: option '{}' is declared twice", owner_, name));
}

GivenOptions& GivenOptions::operator()(const char* name, double& x, const char* help) {
  declared_once(name);
  x = number(name, x, help);
  return *this;
}

GivenOptions& GivenOptions::operator()(const char* name, bool& x, const char* help) {
  declared_once(name);
  x = flag(name, x, help);
  return *this;
}

GivenOptions& GivenOptions::operator()(const char* name, std::string& x, const char* help) {
  declared_once(name);
  x = word(name, x, help);
  return *this;
}

GivenOptions& GivenOptions::operator()(const char* name, int& x, const char* help) {
  declared_once(name);
  x = static_cast<int>(whole(name, x, std::numeric_limits<int>::min(), std::numeric_limits<int>::max(), help));
  return *this;
}

GivenOptions& GivenOptions::operator()(const char* name, std::int64_t& x, const char* help) {
  declared_once(name);
  constexpr std::int64_t most = std::int64_t{1} << 53;  // integers that a double represents exactly
  x = whole(name, x, -most, most, help);
  return *this;
}

std::string GivenOptions::list() const {
  std::string all;
  for (const OptionInfo& k : known_)
    all += fmt::format("{}{}={} ({})", all.empty() ? "" : ", ", k.name, k.default_value, k.help);
  return all;
}

void GivenOptions::reject_unknown(const std::string& more) const {
  std::vector<std::string> names;
  for (const OptionInfo& k : known_) names.push_back(k.name);
  names.insert(names.end(), unlisted_.begin(), unlisted_.end());
  for (const Given& g : given_) {
    if (g.known) continue;
    const std::string near = nearest(g.name, names);
    throw ValueError(fmt::format("{}: there is no option '{}'{}; {}{}", owner_, g.name,
                                 near.empty() ? "" : fmt::format("; did you mean '{}'?", near),
                                 known_.empty() ? "it has none" : "the options are " + list(), more));
  }
}

}  // namespace ebb
