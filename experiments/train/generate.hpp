#pragma once
#include <cstdint>
#include <ebb/nn/decoding/sample.hpp>
#include <string>

namespace ebb::app {

/// A request to `ebb generate`; each task reads the fields that apply to it.
struct GenerateRequest {
  std::string prompt{};  ///< a sentence, a chord, the number of a picture, a file, depending on the task
  int length = -1;       ///< steps to generate, below 0: the task's choice
  SampleOptions sampling{};
  bool greedy = false;
  int beam = 0;  ///< width of a beam search, 0: the task's choice
  std::uint64_t seed = 1;
};

/// The result.
struct Generated {
  std::string text{};    ///< to print
  std::string file{};    ///< contents of the output file: music, a page with a picture; empty: none
  std::string ending{};  ///< extension of that file: "mid", "html"
};

/// For a task that does not sample.
/// Errors    ValueError if sampling is requested, naming what is not sampled ("a translation"), or for --greedy
///           together with --beam
void reject_sampling(const GenerateRequest&, const char* what);

}  // namespace ebb::app
