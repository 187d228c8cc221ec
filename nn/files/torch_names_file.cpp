#include <ebb/autograd/edit.hpp>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/nn/files/torch_names.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <map>
#include <set>

namespace ebb {

namespace {

/// In float64, so that a sum of two biases is rounded once.
Array transposed(const Array& from) {
  const Array a = from.to(f64).compact();
  Array t = Array::empty({a.dim(1), a.dim(0)}, f64);
  const double* in = a.data<double>();
  double* out = t.data<double>();
  for (int i = 0; i < a.dim(0); ++i)
    for (int j = 0; j < a.dim(1); ++j) out[j * a.dim(0) + i] = in[i * a.dim(1) + j];
  return t;
}

}  // namespace

/// The requested tensors of a file, by name.
struct TorchNames::Tensors {
  std::string path;
  std::map<std::string, Array> left;
  std::string other;  // the first tensor that was not requested

  Tensors(const std::string& file_path, const std::vector<Pair>& pairs) : path(file_path) {
    std::set<std::string> names;
    for (const Pair& p : pairs) names.insert({p.tensor, p.second});
    names.erase("");  // no second tensor
    detail::StoredFile file(path);
    for (const detail::Stored& s : file.table())
      if (other.empty() && names.count(s.name) == 0) other = s.name;
    for (NamedArray& a : detail::read_arrays(file, [&](const detail::Stored& s) { return names.count(s.name) > 0; }))
      left[a.name] = a.values;
  }
  bool has(const std::string& name) const { return left.count(name) > 0; }
  Array take(const std::string& name, const Shape& shape, const Leaf& leaf) {
    const auto it = left.find(name);
    if (it == left.end())
      throw FileError(path + ": has no tensor '" + name + "', which parameter '" + leaf.name() + "' needs");
    const Array a = it->second;
    if (!(a.shape() == shape))
      throw FileError(path + ": tensor '" + name + "' is " + text(a.shape()) + ", but parameter '" + leaf.name() +
                      "' needs " + text(shape));
    left.erase(it);
    return a.to(f64).copy();
  }
  Array take_bias(const std::string& name, const Leaf& leaf) {
    return has(name) ? take(name, leaf.shape(), leaf) : Array::zeros(leaf.shape(), f64);
  }
};

void TorchNames::load(const std::string& path, Fit fit) const {
  check_all_named("torch names: load", fit);
  Tensors file(path, pairs_);
  std::vector<std::pair<Leaf, Array>> values;
  for (const Pair& p : pairs_) {
    const Shape shape = p.leaf.shape();
    if (p.layout == Layout::same) {
      values.emplace_back(p.leaf, file.take(p.tensor, shape, p.leaf));
    } else if (p.layout == Layout::transposed) {
      values.emplace_back(p.leaf, transposed(file.take(p.tensor, {shape[1], shape[0]}, p.leaf)));
    } else if (p.layout == Layout::bias) {
      values.emplace_back(p.leaf, file.take_bias(p.tensor, p.leaf));
    } else {
      if (file.has(p.tensor) != file.has(p.second))  // bias=False omits both
        throw FileError(path + ": has only one of '" + p.tensor + "' and '" + p.second + "'");
      const Array first = file.take_bias(p.tensor, p.leaf);
      Array second = file.take_bias(p.second, p.leaf);
      if (p.layout == Layout::gru_biases) {  // n's second bias is multiplied by r, so it is kept separately
        const int H = p.apart.shape()[0];
        values.emplace_back(p.apart, second.range(2 * H, 3 * H).copy());
        second.range(2 * H, 3 * H).fill(0);
      }
      values.emplace_back(p.leaf, first + second);
    }
  }
  if (fit == Fit::whole && !file.other.empty())
    throw FileError(path + ": has a tensor '" + file.other + "' that is not mapped to a parameter");
  for (const auto& [leaf, array] : values) detail::check_fits(path, {leaf.name(), array}, set_.dtype());
  Edit change(set_);
  for (const auto& [leaf, array] : values) change[leaf].assign(array);
}

void TorchNames::save(const std::string& path, const Metadata& metadata, Fit fit) const {
  check_all_named("torch names: save", fit);
  std::vector<NamedArray> list;
  for (const Pair& p : pairs_) {
    const Array value = p.leaf.value();
    list.push_back({p.tensor, p.layout == Layout::transposed ? transposed(value).to(set_.dtype()) : value});
    if (p.second.empty()) continue;
    Array second = Array::zeros(value.shape(), set_.dtype());
    if (p.apart) second.range(second.dim(0) - p.apart.shape()[0], second.dim(0)).assign(p.apart.value());
    list.push_back({p.second, second});
  }
  write_safetensors(path, list, metadata);
}

}  // namespace ebb
