#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/report/colour_scale.hpp>
#include <ebb/experiments/report/png.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {
namespace {

std::string big_endian(std::uint32_t x) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(x >> shift & 255U);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string summed = type + data;
  const auto sum = crc32(0, reinterpret_cast<const Bytef*>(summed.data()), static_cast<uInt>(summed.size()));
  return big_endian(static_cast<std::uint32_t>(data.size())) + summed + big_endian(static_cast<std::uint32_t>(sum));
}

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::string out(size, '\0');
  if (compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()),
               static_cast<uLong>(bytes.size())) != Z_OK)
    throw Error("a picture cannot be compressed: there is not enough memory");
  out.resize(size);
  return out;
}

struct Colour {
  double channel[3];
};

Colour colour_named(const char* hex) {
  const auto bits = std::strtoul(hex + 1, nullptr, 16);
  return {{static_cast<double>(bits >> 16 & 255U), static_cast<double>(bits >> 8 & 255U),
           static_cast<double>(bits & 255U)}};
}

// x from -1 to 1.
Colour diverging_colour(double x) {
  const auto scale = diverging_scale();
  const double at = (x + 1) / 2 * static_cast<double>(scale.size() - 1);
  const auto low = std::min(static_cast<std::size_t>(at), scale.size() - 2);
  const double share = at - static_cast<double>(low);
  Colour c = colour_named(scale[low]);
  const Colour next = colour_named(scale[low + 1]);
  for (int k = 0; k < 3; ++k) c.channel[k] += share * (next.channel[k] - c.channel[k]);
  return c;
}

}  // namespace

Picture png_of(int width, int height, const std::vector<std::uint8_t>& rgb) {
  const auto line = static_cast<std::size_t>(width) * 3;
  std::string lines;
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) {
    lines += '\0';  // no filter
    lines.append(reinterpret_cast<const char*>(rgb.data()) + y * line, line);
  }
  const std::string eight_bits_rgb{8, 2, 0, 0, 0};
  const std::string header =
      big_endian(static_cast<std::uint32_t>(width)) + big_endian(static_cast<std::uint32_t>(height)) + eight_bits_rgb;
  return {width, height,
          "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("IDAT", deflated(lines)) + chunk("IEND", "")};
}

Picture matrix_picture(const Array& matrix) {
  constexpr int least_side = 256, palette = 255;  // pixels; colours on either side of zero
  std::vector<Colour> colours;
  for (int k = -palette; k <= palette; ++k) colours.push_back(diverging_colour(double(k) / palette));
  const int H = matrix.dim(0), W = matrix.dim(1), scale = std::max(1, least_side / std::max(H, W));
  double most = 0;
  for (std::int64_t k = 0; k < matrix.size(); ++k)
    if (const double x = std::abs(matrix.at_flat(k)); std::isfinite(x)) most = std::max(most, x);
  std::vector<std::uint8_t> rgb;
  for (int y = 0; y < H * scale; ++y)
    for (int x = 0; x < W * scale; ++x) {
      const double value = matrix.at({y / scale, x / scale});
      const double share = most > 0 ? value / most : 0;
      const Colour c = std::isfinite(value) ? colours[static_cast<std::size_t>(palette + std::lround(palette * share))]
                                            : Colour{{128, 128, 128}};
      for (const double channel : c.channel) rgb.push_back(static_cast<std::uint8_t>(std::lround(channel)));
    }
  return png_of(W * scale, H * scale, rgb);
}

}  // namespace ebb::app
