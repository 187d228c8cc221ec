#include <ebb/autograd/edit.hpp>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <map>

namespace ebb {

namespace {

/// A hint for the case that the file is an archive.
std::string archive_hint(const detail::StoredFile& file) {
  const bool archive = !file.table().empty() && file.table().front().name.starts_with("1/");
  return archive ? "; it was written by save() and is read by load()" : "";
}

/// Checks that file and set have the same parameters, before any data is read.
void check_names(const detail::StoredFile& file, const LeafSet& w) {
  std::map<std::string, const detail::Stored*> left;
  for (const detail::Stored& s : file.table()) left[s.name] = &s;
  for (int k = 0; k < w.count(); ++k) {
    const auto it = left.find(w[k].name());
    if (it == left.end())
      file.reject(std::string("has no parameter '") + w[k].name() + "', which the model has" + archive_hint(file));
    file.check(*it->second);
    const std::vector<int>& extents = it->second->shape;
    const Shape there(extents.data(), static_cast<int>(extents.size())), here = w[k].shape();
    if (!(there == here))
      file.reject(std::string("parameter '") + w[k].name() + "' is " + text(there) + " in the file and " + text(here) +
                  " in the model");
    left.erase(it);
  }
  if (!left.empty()) file.reject("has a parameter '" + left.begin()->first + "' that the model does not have");
}

}  // namespace

void save_weights(const std::string& path, const LeafSet& w, const Metadata& metadata) {
  std::vector<NamedArray> list;
  for (int k = 0; k < w.count(); ++k) list.push_back({w[k].name(), w[k].value()});
  write_safetensors(path, list, metadata);
}

void load_weights(const std::string& path, LeafSet& w) {
  detail::StoredFile file(path);
  check_names(file, w);
  const std::vector<NamedArray> values = detail::read_arrays(file, [](const detail::Stored&) { return true; });
  for (const NamedArray& a : values) detail::check_fits(path, a, w.dtype());
  Edit change(w);
  for (const NamedArray& a : values) change[w.find(a.name.c_str())].assign(a.values);
}

}  // namespace ebb
