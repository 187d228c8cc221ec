#include <algorithm>
#include <ebb/experiments/tasks/speech/batch.hpp>

namespace ebb::app {

SpeechBatch speech_batch(const std::vector<Array>& features, const std::vector<std::vector<int>>& digits) {
  const int B = static_cast<int>(features.size());
  int T = 1, L = 1;
  for (const Array& f : features) T = std::max(T, f.dim(0));
  for (const auto& row : digits) L = std::max(L, static_cast<int>(row.size()));
  SpeechBatch b{.x = Array::zeros({T, B, SpokenStrings::width}, f32),
                .lengths = Lengths({B}),
                .digits = Tokens({B, L}),
                .digit_counts = Lengths({B})};
  for (int row = 0; row < B; ++row) {
    const Array& f = features[static_cast<std::size_t>(row)];
    const auto& said = digits[static_cast<std::size_t>(row)];
    for (int t = 0; t < f.dim(0); ++t) b.x[t][row].assign(f[t]);
    b.lengths.data()[row] = f.dim(0);
    b.digit_counts.data()[row] = static_cast<int>(said.size());
    for (std::size_t k = 0; k < said.size(); ++k) b.digits.data()[static_cast<std::size_t>(row * L) + k] = 1 + said[k];
  }
  return b;
}

}  // namespace ebb::app
