#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/pictures.hpp>

namespace ebb::app {
namespace {

std::string base64(const std::string& bytes) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t k = 0; k < bytes.size(); k += 3) {
    const auto byte = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U; };
    const unsigned bits = byte(k) << 16U | byte(k + 1) << 8U | byte(k + 2);
    for (unsigned d = 0; d < 4; ++d) text += k + d > bytes.size() ? '=' : digits[bits >> (18 - 6 * d) & 63U];
  }
  return text;
}

// A bitmap with 24 bits per pixel; lines from bottom to top, each padded to a multiple of four bytes.
std::string bmp(const Array& pixels) {
  const int H = pixels.dim(0), W = pixels.dim(1), line = (3 * W + 3) / 4 * 4;
  std::string file = "BM";
  const auto put = [&](unsigned x, unsigned bytes) {
    for (unsigned k = 0; k < bytes; ++k) file += static_cast<char>(x >> (8 * k) & 255U);
  };
  const auto u = [](int x) { return static_cast<unsigned>(x); };
  put(u(54 + H * line), 4);
  put(0, 4);
  put(54, 4);
  put(40, 4);
  put(u(W), 4);
  put(u(H), 4);
  put(1, 2);
  put(24, 2);
  for (int k = 0; k < 6; ++k) put(0, 4);
  for (int y = H - 1; y >= 0; --y) {
    for (int x = 0; x < W; ++x)
      put(u(static_cast<int>(255 - 255 * std::clamp(pixels.at({y, x}), 0.0, 1.0))) * 0x010101U, 3);
    put(0, u(line - 3 * W));
  }
  return file;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string html;
  for (const char c : text) {
    if (c == '&') html += "&amp;";
    else if (c == '<') html += "&lt;";
    else if (c == '>') html += "&gt;";
    else if (c == '"') html += "&quot;";
    else html += c;
  }
  return html;
}

std::string image_address(const Array& pixels) { return "data:image/bmp;base64," + base64(bmp(pixels)); }

std::string confusion_svg(const std::vector<std::string>& names, const ConfusionMatrix& c) {
  constexpr int cell = 34, margin = 110;
  const int K = c.classes(), side = margin + K * cell + 10;
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {0}' width={0} style='max-width:100%' font-size=11 fill='currentColor' role=img>", side);
  for (int k = 0; k < K; ++k) {
    const std::string name = escaped(names[static_cast<std::size_t>(k)]);
    svg += fmt::format("<text x={} y={} text-anchor=end>{}</text>", margin - 6, margin + k * cell + cell / 2 + 4, name);
    const int x = margin + k * cell + cell / 2 + 4, y = margin - 6;
    svg += fmt::format("<text x={0} y={1} transform='rotate(-60 {0} {1})'>{2}</text>", x, y, name);
    double row = 0;
    for (int p = 0; p < K; ++p) row += static_cast<double>(c.count(k, p));
    for (int p = 0; p < K && row > 0; ++p) {
      const double share = static_cast<double>(c.count(k, p)) / row;
      const int left = margin + p * cell, top = margin + k * cell;
      svg += fmt::format("<rect x={} y={} width={} height={} fill='{}' opacity='{:.3f}'/>", left + 1, top + 1, cell - 2,
                         cell - 2, p == k ? "#1d6fb8" : "#c2410c", share == 0 ? .03 : .15 + .85 * share);
      if (share >= .005)
        svg += fmt::format("<text x={} y={} text-anchor=middle{}>{:.0f}</text>", left + cell / 2, top + cell / 2 + 4,
                           share > .7 ? " fill='#fff'" : "", 100 * share);
    }
  }
  return svg + "</svg>";
}

std::string images_svg(const std::vector<LabelledImage>& images, int across) {
  constexpr int wide = 90, high = 100, side = 72;
  const int lines = (static_cast<int>(images.size()) + across - 1) / across;
  std::string svg = fmt::format(
      "<svg viewBox='0 0 {0} {1}' width={0} style='max-width:100%' font-size=10 fill='currentColor' role=img>",
      across * wide, lines * high);
  for (int k = 0; k < static_cast<int>(images.size()); ++k) {
    const LabelledImage& image = images[static_cast<std::size_t>(k)];
    const int x = k % across * wide, y = k / across * high;
    svg += fmt::format("<image x={} y={} width={} height={} style='image-rendering:pixelated' href='{}'/>", x + 9, y,
                       side, side, image_address(image.pixels));
    svg += fmt::format("<text x={} y={} text-anchor=middle{}>{}</text>", x + wide / 2, y + side + 14,
                       image.wrong ? " fill='#c2410c'" : "", escaped(image.below));
  }
  return svg + "</svg>";
}

}  // namespace ebb::app
