#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <ebb/experiments/report/pictures.hpp>
#include <ebb/experiments/tasks/speech/meter.hpp>

namespace ebb::app {
namespace {

constexpr double left = 44, wide = 840, sound = 150, gap = 40, high = 130;  // pixels
constexpr std::array<const char*, 10> colours{"#c2410c", "#1d6fb8", "#2b8a57", "#8a4fc0", "#b8860b",
                                              "#0f8b8d", "#c2397a", "#6b7280", "#4d7c0f", "#4f46e5"};

// The last step is padded with zeros if frames are missing, which would look like a sound.
int frames_of(const Array& features) {
  constexpr int F = SpokenStrings::mels;
  int frames = static_cast<int>(features.size()) / F;
  const auto empty = [&](int t) {
    for (int f = 0; f < F; ++f)
      if (features.at_flat(std::int64_t{t} * F + f) != 0) return false;
    return true;
  };
  for (int k = 1; k < SpokenStrings::stacked && frames > 1 && empty(frames - 1); ++k) --frames;
  return frames;
}

// Time goes to the right, frequency up. White is a standard deviation below the mean of that mel or softer, black is
// the loudest.
Array pixels_of(const Array& features) {
  constexpr int F = SpokenStrings::mels;
  const int all = static_cast<int>(features.size()) / F, frames = frames_of(features);
  const Array flat = features.reshape({all, F}).range(0, frames);
  const double low = -1;
  double top = 0;
  for (std::int64_t k = 0; k < flat.size(); ++k) top = std::max(top, flat.at_flat(k));
  Array pixels = Array::empty({F, frames}, f32);
  for (int t = 0; t < frames; ++t)
    for (int f = 0; f < F; ++f)
      pixels.data<float>()[(F - 1 - f) * frames + t] =
          static_cast<float>(std::clamp((flat.at({t, f}) - low) / (top - low), 0.0, 1.0));
  return pixels;
}

// [T][11], by step.
std::vector<std::array<double, 11>> probabilities(const Array& scores) {
  std::vector<std::array<double, 11>> p(static_cast<std::size_t>(scores.dim(0)));
  for (std::size_t t = 0; t < p.size(); ++t) {
    double most = -1e30, sum = 0;
    for (int k = 0; k < 11; ++k) most = std::max(most, scores.at({static_cast<int>(t), k}));
    for (int k = 0; k < 11; ++k)
      sum += p[t][static_cast<std::size_t>(k)] = std::exp(scores.at({static_cast<int>(t), k}) - most);
    for (double& x : p[t]) x /= sum;
  }
  return p;
}

struct Scale {
  double seconds;
  double x(double second) const { return left + wide * second / seconds; }
};

std::string said_svg(const SpeechPicture& picture, const Scale& at, double top) {
  std::string svg;
  for (const SpeechPicture::Said& s : picture.said) {
    for (const double edge : {s.begin, s.end})
      svg += fmt::format("<line x1={0:.1f} x2={0:.1f} y1={1} y2={2} stroke='currentColor' opacity=.35 />", at.x(edge),
                         top, top + sound);
    svg += fmt::format("<text x={:.1f} y={} text-anchor=middle font-weight=700>{}</text>", at.x((s.begin + s.end) / 2),
                       top - 6, s.digit);
  }
  return svg;
}

// A line for each digit that is ever probable, labelled where it is most probable.
std::string posteriors_svg(const Array& scores, const Scale& at, double top) {
  const auto p = probabilities(scores);
  const auto x = [&](std::size_t t) { return at.x((static_cast<double>(t) + .5) * SpokenStrings::step_seconds); };
  const auto y = [&](double q) { return top + high - high * q; };
  std::string svg;
  for (std::size_t k = 0; k < 11; ++k) {
    std::string points;
    double most = 0;
    for (std::size_t t = 0; t < p.size(); ++t) {
      points += fmt::format("{:.1f},{:.1f} ", x(t), y(p[t][k]));
      most = std::max(most, p[t][k]);
    }
    if (most < .02) continue;
    if (k == 0) {
      svg += fmt::format("<polyline points='{}' fill=none stroke='currentColor' opacity=.3 stroke-dasharray='3 3'/>",
                         points);
      continue;
    }
    const char* const colour = colours[k - 1];
    svg += fmt::format("<polyline points='{}' fill=none stroke='{}' stroke-width=2 />", points, colour);
    for (std::size_t t = 0; t < p.size(); ++t)
      if (p[t][k] >= .15 && (t == 0 || p[t - 1][k] < p[t][k]) && (t + 1 == p.size() || p[t + 1][k] <= p[t][k]))
        svg += fmt::format("<text x={:.1f} y={:.1f} text-anchor=middle font-weight=700 fill='{}'>{}</text>", x(t),
                           y(p[t][k]) - 5, colour, k - 1);
  }
  return svg;
}

std::string axes_svg(const Scale& at, double top, double bottom) {
  std::string svg = fmt::format("<text x={} y={} text-anchor=end>4 kHz</text><text x={} y={} text-anchor=end>0</text>",
                                left - 4, top + 9, left - 4, top + sound);
  for (const int percent : {0, 50, 100}) {
    const double y = bottom - high * percent / 100;
    svg += fmt::format(
        "<line x1={0} x2={1} y1={2} y2={2} stroke='currentColor' opacity=.15 /><text x={3} y={4} text-anchor=end>{5} "
        "%</text>",
        left, left + wide, y, left - 4, y + 4, percent);
  }
  const double every = at.seconds > 8 ? std::ceil(at.seconds / 8) : .5;
  for (int k = 0; k * every <= at.seconds; ++k)
    svg += fmt::format("<text x={:.1f} y={} text-anchor=middle>{:g} s</text>", at.x(k * every), bottom + 16, k * every);
  return svg;
}

}  // namespace

std::string SpeechPicture::svg() const {
  const int T = scores.dim(0);
  const Scale at{T * SpokenStrings::step_seconds};
  const double shown = wide * frames_of(features) / (T * SpokenStrings::stacked);
  const double top = 22, below = top + sound + gap, bottom = below + high;
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=11 fill='currentColor' role=img>",
      left + wide + 12, bottom + 24);
  svg += fmt::format("<image x={} y={} width={} height={} preserveAspectRatio=none href='{}'/>", left, top, shown,
                     sound, image_address(pixels_of(features)));
  svg += axes_svg(at, top, bottom) + said_svg(*this, at, top) + posteriors_svg(scores, at, below);
  return svg + "</svg>";
}

const char* SpeechPicture::caption() {
  return "Top: loudness by time (to the right) and pitch (upwards, on the mel scale), with the spoken digits between "
         "lines where their recordings begin and end, if known. Bottom: the predicted probability of each digit at "
         "each step of 30 ms; dashed: no digit. CTC is trained on which digits occur, not when, so the peaks are "
         "short.";
}

}  // namespace ebb::app
