#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/optim/adam.hpp>

#include "input.hpp"

/// A checkpoint of a small model and every kind of part.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ebb;
  const std::string path = fuzz::file_of(data, size);
  static Params w;
  static const Linear out(w / "out", 2, 1);
  static Adam adam(w);
  int count = 7;
  std::string text = "before";
  std::vector<double> list{1, 2};
  Array numbers = Array::from({2}, {3, 4});
  Tokens tokens({1}, {5});
  const Array weights = w.flat().copy();
  const bool read = fuzz::reads([&] { load(path, w, adam, count, text, list, numbers, tokens); });
  if (read) return 0;
  fuzz::require(count == 7 && text == "before" && list.size() == 2 && numbers.at_flat(1) == 4 && tokens.data()[0] == 5);
  for (std::int64_t k = 0; k < weights.size(); ++k) fuzz::require(w.flat().at_flat(k) == weights.at_flat(k));
  return 0;
}
