#include <fmt/format.h>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/pattern.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

/// Stands in for a transform whose Params was destroyed.
class Gone final : public detail::LeafTransforms {
 public:
  Var apply(const Leaf& leaf, const Var&, const StepContext*) const override {
    throw TapeError(std::string("parameter ") + leaf.name() +
                    ": its Params was destroyed, and with it the parameter's transform");
  }
};

}  // namespace

Params::Params(ParamsOptions o) : LeafSet(o.dtype), data_(new detail::ParamsData{*this, o.seed, o.most}) {}
Params::~Params() {
  // A transform may hold parameters of this set, which would be a reference cycle. Later uses throw.
  for (int k = 0; k < count(); ++k)
    if (const Leaf leaf = (*this)[k]; leaf.transformed()) leaf.get()->transforms = std::make_shared<Gone>();
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
    return fmt::format("{:<{}}  {:<{}}  {:>10}  {:>11}{}\n", name, name_width, shape, shape_width, weights, bytes,
                       note);
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
  if (trained() != all) table += fmt::format("{} of these are trained\n", trained());
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

}  // namespace ebb
