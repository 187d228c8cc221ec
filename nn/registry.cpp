#include <cstring>
#include <ebb/nn/registry.hpp>
#include <ebb/ops/error.hpp>
#include <map>
#include <string_view>

namespace ebb::detail {

namespace {

std::string plural(const std::string& kind) {
  return kind.ends_with('y') ? kind.substr(0, kind.size() - 1) + "ies" : kind + "s";
}

// A library that is linked twice into a process registers everything twice.
bool same_thing(const Entry& a, const Entry& b) {
  return std::strcmp(a.about, b.about) == 0 && file_of(a) == file_of(b);
}

const Entry& one_of(const char* kind, const Entry& a, const Entry& b) {
  if (same_thing(a, b)) return a;
  throw ValueError("two " + plural(kind) + " are registered as '" + a.name + "', in " + file_of(a) + " and in " +
                   file_of(b));
}

}  // namespace

std::string file_of(const Entry& e) {
  std::string path = e.file;
  while (path.rfind("../", 0) == 0) path.erase(0, 3);  // relative to the build folder
  if (path.rfind('/', 0) != 0) return path;
  const std::size_t name = path.rfind('/'), folder = name == 0 ? 0 : path.rfind('/', name - 1);
  return path.substr(folder + 1);
}

std::vector<const Entry*> sorted_entries(const char* kind, const Entry* first) {
  std::multimap<std::string_view, const Entry*> all;  // entries with one name keep their order
  for (const Entry* e = first; e; e = e->next) all.emplace(e->name, e);
  std::vector<const Entry*> each;
  for (const auto& [name, e] : all) {
    if (!each.empty() && each.back()->name == name) each.back() = &one_of(kind, *each.back(), *e);
    else each.push_back(e);
  }
  return each;
}

const Entry* find_entry(const char* kind, const Entry* first, const std::string& name) {
  const Entry* found = nullptr;
  for (const Entry* e = first; e; e = e->next)
    if (e->name == name) found = found ? &one_of(kind, *found, *e) : e;
  return found;
}

void unknown_entry(const char* kind, const Entry* first, const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const Entry* e : sorted_entries(kind, first)) {
    names.emplace_back(e->name);
    all += (all.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest(name, names);
  throw ValueError("there is no " + std::string(kind) + " '" + name + "'" +
                   (near.empty() ? "" : "; did you mean '" + near + "'?") + "; the " + plural(kind) + " are " + all);
}

}  // namespace ebb::detail
