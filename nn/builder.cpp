#include <cstring>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/nn/init_name.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

char* own(const std::string& text) {
  char* copy = new char[text.size() + 1];
  std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

std::string join(const char* scope, const char* name) {
  return *scope ? std::string(scope) + "/" + name : std::string(name);
}

}  // namespace

void detail::drop(ParamsData* p) noexcept {
  if (p->holders.drop()) delete p;
}

void detail::ParamsData::admit(const std::string& name, const Shape& shape) const {
  if (most == 0) return;
  std::int64_t left = most;
  for (int k = 0; k < set.count(); ++k) left -= set[k].shape().size();
  if (shape.size() > left)
    throw ValueError(name + ": " + text(shape) + " exceeds the maximum of " + std::to_string(most) + " values");
}

Builder::Builder(detail::ParamsData* params, const char* scope) : params_(params), scope_(own(scope)) {
  params_->holders.hold();
}
Builder::Builder(const Builder& o) : Builder(o.params_, o.scope_) { cell_ = o.cell_; }
Builder::~Builder() {
  delete[] scope_;
  detail::drop(params_);
}

Builder Builder::operator/(const char* scope) const {
  Builder inner(params_, join(scope_, scope).c_str());
  inner.cell_ = cell_;
  return inner;
}

Builder detail_builder_for(const Builder& b, detail::CellSpec* cell) {
  Builder other(b);
  other.cell_ = cell;
  return other;
}

Param Builder::matrix(const char* name, int rows, int columns) const {
  return matrix(name, rows, columns, fan_in_uniform(cell_ ? cell_->hidden : columns));
}
Param Builder::matrix(const char* name, int rows, int columns, const Init& init) const {
  return tensor(name, {rows, columns}, init);
}
Param Builder::vector(const char* name, int width) const {
  return vector(name, width, fan_in_uniform(cell_ ? cell_->hidden : width));
}
Param Builder::vector(const char* name, int width, const Init& init) const { return tensor(name, {width}, init); }
Param Builder::tensor(const char* name, const Shape& shape, const Init& init) const {
  return trained(name, initial_values(name, shape, init));
}

Array Builder::initial_values(const char* name, const Shape& shape, const Init& init) const {
  const std::string full = join(scope_, name);
  if (shape.size() < 1) throw ValueError(full + ": every extent must be at least 1, but the shape is " + text(shape));
  params_->admit(full, shape);
  try {
    return ebb::initial_values(init, shape, Key{params_->seed}.named(full.c_str()));
  } catch (const ShapeError& e) { throw ShapeError(full + ": " + e.what()); }
}

Param Builder::trained(const char* name, const Array& values) const {
  params_->admit(join(scope_, name), values.shape());
  Array initial = values;
  if (const std::string* init = cell_ ? cell_->asked_init(name) : nullptr)
    initial = initial_values(name, values.shape(), init_named(*init));
  return Param(params_->set.add(join(scope_, name).c_str(), initial.to(params_->set.dtype()), true));
}
Param Builder::fixed(const char* name, const Array& values) const {
  params_->admit(join(scope_, name), values.shape());
  return Param(params_->set.add(join(scope_, name).c_str(), values.to(params_->set.dtype()), false));
}

OptionValue Builder::option(const char* name, double default_value, const char* help) const {
  return cell_ ? cell_->options.number(name, default_value, help) : OptionValue(default_value);
}
int Builder::whole(const char* name, IntegerArgument default_value, IntegerArgument low, IntegerArgument high,
                   const char* help) const {
  GivenOptions none;
  const std::int64_t x = (cell_ ? cell_->options : none).whole(name, default_value, low, high, help);
  if (x != static_cast<int>(x)) reject(name, (std::to_string(x) + " is out of the range of int").c_str());
  return static_cast<int>(x);
}
bool Builder::flag(const char* name, bool default_value, const char* help) const {
  return cell_ ? cell_->options.flag(name, default_value, help) : default_value;
}
int Builder::choice(const char* name, const char* choices, const char* help) const {
  return cell_ ? cell_->options.choice(name, choices, help) : 0;
}
void Builder::reject(const char* option, const char* why) const {
  const std::string owner = cell_ ? cell_->options.owner() : "";
  throw ValueError((owner.empty() ? "" : owner + ": ") + "option " + option + ": " + why);
}

void Builder::declare(const char* name, int offset, std::initializer_list<int> width, double initial_value) const {
  if (!cell_) return;  // a cell constructed directly has no adapter that needs its fields
  if (width.size() > 3) throw ShapeError(std::string("state ") + name + ": more than three extents after the batch");
  cell_->text.emplace_back(name);
  Field f{cell_->text.back().c_str(), {}, static_cast<int>(width.size()), initial_value, offset};
  int k = 0;
  for (int w : width) {
    if (w < 1) throw ValueError(std::string("state ") + name + ": a width is " + std::to_string(w) + ", less than 1");
    f.width[k++] = w;
  }
  cell_->fields.push_back(f);
}

}  // namespace ebb
