#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/colour_scale.hpp>

namespace ebb::app {
namespace {

constexpr const char* viridis[] = {"#440154", "#482576", "#414487", "#35608d", "#2a788e", "#21908c",
                                   "#22a884", "#43bf71", "#7ad151", "#bbdf27", "#fde725"};
constexpr const char* blue_to_red[] = {"#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7",
                                       "#fddbc7", "#f4a582", "#d6604d", "#b2182b", "#67001f"};

}  // namespace

std::span<const char* const> sequential_scale() { return viridis; }
std::span<const char* const> diverging_scale() { return blue_to_red; }

std::string colour_at(std::span<const char* const> scale, double share) {
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(scale.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), scale.size() - 2);
  const double rest = at - static_cast<double>(low);
  const long a = std::strtol(scale[low] + 1, nullptr, 16), b = std::strtol(scale[low + 1] + 1, nullptr, 16);
  const auto between = [&](int shift) {
    const auto part = [&](long c) { return static_cast<double>(c >> shift & 255); };
    return std::lround((1 - rest) * part(a) + rest * part(b));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", between(16), between(8), between(0));
}

}  // namespace ebb::app
