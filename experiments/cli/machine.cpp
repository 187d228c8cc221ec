#include <sys/utsname.h>
#include <unistd.h>

#include <ebb/experiments/cli/machine.hpp>
#include <fstream>
#include <string>
#include <thread>

namespace ebb::app {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "processor unknown";
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string system_name() {
  utsname about{};
  return uname(&about) == 0 ? std::string(about.sysname) + " " + about.release : "";
}

int processor_cores() { return static_cast<int>(std::thread::hardware_concurrency()); }

std::int64_t memory_bytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? std::int64_t{pages} * size : 0;
}

}  // namespace ebb::app
