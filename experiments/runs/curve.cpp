#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/curve.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>
#include <fstream>
#include <string_view>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view curve_head = "step,seconds,loss,gradient_norm,clipped,lr,valid";

// A number as csv_text writes it; an empty field is NaN.
bool take_field(std::string_view& line, double& x) {
  const std::size_t comma = std::min(line.find(','), line.size());
  const std::string_view field = line.substr(0, comma);
  line.remove_prefix(std::min(comma + 1, line.size()));
  x = NAN;
  if (field.empty()) return true;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), x);
  return error == std::errc{} && end == field.data() + field.size();
}

bool take_point(std::string_view line, CurvePoint& p) {
  double step = 0, clipped = 0;
  const bool fine = std::count(line.begin(), line.end(), ',') == 6 && take_field(line, step) &&
                    take_field(line, p.seconds) && take_field(line, p.loss) && take_field(line, p.gradient_norm) &&
                    take_field(line, clipped) && take_field(line, p.lr) && take_field(line, p.valid);
  if (!fine || !(step >= 1 && step < 2e9)) return false;
  p.step = static_cast<int>(step);
  p.clipped = clipped != 0;
  return true;
}

// The seed in "curve-3.csv"; none if the name is not of that form.
bool seed_in(const std::string& name, std::uint64_t& seed) {
  constexpr std::string_view begin = "curve-", end = ".csv";
  if (!name.starts_with(begin) || !name.ends_with(end)) return false;
  const char *first = name.data() + begin.size(), *last = name.data() + name.size() - end.size();
  const auto [stop, error] = std::from_chars(first, last, seed);
  return error == std::errc{} && stop == last;
}

}  // namespace

std::vector<CurveFile> curve_files(const std::string& folder, std::uint64_t first_seed) {
  std::vector<CurveFile> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error); !error && at != fs::directory_iterator{}; at.increment(error)) {
    const std::string name = at->path().filename().string();
    std::uint64_t seed = first_seed;
    const bool several = name != "curve.csv";
    if (!several || seed_in(name, seed)) found.push_back({at->path().string(), seed, several});
  }
  std::sort(found.begin(), found.end(), [](const CurveFile& a, const CurveFile& b) { return a.seed < b.seed; });
  return found;
}

std::vector<CurvePoint> read_curve(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<CurvePoint> curve;
  std::size_t line = 0;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string_view words = std::string_view(text).substr(at, end - at);
    CurvePoint p;
    const bool fine = ++line == 1 ? words == curve_head : take_point(words, p);
    if (!fine) throw FileError(fmt::format("'{}', line {}: this is not a learning curve of ebb train", path, line));
    if (line > 1) curve.push_back(p);
  }
  return curve;
}

void check_curve(const std::string& path, int updates) {
  constexpr std::streamoff longest = 1 << 10;  // of two lines
  const auto reject = [&](const std::string& why) { throw FileError(fmt::format("'{}': {}", path, why)); };
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  file.seekg(0);
  std::string head(
      std::max<std::size_t>(
          1, std::min<std::size_t>(curve_head.size() + 1, static_cast<std::size_t>(std::max<std::streamoff>(0, size)))),
      ' ');
  if (!file.read(head.data(), static_cast<std::streamsize>(head.size())) || head != std::string(curve_head) + "\n")
    reject("this is not a learning curve of ebb train");
  file.seekg(std::max<std::streamoff>(0, size - longest));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t stop = text.rfind('\n');
  const std::size_t before = stop == 0 || stop == std::string::npos ? std::string::npos : text.rfind('\n', stop - 1);
  CurvePoint p;
  if (before != std::string::npos && !take_point(std::string_view(text).substr(before + 1, stop - before - 1), p))
    reject("its last line is not one of a learning curve");
  if (updates > 0 && p.step != updates) reject(fmt::format("it ends with update {}, not {}", p.step, updates));
}

CurveEnd end_of_curve(const std::string& path) {
  constexpr std::streamoff most = 1 << 15;
  CurveEnd end{.loss = NAN, .valid = NAN};
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file.tellg();
  if (!file || size <= 0) return end;
  file.seekg(std::max<std::streamoff>(0, size - most));
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::size_t at = size > most ? text.find('\n') + 1 : 0;
  for (std::size_t stop; (stop = text.find('\n', at)) != std::string::npos; at = stop + 1) {
    CurvePoint p;
    if (!take_point(std::string_view(text).substr(at, stop - at), p)) continue;
    end.step = p.step;
    end.loss = p.loss;
    if (p.validated()) end.valid = p.valid;
  }
  return end;
}

}  // namespace ebb::app::runs
