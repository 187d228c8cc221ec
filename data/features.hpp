#pragma once
#include <ebb/ops/array.hpp>

namespace ebb {

/// How a recording is split into frames. All lengths are in samples.
struct FrameOptions {
  int window = 400;      ///< periodic Hann window
  int hop = 160;         ///< from one frame to the next
  int fft = 0;           ///< length of the transform, with the window centred in it; 0: the window's
  bool centered = true;  ///< frame t is centred on sample t hop, with reflected ends; else it begins there
};

struct Spectrum {
  Array real, imaginary;  ///< [T, F] each
};

/// Short-time Fourier transform of one channel, as torch.stft computes it (frames first).
///
///     X[t, k] = sum_n w[n] x[t hop + n] exp(-2 pi i k n / fft),   w[n] = (1 - cos(2 pi n / window)) / 2
///
/// Shapes    samples [N] or [N, 1] -> [T, F]; F = fft / 2 + 1; T = 1 + N / hop, or 1 + (N - fft) / hop if not centred
/// Errors    ValueError for invalid lengths or too few samples; ShapeError if there are several channels
/// Numerics  in float64, rounded to the samples' type at the end
/// Cost      O(T fft log fft)
Spectrum stft(const Array& samples, const FrameOptions& = {});

struct MelOptions {
  FrameOptions frames = {};
  int mels = 40;
  double low = 0, high = 0;  ///< Hz; high 0: half the rate
  double floor = 1e-10;      ///< lower bound of the power before the logarithm
};

/// Triangular filters of height one, equally wide on the mel scale: the weight of each frequency in each mel.
///
///     mel(f) = 2595 log10(1 + f / 700)
///
/// Shapes    [F, mels]
/// Errors    ValueError if the range of frequencies is empty or exceeds half the rate
/// Source    O'Shaughnessy 1987 (the scale, in HTK's form)
Array mel_filters(int rate, const MelOptions& = {}, DType = f32);

/// Natural logarithm of the power in each mel.
///
///     y[t, m] = ln max(sum_k |X[t, k]|^2 filters[k, m], floor)
///
/// Shapes    samples [N] or [N, 1] -> [T, mels]; Errors as for stft and mel_filters
Array log_mel(const Array& samples, int rate, const MelOptions& = {});

/// Mel-frequency cepstral coefficients: the first `coefficients` of the orthonormal DCT-II of log_mel.
///
///     c[t, j] = s_j sum_m y[t, m] cos(pi j (m + 1/2) / mels),   s_0 = sqrt(1 / mels), else sqrt(2 / mels)
///
/// Shapes    samples [N] or [N, 1] -> [T, coefficients]
/// Errors    also ValueError if coefficients is outside [1, mels]
/// Source    Davis & Mermelstein 1980, doi:10.1109/TASSP.1980.1163420
Array mfcc(const Array& samples, int rate, int coefficients = 13, const MelOptions& = {});

}  // namespace ebb
