#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

/// Shared by the C++ programs of the comparison; peers/work.py is the counterpart for Python.
///
/// A program runs one row. It is started with arguments `key=value`, reads the problem, computes one gradient, writes
/// it, reports that it is ready, and then waits: for each line "SECONDS COUNT" it runs training steps for that long, at
/// least COUNT of them, and prints their times. The driver can thus time several programs alternately, one at a time.
///
///     problem=FILE    float32 numbers: x, then the parameters, in the order of the driver's `layout`
///     result=FILE     float64 numbers: the loss, then the gradients in the same order (written)
///     started=NS      monotonic clock when the program was started
namespace compare {

class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int k = 1; k < argc; ++k) {
      const std::string word = argv[k];
      const auto at = word.find('=');
      if (at == std::string::npos) throw std::runtime_error("arguments are key=value, not '" + word + "'");
      values_[word.substr(0, at)] = word.substr(at + 1);
    }
  }
  const std::string& text(const char* key) const {
    const auto found = values_.find(key);
    if (found == values_.end()) throw std::runtime_error(std::string("argument missing: ") + key + "=");
    return found->second;
  }
  bool has(const char* key) const { return values_.count(key) > 0; }
  int number(const char* key) const { return std::stoi(text(key)); }
  std::int64_t nanoseconds(const char* key) const { return std::stoll(text(key)); }

 private:
  std::map<std::string, std::string> values_;
};

inline std::vector<float> read_problem(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::vector<float> numbers(static_cast<std::size_t>(file.tellg()) / sizeof(float));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(numbers.data()), static_cast<std::streamsize>(numbers.size() * sizeof(float)));
  return numbers;
}

class ResultFile {
 public:
  explicit ResultFile(const std::string& path) : file_(path, std::ios::binary) {
    if (!file_) throw std::runtime_error("cannot write " + path);
    file_.exceptions(std::ios::badbit | std::ios::failbit);
  }
  void add(double x) { file_.write(reinterpret_cast<const char*>(&x), sizeof x); }

 private:
  std::ofstream file_;
};

inline void write_result(const std::string& path, const std::vector<double>& numbers) {
  ResultFile file(path);
  for (const double x : numbers) file.add(x);
}

inline std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Peak memory of this program in MB. Not from getrusage, whose value survives exec and may be the driver's.
inline double peak_mb() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.rfind("VmHWM:", 0) == 0) return std::atof(line.c_str() + 6) / 1024;
  return 0;
}

/// Reports that the first gradient is done (call this immediately), and the program's version.
inline void print_ready(const Arguments& a, std::int64_t first, const std::string& version, const std::string& isa) {
  std::printf("{\"version\": \"%s\", \"isa\": \"%s\", \"first_ms\": %.3f, \"rss_mb\": %.2f}\n", version.c_str(),
              isa.c_str(), static_cast<double>(first - a.nanoseconds("started")) * 1e-6, peak_mb());
  std::fflush(stdout);
}

/// Times steps until the driver closes the pipe.
inline void serve(const std::function<void()>& step) {
  std::string line;
  while (std::getline(std::cin, line)) {
    double seconds = 0;
    int count = 0;
    std::istringstream(line) >> seconds >> count;
    step();  // warm-up, since another program ran before
    std::vector<double> ms;
    const std::int64_t begin = now();
    for (std::int64_t at = begin;
         static_cast<double>(at - begin) < seconds * 1e9 || static_cast<int>(ms.size()) < count;) {
      step();
      const std::int64_t end = now();
      ms.push_back(static_cast<double>(end - at) * 1e-6);
      at = end;
    }
    std::printf("{\"rss_mb\": %.2f, \"ms\": [", peak_mb());
    for (std::size_t k = 0; k < ms.size(); ++k) std::printf(k ? ", %.5f" : "%.5f", ms[k]);
    std::printf("]}\n");
    std::fflush(stdout);
  }
}

}  // namespace compare
