#pragma once
#include <cstdint>
#include <ebb/nn/decoding/sample.hpp>
#include <string>

namespace ebb::app {

/// What `ebb generate` was asked, each task reading what says something to it.
struct GenerateRequest {
  std::string prompt{};  ///< a sentence, a note, the number of a picture, a file: the task says which
  int length = -1;       ///< steps to make, below 0: the task's choice
  SampleOptions sampling{};
  bool greedy = false;
  int beam = 0;  ///< width of a beam search, 0: the task's choice
  std::uint64_t seed = 1;
};

/// What came of it.
struct Generated {
  std::string text{};    ///< to print
  std::string file{};    ///< bytes of the file that goes with it: music, a page with a picture; empty: none
  std::string ending{};  ///< of that file's name: "mid", "html"
};

/// Of a task that draws nothing.
/// Errors    ValueError if a draw is asked for, naming what is not drawn ("a translation"), or --greedy together with
///           --beam
void reject_sampling(const GenerateRequest&, const char* what);

}  // namespace ebb::app
