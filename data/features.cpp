#include <fmt/format.h>
#include <cmath>
#include <complex>
#include <ebb/data/features.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <kissfft/kissfft.hh>
#include <numbers>
#include <numeric>

namespace ebb {

namespace {

using Complex = std::complex<double>;
constexpr double pi = std::numbers::pi;

int transform_length(const FrameOptions& o) {
  const int fft = o.fft == 0 ? o.window : o.fft;
  if (o.window < 2 || o.hop < 1 || fft < o.window || fft > (1 << 24))
    throw ValueError(fmt::format("stft: a window of {} samples, hop {} and transform length {} do not fit together",
                                 o.window, o.hop, fft));
  return fft;
}

/// The samples in float64, extended by `margin` reflected ones at each end.
std::vector<double> reflected(const Array& samples, int margin) {
  if (samples.rank() != 1 && !(samples.rank() == 2 && samples.dim(1) == 1))
    throw ShapeError("stft: samples are " + text(samples.shape()) +
                     ", not [N] or [N, 1]; use column_block to select a channel");
  const Array x = samples.compact();
  const auto n = x.size();
  if (margin > 0 && n <= margin)
    throw ValueError(fmt::format("stft: got {}, more than {} {} required", detail::counted(n, "sample"), margin,
                                 margin == 1 ? "is" : "are"));
  std::vector<double> all(static_cast<std::size_t>(n + 2 * margin));
  for (std::int64_t k = -margin; k < n + margin; ++k)
    all[static_cast<std::size_t>(k + margin)] = x.at_flat(k < 0 ? -k : k < n ? k : 2 * (n - 1) - k);
  return all;
}

/// Calls begin(frames, bins), then f(t, spectrum) for every frame; bins = fft / 2 + 1.
template <class Begin, class F> void for_frames(const Array& samples, const FrameOptions& o, Begin begin, F f) {
  const int fft = transform_length(o), offset = (fft - o.window) / 2;
  const std::vector<double> x = reflected(samples, o.centered ? fft / 2 : 0);
  if (x.size() < static_cast<std::size_t>(fft))
    throw ValueError(fmt::format("stft: got {}, a frame needs {}", detail::counted(x.size(), "sample"), fft));
  std::vector<double> window(static_cast<std::size_t>(o.window));
  for (int n = 0; n < o.window; ++n) window[static_cast<std::size_t>(n)] = .5 - .5 * std::cos(2 * pi * n / o.window);
  const kissfft<double> transform(static_cast<std::size_t>(fft), false);
  std::vector<Complex> in(static_cast<std::size_t>(fft)), out(in.size());
  const int frames = static_cast<int>((x.size() - in.size()) / static_cast<std::size_t>(o.hop)) + 1;
  begin(frames, fft / 2 + 1);
  for (int t = 0; t < frames; ++t) {
    const double* from = x.data() + std::int64_t{t} * o.hop + offset;
    for (std::size_t n = 0; n < window.size(); ++n) in[static_cast<std::size_t>(offset) + n] = window[n] * from[n];
    transform.transform(in.data(), out.data());
    f(t, out.data());
  }
}

double mel(double f) { return 2595 * std::log10(1 + f / 700); }
double hertz(double m) { return 700 * (std::pow(10, m / 2595) - 1); }

Array log_mel_f64(const Array& samples, int rate, const MelOptions& o) {
  if (!(o.floor > 0)) throw ValueError(fmt::format("log_mel: the floor {} is not positive", o.floor));
  const Array filters = mel_filters(rate, o, f64);
  const double* weight = filters.data<double>();
  Array y;
  int bins = 0;
  for_frames(
      samples, o.frames,
      [&](int frames, int n) {
        y = Array::zeros({frames, o.mels}, f64);
        bins = n;
      },
      [&](int t, const Complex* spectrum) {
        double* row = y.data<double>() + std::int64_t{t} * o.mels;
        for (int k = 0; k < bins; ++k)
          for (int m = 0; m < o.mels; ++m) row[m] += std::norm(spectrum[k]) * weight[std::int64_t{k} * o.mels + m];
        for (int m = 0; m < o.mels; ++m) row[m] = std::log(std::max(row[m], o.floor));
      });
  return y;
}

}  // namespace

Spectrum stft(const Array& samples, const FrameOptions& o) {
  Spectrum s;
  int bins = 0;
  for_frames(
      samples, o,
      [&](int frames, int n) {
        s = {Array::empty({frames, n}, samples.dtype()), Array::empty({frames, n}, samples.dtype())};
        bins = n;
      },
      [&](int t, const Complex* spectrum) {
        for (int k = 0; k < bins; ++k) {
          s.real.set_flat(std::int64_t{t} * bins + k, spectrum[k].real());
          s.imaginary.set_flat(std::int64_t{t} * bins + k, spectrum[k].imag());
        }
      });
  return s;
}

Array mel_filters(int rate, const MelOptions& o, DType dtype) {
  const int fft = transform_length(o.frames);
  const double high = o.high == 0 ? rate / 2. : o.high;
  if (rate < 1 || o.mels < 1 || !(o.low >= 0) || !(o.low < high) || !(high <= rate / 2.))
    throw ValueError(fmt::format("mel_filters: invalid combination of {} mels from {} to {} Hz at a rate of {}", o.mels,
                                 o.low, high, rate));
  const double first = mel(o.low), step = (mel(high) - first) / (o.mels + 1);
  Array w = Array::empty({fft / 2 + 1, o.mels}, dtype);
  for (int m = 0; m < o.mels; ++m) {
    const double left = hertz(first + m * step), middle = hertz(first + (m + 1) * step),
                 right = hertz(first + (m + 2) * step);
    for (int k = 0; k <= fft / 2; ++k) {
      const double f = static_cast<double>(k) * rate / fft;
      const double height = std::min((f - left) / (middle - left), (right - f) / (right - middle));
      w.set_flat(std::int64_t{k} * o.mels + m, std::max(height, 0.));
    }
  }
  return w;
}

Array log_mel(const Array& samples, int rate, const MelOptions& o) {
  return log_mel_f64(samples, rate, o).to(samples.dtype());
}

Array mfcc(const Array& samples, int rate, int coefficients, const MelOptions& o) {
  if (coefficients < 1 || coefficients > o.mels)
    throw ValueError(
        fmt::format("mfcc: {} coefficients must be between 1 and {}, the number of mels", coefficients, o.mels));
  const Array y = log_mel_f64(samples, rate, o);
  Array basis = Array::empty({coefficients, o.mels}, f64), c = Array::empty({y.dim(0), coefficients}, samples.dtype());
  for (int j = 0; j < coefficients; ++j)
    for (int m = 0; m < o.mels; ++m)
      basis[j].set_flat(m, std::sqrt((j == 0 ? 1. : 2.) / o.mels) * std::cos(pi * j * (m + .5) / o.mels));
  for (int t = 0; t < y.dim(0); ++t)
    for (int j = 0; j < coefficients; ++j) {
      const double* row = y.data<double>() + std::int64_t{t} * o.mels;
      const double* wave = basis.data<double>() + std::int64_t{j} * o.mels;
      c.set_flat(std::int64_t{t} * coefficients + j, std::inner_product(row, row + o.mels, wave, 0.));
    }
  return c;
}

}  // namespace ebb
