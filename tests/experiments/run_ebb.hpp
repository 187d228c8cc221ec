#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <ebb/experiments/cli/command_line.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "temp_folder.hpp"

/// What a call of the command did.
struct Outcome {
  int code = 0;
  std::string out, err;
};

/// Sends a file descriptor into a file for as long as it lives: what the command prints goes past C++'s streams.
class Redirected {
 public:
  Redirected(int fd, const std::string& path) : fd_(fd), saved_(dup(fd)) {
    std::fflush(nullptr);
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, fd_);
    close(file);
  }
  ~Redirected() {
    std::fflush(nullptr);
    dup2(saved_, fd_);
    close(saved_);
  }

 private:
  int fd_, saved_;
};

/// The command, in this process: ebb({"vanish", "--quick"}).
inline Outcome ebb_command(const std::vector<std::string>& words) {
  TempFolder scratch;
  Outcome o;
  {
    const Redirected out(STDOUT_FILENO, scratch / "out"), err(STDERR_FILENO, scratch / "err");
    o.code = ebb::app::run_command(words);
  }
  o.out = read_all(scratch / "out");
  o.err = read_all(scratch / "err");
  return o;
}

/// The plots of a report, as its page has them for the program that draws them: x, y, logY, series, rows.
inline std::vector<nlohmann::json> plots_of(const std::string& html) {
  const std::string begin = "<script type='application/json'>";
  std::vector<nlohmann::json> plots;
  for (std::size_t at = html.find(begin); at != std::string::npos; at = html.find(begin, at + 1)) {
    const std::size_t from = at + begin.size();
    plots.push_back(nlohmann::json::parse(html.substr(from, html.find("</script>", from) - from)));
  }
  return plots;
}

inline nlohmann::json summary_of(const std::string& folder) {
  return nlohmann::json::parse(read_all(folder + "/summary.json"));
}
