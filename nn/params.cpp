#include <ebb/autograd/leaf_data.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/pattern.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <fmt/format.h>
#include <map>

namespace ebb {

Params::Params(ParamsOptions o) : LeafSet(o.dtype), data_(new detail::ParamsData{*this, o.seed, o.most}) {}
Params::~Params() {
  // A transform may hold parameters of this very set, which would then hold itself. Whoever uses one later is told.
  for (int k = 0; k < count(); ++k)
    if (const Leaf leaf = (*this)[k]; leaf.transformed())
      leaf.get()->transforms = {Transform([name = std::string(leaf.name())](const Var&) -> Var {
        throw TapeError("parameter " + name + ": its Params is gone, and its transform with it");
      })};
  detail::drop(data_);
}

Builder Params::operator/(const char* scope) { return Builder(data_, scope); }
std::uint64_t Params::seed() const { return data_->seed; }

std::int64_t Params::trained() const {
  std::int64_t n = 0;
  for (int k = 0; k < count(); ++k)
    if ((*this)[k].trained()) n += (*this)[k].shape().size();
  return n;
}

std::string Params::summary() const {
  std::size_t name_width = 9, shape_width = 5;
  for (int k = 0; k < count(); ++k) {
    name_width = std::max(name_width, std::string((*this)[k].name()).size());
    shape_width = std::max(shape_width, text((*this)[k].shape()).size());
  }
  const auto line = [&](const std::string& name, const std::string& shape, const auto& weights, const auto& bytes,
                        const char* note) {
    return fmt::format("{:<{}}  {:<{}}  {:>10}  {:>11}{}\n", name, name_width, shape, shape_width, weights, bytes, note);
  };
  const auto each = static_cast<std::int64_t>(bytes_of(dtype()));
  std::string table = line("parameter", "shape", "weights", "bytes", "");
  std::int64_t all = 0;
  for (int k = 0; k < count(); ++k) {
    const Leaf leaf = (*this)[k];
    const std::int64_t n = leaf.shape().size();
    table += line(leaf.name(), text(leaf.shape()), n, n * each, leaf.trained() ? "" : "  fixed");
    all += n;
  }
  table += line("total", "", all, all * each, "");
  if (trained() != all) table += fmt::format("{} of them trained\n", trained());
  return table;
}

int Params::transform(const std::string& pattern, const Transform& f) {
  detail::check_fits("transform", *this, pattern);
  int found = 0;
  for (int k = 0; k < count(); ++k) {
    if (!detail::fits(pattern.c_str(), (*this)[k].name())) continue;
    (*this)[k].transform(f);
    ++found;
  }
  return found;
}

namespace {
/// For those who hand an archive to Params::load.
std::string hint(const std::map<std::string, Array>& found) {
  return !found.empty() && found.begin()->first.rfind("1/", 0) == 0 ? "; a file of several parts, by save(), is read by load()" : "";
}
}  // namespace

void Params::save(const std::string& path, const std::map<std::string, std::string>& metadata) const {
  std::vector<NamedArray> list;
  for (int k = 0; k < count(); ++k) list.push_back({(*this)[k].name(), (*this)[k].value()});
  write_safetensors(path, list, metadata);
}

void Params::load(const std::string& path) {
  std::map<std::string, Array> found;
  for (NamedArray& a : read_safetensors(path)) found[a.name] = a.values;
  std::vector<Array> values;
  for (int k = 0; k < count(); ++k) {
    const Leaf leaf = (*this)[k];
    const auto it = found.find(leaf.name());
    if (it == found.end()) throw FileError(path + ": has no parameter '" + leaf.name() + "', which this model needs" + hint(found));
    if (!(it->second.shape() == leaf.shape()))
      throw FileError(path + ": parameter '" + leaf.name() + "' is " + text(it->second.shape()) + " in the file and " +
                      text(leaf.shape()) + " in this model");
    values.push_back(it->second);
    found.erase(it);
  }
  if (!found.empty()) throw FileError(path + ": has a parameter '" + found.begin()->first + "' that this model lacks");
  Edit change(*this);
  for (int k = 0; k < count(); ++k) change[(*this)[k]].assign(values[static_cast<std::size_t>(k)]);
}

}  // namespace ebb
