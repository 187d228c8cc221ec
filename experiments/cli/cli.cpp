#include <ebb/experiments/cli/launch.hpp>
#include <ebb/experiments/cli/main.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/cli/thread_waiting.hpp>

namespace ebb::app {

int main(int argc, char** argv) {
  limit_thread_spinning(argv);
  open_missing_streams();
  std::vector<std::string> words;
  for (int k = 1; k < argc; ++k) words.emplace_back(argv[k]);
  return run_launched(words);
}

}  // namespace ebb::app
