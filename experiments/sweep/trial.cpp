#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/sweep/trial.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ebb::app::sweep {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What a file system and a shell take without quotes.
std::string plain(const std::string& value) {
  std::string word;
  for (const char c : value) {
    const bool keep = std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '+' || c == '-' || c == '_';
    if (keep) word += c;
    else if (!word.empty() && word.back() != '-') word += '-';
  }
  return word;
}

bool is_file(const std::string& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

/// step, seconds, loss, gradient_norm, clipped, lr, valid
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  cells.resize(7);
  return cells;
}

std::vector<std::pair<int, double>> validations_of(const std::string& curve) {
  std::vector<std::pair<int, double>> valid;
  std::ifstream in(curve);
  std::string line;
  for (std::getline(in, line); std::getline(in, line);) {
    if (line.ends_with(',')) continue;  // most updates have no validation
    const auto cells = cells_of(line);
    const double update = number_of(cells[0]), x = number_of(cells[6]);
    if (update > 0 && !std::isnan(x)) valid.emplace_back(static_cast<int>(update), x);
  }
  return valid;
}

template <class T> T value(const json& j, const char* key, T missing) {
  if (!j.is_object() || !j.contains(key)) return missing;
  const json& x = j.at(key);
  const bool same = std::is_same_v<T, bool>          ? x.is_boolean()
                    : std::is_same_v<T, std::string> ? x.is_string()
                                                     : x.is_number();
  return same ? x.get<T>() : missing;
}

}  // namespace

std::vector<Trial> trials_of(const std::vector<Configuration>& all, const std::vector<std::uint64_t>& seeds) {
  constexpr std::size_t longest = 80;
  const std::size_t digits = std::max<std::size_t>(3, std::to_string(all.size()).size());
  std::vector<Trial> trials;
  for (const std::uint64_t seed : seeds)
    for (std::size_t k = 0; k < all.size(); ++k) {
      std::string values = all[k].name.empty() ? "" : "-" + plain(all[k].name);
      for (const std::string& v : all[k].values) values += "-" + plain(v);
      trials.push_back(
          {k, seed, fmt::format("{:0{}}{}-seed-{}", all[k].number, digits, values.substr(0, longest), seed)});
    }
  return trials;
}

bool Validation::better(double a, double b) const {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(b) && !std::isnan(a);
  return rises ? a > b : a < b;
}

double TrialRecord::valid_at(int update, const Validation& by) const {
  if (state == State::diverged) return NAN;
  double kept_one = NAN;
  for (const auto& [at, x] : valid) {
    if (at > update) break;
    if (!patient || by.better(x, kept_one)) kept_one = x;
  }
  return kept_one;
}

TrialRecord read_trial(const std::string& folder, std::uint64_t seed) {
  TrialRecord r;
  if (!is_file(folder + "/config.toml")) return r;
  r.state = TrialRecord::State::begun;
  r.valid = validations_of(folder + "/curve.csv");
  if (!is_file(folder + "/summary.json")) return r;
  const json summary = json::parse(read_file(folder + "/summary.json"), nullptr, false);
  if (!summary.is_object()) return r;
  const json runs = summary.value("runs", json());
  const std::string key = std::to_string(seed);
  if (!runs.is_object() || !runs.contains(key)) return r;
  const json& run = runs.at(key);
  r.updates = value(run, "updates", 0);
  r.test_unit = value(run, "unit", std::string());
  r.seconds = value(run, "seconds", 0.0);
  r.patient = value(summary.value("options", json()), "patience", 0.0) > 0;
  const bool diverged = !value(run, "diverged", std::string()).empty();
  const bool unfinished = value(run, "interrupted", true);
  r.state = diverged     ? TrialRecord::State::diverged
            : unfinished ? TrialRecord::State::begun
                         : TrialRecord::State::ended;
  if (r.state == TrialRecord::State::ended) r.test = value(run, "loss", std::nan(""));  // not of weights on the way
  return r;
}

Progressing progress_of(const std::string& folder) {
  constexpr std::streamoff block = 1 << 14;  // has a validation, in a curve of up to some 5,000 updates
  Progressing p;
  std::ifstream in(folder + "/curve.csv", std::ios::binary);
  in.seekg(0, std::ios::end);
  const std::streamoff size = in.tellg();
  if (!in || size <= 0) return p;
  in.seekg(std::max<std::streamoff>(0, size - block));
  std::string line;
  for (std::getline(in, line); std::getline(in, line);) {
    const auto cells = cells_of(line);
    if (std::isnan(number_of(cells[0])) || in.eof()) continue;  // a line that is being written
    p.update = static_cast<int>(number_of(cells[0]));
    p.loss = number_of(cells[2]);
    if (const double x = number_of(cells[6]); !std::isnan(x)) p.valid = x;
  }
  return p;
}

bool in_use(const std::string& folder) {
  const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return false;
  const bool used = flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(file);
  return used;
}

}  // namespace ebb::app::sweep
