#include <array>
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/palette.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <functional>
#include <numbers>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "catch.hpp"

namespace palette_test {

using namespace ebb::app;

namespace {

using Triple = std::array<double, 3>;

Triple times(const std::array<Triple, 3>& m, const Triple& v) {
  Triple y{};
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 3; ++c) y[r] += m[r][c] * v[c];
  return y;
}

/// Linear RGB of "#rrggbb" (IEC 61966-2-1).
Triple linear(const std::string& hex) {
  const long bits = std::strtol(hex.c_str() + 1, nullptr, 16);
  Triple rgb{};
  for (std::size_t k = 0; k < 3; ++k) {
    const double c = static_cast<double>(bits >> (16 - 8 * k) & 255) / 255;
    rgb[k] = c <= .04045 ? c / 12.92 : std::pow((c + .055) / 1.055, 2.4);
  }
  return rgb;
}

constexpr std::array<Triple, 3> to_xyz{
    {{.4124564, .3575761, .1804375}, {.2126729, .7151522, .0721750}, {.0193339, .1191920, .9503041}}};

/// CIELAB under D65.
Triple lab(const Triple& rgb) {
  const Triple xyz = times(to_xyz, rgb), white = times(to_xyz, {1, 1, 1});
  Triple f{};
  for (std::size_t k = 0; k < 3; ++k) {
    const double x = xyz[k] / white[k];
    f[k] = x > 216.0 / 24389 ? std::cbrt(x) : (24389.0 / 27 * x + 16) / 116;
  }
  return {116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

/// CIEDE2000, as in Sharma, Wu & Dalal 2005.
double difference(const Triple& one, const Triple& two) {
  const auto rad = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const double mean_c = (std::hypot(one[1], one[2]) + std::hypot(two[1], two[2])) / 2;
  const double g = .5 * (1 - std::sqrt(std::pow(mean_c, 7) / (std::pow(mean_c, 7) + std::pow(25.0, 7))));
  const auto polar = [&](const Triple& x) {
    const double a = (1 + g) * x[1], h = std::atan2(x[2], a) * 180 / std::numbers::pi;
    return std::pair{std::hypot(a, x[2]), h < 0 ? h + 360 : h};
  };
  const auto [c1, h1] = polar(one);
  const auto [c2, h2] = polar(two);
  double dh = c1 * c2 == 0 ? 0 : h2 - h1;
  if (dh > 180) dh -= 360;
  if (dh < -180) dh += 360;
  double h = h1 + h2;
  if (c1 * c2 != 0) h = std::abs(h1 - h2) <= 180 ? h / 2 : h < 360 ? h / 2 + 180 : h / 2 - 180;
  const double dl = two[0] - one[0], dc = c2 - c1, big_dh = 2 * std::sqrt(c1 * c2) * std::sin(rad(dh / 2));
  const double l = (one[0] + two[0]) / 2, c = (c1 + c2) / 2;
  const double t = 1 - .17 * std::cos(rad(h - 30)) + .24 * std::cos(rad(2 * h)) + .32 * std::cos(rad(3 * h + 6)) -
                   .2 * std::cos(rad(4 * h - 63));
  const double sl = 1 + .015 * (l - 50) * (l - 50) / std::sqrt(20 + (l - 50) * (l - 50)), sc = 1 + .045 * c,
               sh = 1 + .015 * c * t;
  const double rt = -2 * std::sqrt(std::pow(c, 7) / (std::pow(c, 7) + std::pow(25.0, 7))) *
                    std::sin(rad(60 * std::exp(-std::pow((h - 275) / 25, 2))));
  return std::sqrt(std::pow(dl / sl, 2) + std::pow(dc / sc, 2) + std::pow(big_dh / sh, 2) +
                   rt * (dc / sc) * (big_dh / sh));
}

/// How a colour looks: severity 1 of Machado, Oliveira & Fernandes 2009, table 1, in linear RGB; or its luminance.
using View = std::function<Triple(const Triple&)>;
View without(const std::array<Triple, 3>& m) {
  return [=](const Triple& rgb) {
    Triple seen = times(m, rgb);
    for (double& x : seen) x = std::fmin(std::fmax(x, 0), 1);
    return seen;
  };
}
const View normal = [](const Triple& rgb) { return rgb; };
const View grey = [](const Triple& rgb) {
  const double y = times(to_xyz, rgb)[1];
  return Triple{y, y, y};
};
const View protan =
    without({{{.152286, 1.052583, -.204868}, {.114503, .786281, .099216}, {-.003882, -.048116, 1.051998}}});
const View deutan =
    without({{{.367322, .860646, -.227968}, {.280085, .672501, .047413}, {-.011820, .042940, .968881}}});
const View tritan =
    without({{{1.255528, -.076749, -.178779}, {-.078411, .930809, .147602}, {.004733, .691367, .303900}}});

double least_difference(const char* const Hue::* on, const View& view) {
  double least = 1e9;
  for (const Hue& a : hues())
    for (const Hue& b : hues())
      if (&a < &b) least = std::fmin(least, difference(lab(view(linear(a.*on))), lab(view(linear(b.*on)))));
  return least;
}

double luminance(const std::string& hex) { return times(to_xyz, linear(hex))[1]; }
double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(a) + .05, y = luminance(b) + .05;
  return std::fmax(x, y) / std::fmin(x, y);
}

}  // namespace

TEST_CASE("the distance between colours agrees with the published examples") {
  // Sharma, Wu & Dalal 2005, table 1, pairs 1, 7, 17 and 25
  CHECK(difference({50, 2.6772, -79.7751}, {50, 0, -82.7485}) == Approx(2.0425).epsilon(1e-4));
  CHECK(difference({50, 0, 0}, {50, -1, 2}) == Approx(2.3669).epsilon(1e-4));
  CHECK(difference({50, 2.5, 0}, {73, 25, -18}) == Approx(27.1492).epsilon(1e-5));
  CHECK(difference({60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}) == Approx(1.2644).epsilon(1e-4));
}

TEST_CASE("six hues are distinct for everybody, in grey, and from the page, on white and dark pages") {
  REQUIRE(hues().size() == 6);
  for (const char* const Hue::* on : {&Hue::light, &Hue::dark}) {
    INFO((on == &Hue::light ? "light" : "dark"));
    CHECK(least_difference(on, normal) > 25);
    CHECK(least_difference(on, protan) > 15);
    CHECK(least_difference(on, deutan) > 14);
    CHECK(least_difference(on, tritan) > 10.5);
    CHECK(least_difference(on, grey) > 8);
  }
  for (const Hue& h : hues()) {
    INFO(h.name);
    CHECK(contrast(h.light, "#fdfdfb") > 2.1);
    CHECK(contrast(h.dark, "#14181b") > 3);
  }
}

TEST_CASE("shipped cells have fixed styles that differ, and those usually compared differ in hue") {
  std::set<std::tuple<int, int, int>> seen;
  for (const ebb::CellInfo& c : ebb::cell_list()) {
    if (c.file.find("tests/") != std::string::npos || c.file.find("observe") != std::string::npos) continue;
    INFO(c.name);
    const Style* s = fixed_style(c.name);
    if (!s) continue;  // registered by another test of this program
    CHECK(seen.insert({s->hue, s->dash, s->marker}).second);
  }
  CHECK(seen.size() >= 19);
  std::set<int> common;
  for (const char* name : {"lstm", "gru", "rnn", "mgu", "tcn", "transformer"}) common.insert(fixed_style(name)->hue);
  CHECK(common.size() == 6);
}

TEST_CASE("a cell with options takes a free style, which is recorded and recalled") {
  Palette first;
  CHECK(first.of("lstm") == *fixed_style("lstm"));
  const Style own = first.of("rnn:recurrent=orthogonal"), second = first.of("rnn:recurrent=xavier");
  CHECK(first.of("rnn:recurrent=orthogonal") == own);
  CHECK(own.hue != second.hue);
  for (const char* shipped : {"lstm", "gru", "rnn"}) CHECK(own.hue != fixed_style(shipped)->hue);
  CHECK(first.recorded().find("\"lstm\"") == std::string::npos);

  Palette alone;
  CHECK(alone.of("rnn:recurrent=orthogonal") == own);  // the name chooses

  // Others on the page change what is free, unless a run recorded it.
  Palette other;
  other.recall(first.recorded());
  CHECK(other.of("gru") == *fixed_style("gru"));
  CHECK(other.of("rnn:recurrent=xavier") == second);
  CHECK(other.recorded() == first.recorded());
}

TEST_CASE("a cell with options avoids the colours of the cells beside it, whatever their order") {
  const std::string own = "rnn:activation=linear,recurrent=orthogonal";
  for (const char* cell : {"exprnn", "janet", "mgu", "tcn", "transformer", "cornn", "lem", "fastgrnn"}) {
    INFO(cell);
    Palette first, second;
    first.add({own, cell, "lstm"});
    second.add({"lstm", cell, own});
    CHECK(first.of(own) == second.of(own));
    CHECK(first.of(cell) == *fixed_style(cell));
    CHECK(first.of(own).hue != first.of(cell).hue);
    CHECK(first.of(own).hue != first.of("lstm").hue);
  }
}

TEST_CASE("two names never have the same style while one is free, and colour and dash are shared last") {
  Palette p;
  std::vector<std::string> cells{"lstm"};
  for (int k = 0; k < 11; ++k) cells.push_back("rnn:scale=" + std::to_string(k));
  p.add(cells);
  std::set<std::pair<int, int>> strokes;
  for (const std::string& name : cells) strokes.insert({p.of(name).hue, p.of(name).dash});
  CHECK(strokes.size() == 12);
  std::set<std::tuple<int, int, int>> seen;
  for (const std::string& name : cells) seen.insert({p.of(name).hue, p.of(name).dash, p.of(name).marker});
  for (int k = 0; k < 20; ++k) {
    const Style s = p.of((k % 2 ? "gru:scale=" : "threshold ") + std::to_string(k));
    CHECK(seen.insert({s.hue, s.dash, s.marker}).second);
  }
  const Style late = p.of("exprnn");
  CHECK(seen.insert({late.hue, late.dash, late.marker}).second);  // there are enough that no cell owns
}

TEST_CASE("runs that recorded the same style for different names do not share it on one page") {
  Palette one, page;
  const Style s = one.of("rnn:recurrent=orthogonal");
  const std::string other = "{\"gru:scale=2\": " + one.recorded().substr(one.recorded().find(": {") + 2);
  page.recall(one.recorded());
  page.recall(other);
  CHECK(page.of("rnn:recurrent=orthogonal") == s);  // the first one keeps it
  CHECK_FALSE(page.of("gru:scale=2") == s);
  Palette of_a_shipped_cell;
  of_a_shipped_cell.recall(R"({"gru:scale=2": {"hue": 0, "dash": 0, "marker": 0}})");
  CHECK_FALSE(of_a_shipped_cell.of("gru:scale=2") == of_a_shipped_cell.of("lstm"));
}

TEST_CASE("a record that is not a palette changes nothing") {
  for (const char* text : {"", "[]", "{", R"({"rnn:activation=relu": {"hue": 6, "dash": 0, "marker": 0}})",
                           R"({"rnn:activation=relu": {"hue": -1, "dash": 0, "marker": 0}})",
                           R"({"rnn:activation=relu": "blue"})", R"({"lstm": {"hue": 5, "dash": 1, "marker": 5}})"}) {
    Palette p;
    p.recall(text);
    INFO(text);
    CHECK(p.recorded() == "{}");
    CHECK(p.of("lstm") == *fixed_style("lstm"));
  }
}

TEST_CASE("names that are not cells take the hues that a report does not have yet") {
  Palette p;
  const int lstm = p.of("lstm").hue;
  std::set<int> seen{lstm};
  for (const char* name : {"a", "b", "c", "d", "e"}) CHECK(seen.insert(p.of(name).hue).second);
  const Style again = p.of("f");
  for (const char* name : {"lstm", "a", "b", "c", "d", "e"}) CHECK(!(p.of(name) == again));
}

TEST_CASE("a second line of a name has another pattern than its first, and than those of other names") {
  std::set<std::vector<int>> patterns;
  for (const int dash : {0, 1})
    for (const bool second : {false, true}) CHECK(patterns.insert(dash_pattern(dash, second)).second);
}

}  // namespace palette_test
