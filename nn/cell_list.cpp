#include <algorithm>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

namespace {

constinit detail::CellEntry* first_entry = nullptr;   // entries link themselves in before main starts

std::string trim(const std::string& s) {
  const std::size_t a = s.find_first_not_of(" \t"), b = s.find_last_not_of(" \t");
  return a == std::string::npos ? "" : s.substr(a, b - a + 1);
}

/// A file as seen from the tree: the compiler names it as seen from the folder of the build, "../../nn/lstm.cpp".
std::string from_root(const char* file) {
  std::string path = file;
  while (path.rfind("../", 0) == 0) path.erase(0, 3);
  return path;
}

const detail::CellEntry* find_entry(const std::string& name) {
  const detail::CellEntry* found = nullptr;
  for (const detail::CellEntry* e = first_entry; e; e = e->next) {
    if (e->name != name) continue;
    if (found) throw ValueError("two cells are registered as '" + name + "', in " + from_root(found->file) + " and in " + from_root(e->file));
    found = e;
  }
  return found;
}

[[noreturn]] void unknown_cell(const std::string& name) {
  std::vector<std::string> names;
  std::string all;
  for (const CellInfo& c : cell_list()) {
    names.push_back(c.name);
    all += (all.empty() ? "" : ", ") + c.name;
  }
  const std::string near = nearest(name, names);
  throw ValueError("there is no cell '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?") +
                   "; the cells are " + all);
}

CellPtr make_from(const std::string& text, const Builder& p, CellSizes sizes, detail::CellSpec& request) {
  const std::size_t colon = text.find(':');
  const std::string name = trim(text.substr(0, colon));
  const detail::CellEntry* entry = find_entry(name);
  if (!entry) unknown_cell(name);
  if (sizes.input < 1 || sizes.hidden < 1)
    throw ValueError(name + ": sizes must be at least 1, but input is " + std::to_string(sizes.input) +
                     " and hidden is " + std::to_string(sizes.hidden));
  if (colon != std::string::npos) request.given = detail::parse_options(name, text.substr(colon + 1));
  request.hidden = sizes.hidden;
  try {
    return CellPtr(entry->make(entry->name, detail_builder_for(p, &request), sizes));
  } catch (const ValueError& e) {
    if (std::string(e.what()).rfind("option ", 0) != 0) throw;
    throw ValueError(name + ": " + e.what());
  }
}

}  // namespace

// "activation=relu,recurrent=orthogonal"
std::vector<detail::CellSpec::Given> detail::parse_options(const std::string& cell, const std::string& text) {
  std::vector<CellSpec::Given> list;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string item = trim(text.substr(at, end - at));
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0)
      throw ValueError(cell + ": '" + item + "' is not an option; options are written " + cell + ":name=value,name=value");
    const std::string name = trim(item.substr(0, equals));
    for (const auto& given : list)
      if (given.name == name) throw ValueError(cell + ": option '" + name + "' is given twice");
    list.push_back({name, trim(item.substr(equals + 1))});
    at = end + 1;
  }
  return list;
}

detail::CellEntry::CellEntry(const char* n, const char* a, const char* f,
                             const Cell* (*m)(const char*, const Builder&, const CellSizes&))
    : name(n), about(a), file(f), make(m), next(first_entry) {
  first_entry = this;
}

std::vector<CellInfo> cell_list() {
  std::vector<CellInfo> list;
  for (const detail::CellEntry* e = first_entry; e; e = e->next) {
    find_entry(e->name);   // refuses duplicates
    list.push_back({e->name, e->about, from_root(e->file)});
  }
  std::sort(list.begin(), list.end(), [](const CellInfo& a, const CellInfo& b) { return a.name < b.name; });
  return list;
}

CellPtr make_cell(const std::string& name_and_options, const Builder& p, CellSizes sizes) {
  detail::CellSpec request;
  return make_from(name_and_options, p, sizes, request);
}

std::vector<CellOption> cell_options(const std::string& name) {
  Params scratch;
  detail::CellSpec request;
  make_from(name, scratch / "", {1, 1}, request);
  std::vector<CellOption> list;
  for (const auto& k : request.known) list.push_back({k.name, k.standard, k.help});
  return list;
}

}  // namespace ebb
