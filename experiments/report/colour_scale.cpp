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

}  // namespace ebb::app
