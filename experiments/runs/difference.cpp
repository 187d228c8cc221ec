#include <fmt/format.h>
#include <algorithm>
#include <cstring>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/runs/difference.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string_view>

namespace ebb::app::runs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// Columns and keys that a clock, the threads, the machine or the program determine. Times have their unit in their
// names, cpu_seconds, seconds_to_target; what is made of them is named here.
bool is_clock(const std::string& name) {
  static const std::set<std::string> others{"speed", "utilisation",     "started", "ebb",   "build",     "options",
                                            "ranks", "instruction_set", "palette", "begun", "kept_bytes"};
  return name.find("seconds") != std::string::npos || others.contains(name);
}

std::string shown(const std::string& field) { return field.empty() ? "none" : field; }

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  return fields;
}

std::string table_difference(const std::string& a, const std::string& b) {
  std::istringstream one(a), two(b);
  std::string x, y;
  std::getline(one, x);
  std::getline(two, y);
  if (x != y) return "the columns differ";
  const std::vector<std::string> head = split(x);
  for (std::size_t line = 2;; ++line) {
    const bool more = static_cast<bool>(std::getline(one, x)), also = static_cast<bool>(std::getline(two, y));
    if (!more && !also) return {};
    if (more != also) return fmt::format("line {} is in one of them only", line);
    if (x == y) continue;
    const std::vector<std::string> f = split(x), g = split(y);
    const bool by_update = !head.empty() && head[0] == "step";
    const std::string where = by_update && !f.empty() ? "update " + f[0] : fmt::format("line {}", line);
    for (std::size_t k = 0; k < std::max(f.size(), g.size()); ++k) {
      const std::string name = k < head.size() ? head[k] : fmt::format("column {}", k + 1);
      const std::string p = k < f.size() ? f[k] : "", q = k < g.size() ? g[k] : "";
      if (p != q && !is_clock(name)) return fmt::format("{}: {} is {} and {}", where, name, shown(p), shown(q));
    }
  }
}

struct Tensors {
  json head;
  std::string_view data;
};

Tensors tensors_of(const std::string& file) {
  std::uint64_t size = 0;
  if (file.size() < 8) return {};
  std::memcpy(&size, file.data(), 8);
  if (size > file.size() - 8) return {};
  return {json::parse(file.substr(8, size), nullptr, false), std::string_view(file).substr(8 + size)};
}

template <class T> std::string element_difference(std::string_view a, std::string_view b) {
  for (std::size_t k = 0; k + sizeof(T) <= std::min(a.size(), b.size()); k += sizeof(T)) {
    T x, y;
    std::memcpy(&x, a.data() + k, sizeof x);
    std::memcpy(&y, b.data() + k, sizeof y);
    if (std::memcmp(&x, &y, sizeof x) != 0) return fmt::format("element {} is {} and {}", k / sizeof(T), x, y);
  }
  return "they differ";
}

std::string weights_difference(const std::string& a, const std::string& b) {
  if (a == b) return {};
  const Tensors one = tensors_of(a), two = tensors_of(b);
  if (!one.head.is_object() || one.head != two.head) return "the lists of tensors differ";
  for (const auto& [name, about] : one.head.items()) {
    if (name == "__metadata__" || !about.contains("data_offsets")) continue;
    const std::size_t from = about["data_offsets"][0], to = about["data_offsets"][1];
    if (from > to || to > std::min(one.data.size(), two.data.size())) return "they are damaged";
    const std::string_view x = one.data.substr(from, to - from), y = two.data.substr(from, to - from);
    if (x != y)
      return fmt::format("{}: {}", name,
                         about["dtype"] == "F64" ? element_difference<double>(x, y) : element_difference<float>(x, y));
  }
  return "they differ";
}

std::string json_difference(const json& a, const json& b, const std::string& path) {
  if (!a.is_object() || !b.is_object()) return a == b ? "" : fmt::format("{} is {} and {}", path, a.dump(), b.dump());
  std::set<std::string> keys;
  for (const json* const x : {&a, &b})
    for (const auto& [key, value] : x->items()) keys.insert(key);
  for (const std::string& key : keys) {
    if (is_clock(key)) continue;
    const std::string below = path.empty() ? key : path + "." + key;
    if (!a.contains(key) || !b.contains(key)) return fmt::format("{} is in one of them only", below);
    if (std::string found = json_difference(a[key], b[key], below); !found.empty()) return found;
  }
  return {};
}

std::string file_difference(const std::string& name, const std::string& a, const std::string& b) {
  if (name.ends_with(".csv")) return table_difference(a, b);
  if (name.ends_with(".safetensors")) return weights_difference(a, b);
  return json_difference(json::parse(a, nullptr, false), json::parse(b, nullptr, false), "");
}

int rank_of(const std::string& name) {
  if (name.starts_with("curve")) return 0;
  if (name.ends_with(".safetensors")) return 1;
  if (name.ends_with(".csv")) return 2;
  return name == "summary.json" ? 3 : -1;
}

}  // namespace

Difference first_difference(const std::string& folder, const std::string& other) {
  std::vector<std::string> names;
  for (const auto& file : fs::directory_iterator(folder))
    if (const std::string name = file.path().filename().string(); file.is_regular_file() && rank_of(name) >= 0)
      names.push_back(name);
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::pair(rank_of(a), a) < std::pair(rank_of(b), b);
  });
  Difference d;
  for (const std::string& name : names) {
    std::error_code none;
    if (!fs::exists(other + "/" + name, none)) {
      d.first = fmt::format("{} is in '{}' only", name, folder);
      return d;
    }
    const std::string found = file_difference(name, read_file(folder + "/" + name), read_file(other + "/" + name));
    if (!found.empty()) {
      d.first = fmt::format("{}, {}", name, found);
      return d;
    }
    d.compared.push_back(name);
  }
  return d;
}

}  // namespace ebb::app::runs
