#include <ebb/experiments/cli/config.hpp>

#include "input.hpp"

/// The configuration of a command with an option of every kind.
int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string task, text;
  int hidden = 1;
  double lr = .5;
  bool quick = false;
  std::vector<std::string> cells{"rnn"};
  ebb::app::PerTask steps;
  ebb::app::Options options;
  options.add("TASK", task, "");
  options.add("--text", text, "");
  options.add("--hidden", hidden, "").at_least(1);
  options.add("--lr", lr, "");
  options.add("--quick", quick, "");
  options.add("--cells", cells, "");
  options.add("--steps", steps, "");
  fuzz::reads([&] {
    ebb::app::apply_config(options, "train", "my.toml", std::string(reinterpret_cast<const char*>(data), size));
    options.settle(ebb::app::Size::standard);
    ebb::app::config_text("train", options);
  });
  return 0;
}
