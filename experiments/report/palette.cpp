#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <ebb/experiments/report/palette.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

namespace ebb::app {
namespace {

constexpr Hue all_hues[] = {{"blue", "#040098", "#434ef7"},  {"vermilion", "#c85c00", "#e1790b"},
                            {"green", "#007362", "#30c981"}, {"wine", "#880537", "#b1648a"},
                            {"sky", "#259fbf", "#13e7ff"},   {"yellow", "#d8a600", "#ffff94"}};

constexpr const char* all_markers[] = {"circle", "square", "triangle-up", "diamond", "triangle-down", "cross"};

// Cells that are usually compared, and variants with what they vary, differ in hue.
const std::map<std::string, Style>& fixed_styles() {
  enum { circle, square, triangle, diamond, wedge, cross };
  enum { blue, vermilion, green, wine, sky, yellow };
  enum { solid, dash_dot };
  static const std::map<std::string, Style> table{{"lstm", {blue, solid, circle}},
                                                  {"gru", {vermilion, solid, square}},
                                                  {"rnn", {green, solid, triangle}},
                                                  {"mgu", {wine, solid, diamond}},
                                                  {"tcn", {sky, solid, wedge}},
                                                  {"transformer", {yellow, solid, cross}},
                                                  {"lstm-peephole", {sky, solid, circle}},
                                                  {"lstm-layernorm", {yellow, solid, circle}},
                                                  {"cifg", {vermilion, dash_dot, circle}},
                                                  {"janet", {wine, dash_dot, circle}},
                                                  {"slstm", {green, dash_dot, circle}},
                                                  {"minlstm", {sky, dash_dot, diamond}},
                                                  {"gru-course", {sky, dash_dot, square}},
                                                  {"mingru", {blue, dash_dot, square}},
                                                  {"fastgrnn", {yellow, dash_dot, square}},
                                                  {"irnn", {yellow, solid, triangle}},
                                                  {"indrnn", {vermilion, dash_dot, triangle}},
                                                  {"exprnn", {wine, dash_dot, triangle}},
                                                  {"antisymmetric", {blue, dash_dot, triangle}},
                                                  {"cornn", {sky, dash_dot, cross}},
                                                  {"lem", {yellow, dash_dot, wedge}},
                                                  {"lstm-greff", {blue, dash_dot, circle}},
                                                  {"mi-lstm", {green, solid, circle}},
                                                  {"mlstm", {wine, solid, circle}},
                                                  {"minimalrnn", {green, dash_dot, square}},
                                                  {"sru", {wine, dash_dot, square}},
                                                  {"qrnn", {vermilion, dash_dot, square}},
                                                  {"np-rnn", {vermilion, solid, triangle}},
                                                  {"rhn", {sky, dash_dot, triangle}},
                                                  {"clockwork", {green, dash_dot, triangle}},
                                                  {"unicornn", {vermilion, dash_dot, cross}},
                                                  {"lru", {green, dash_dot, diamond}},
                                                  {"lru-real", {vermilion, dash_dot, diamond}},
                                                  {"lstm-fgr", {vermilion, solid, circle}},
                                                  {"lstm-original", {wine, solid, square}},
                                                  {"s4d", {green, solid, diamond}},
                                                  {"lmu", {wine, dash_dot, wedge}}};
  return table;
}

bool is_fixed(const Style& s) {
  const auto& all = fixed_styles();
  return std::any_of(all.begin(), all.end(), [&](const auto& entry) { return entry.second == s; });
}

/// "mycell" of "mycell:width=3, forward".
std::string cell_of(const std::string& name) { return name.substr(0, name.find_first_of(":,")); }

bool is_cell(const std::string& name) {
  const std::string cell = cell_of(name);
  const auto cells = cell_list();
  const auto layers = layer_list();
  return fixed_style(cell) || std::any_of(cells.begin(), cells.end(), [&](const auto& c) { return c.name == cell; }) ||
         std::any_of(layers.begin(), layers.end(), [&](const auto* l) { return l->name == cell; });
}

/// FNV-1a: the same in every build, unlike std::hash.
std::uint64_t hash_of(const std::string& name) {
  std::uint64_t h = 14695981039346656037U;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return h;
}

bool is_style(const nlohmann::ordered_json& j) {
  const auto within = [&](const char* part, std::size_t n) {
    return j.contains(part) && j[part].is_number_unsigned() && j[part].get<std::uint64_t>() < n;
  };
  return j.is_object() && within("hue", std::size(all_hues)) && within("dash", 2) &&
         within("marker", std::size(all_markers));
}

}  // namespace

std::span<const Hue> hues() { return all_hues; }
std::span<const char* const> markers() { return all_markers; }

std::vector<int> dash_pattern(int dash, bool second) {
  if (second) return dash == 0 ? std::vector<int>{7, 4} : std::vector<int>{2, 3};
  return dash == 0 ? std::vector<int>{} : std::vector<int>{10, 3, 2, 3};
}

const Style* fixed_style(const std::string& cell) {
  const auto at = fixed_styles().find(cell);
  return at == fixed_styles().end() ? nullptr : &at->second;
}

const Style* Palette::find(const std::string& name) const {
  const auto at = styles_.find(name);
  return at == styles_.end() ? nullptr : &at->second;
}

Style Palette::of(const std::string& name) {
  if (const Style* known = find(name)) return *known;
  if (const Style* fixed = fixed_style(name)) return styles_[name] = *fixed;
  if (is_cell(name)) {
    taken_.push_back(name);
    return styles_[name] = free_style(name);
  }
  return styles_[name] = next_style();
}

void Palette::add(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (fixed_style(name)) of(name);
  for (const std::string& name : names) of(name);
}

bool Palette::used(const Style& s) const {
  return std::any_of(styles_.begin(), styles_.end(), [&](const auto& entry) { return entry.second == s; });
}

std::array<int, 6> Palette::uses_of_hues() const {
  std::array<int, std::size(all_hues)> uses{};
  for (const auto& [name, style] : styles_) ++uses[static_cast<std::size_t>(style.hue)];
  return uses;
}

// Of the free ones, those whose colour and dash the report has least, because markers are sparse, and then those whose
// hue; hues of lstm, gru and rnn last, because a new cell is usually compared with them.
Style Palette::free_style(const std::string& name) const {
  constexpr int last_usual = 2;  // blue, vermilion and green are those of lstm, gru and rnn
  const std::uint64_t start = hash_of(name);
  const std::array<int, std::size(all_hues)> uses = uses_of_hues();
  Style best;
  std::tuple<int, std::ptrdiff_t, int, bool, std::uint64_t> least{1 << 30, 0, 0, false, 0};
  for (std::uint64_t k = 0; k < 72; ++k) {
    const Style s{static_cast<int>(k % 6), static_cast<int>(k / 6 % 2), static_cast<int>(k / 12)};
    const auto alike = std::count_if(styles_.begin(), styles_.end(), [&](const auto& entry) {
      return entry.second.hue == s.hue && entry.second.dash == s.dash;
    });
    const std::tuple now{2 * used(s) + is_fixed(s), alike, uses[static_cast<std::size_t>(s.hue)], s.hue <= last_usual,
                         (k + 72 - start % 72) % 72};
    if (now < least) {
      least = now;
      best = s;
    }
  }
  return best;
}

// Of the hue that the report has least, with a dash and a marker that are not those of a shipped cell.
Style Palette::next_style() const {
  const std::array<int, std::size(all_hues)> uses = uses_of_hues();
  Style best;
  std::tuple<bool, int, int, bool, int> least{true, 1 << 30, 0, false, 0};
  for (int hue = 0; hue < 6; ++hue)
    for (int k = 0; k < 12; ++k) {
      const int before = uses[static_cast<std::size_t>(hue)];
      const Style s{hue, (before + k / 6) % 2, (hue + before + k) % 6};
      const std::tuple now{used(s), before, hue, is_fixed(s), k};
      if (now < least) {
        least = now;
        best = s;
      }
    }
  return best;
}

std::string Palette::recorded() const {
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  for (const std::string& name : taken_) {
    const Style& s = styles_.at(name);
    all[name] = {{"hue", s.hue}, {"dash", s.dash}, {"marker", s.marker}};
  }
  return all.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Palette::recall(const std::string& text) {
  const auto all = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!all.is_object()) return;
  for (const auto& [name, style] : all.items()) {
    if (!is_style(style) || find(name) || fixed_style(name)) continue;
    const Style s{style["hue"], style["dash"], style["marker"]};
    if (used(s) || is_fixed(s)) continue;
    styles_[name] = s;
    taken_.push_back(name);
  }
}

}  // namespace ebb::app
