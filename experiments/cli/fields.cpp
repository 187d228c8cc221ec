#include <fmt/format.h>
#include <cmath>
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/ops/error.hpp>
#include <limits>
#include <nlohmann/json.hpp>

namespace ebb::app {

struct Fields::Impl {
  nlohmann::ordered_json root;
  std::vector<nlohmann::ordered_json*> at{&root};
  std::vector<std::string> path;
  std::string file;
  bool reading = false;
  nlohmann::ordered_json& here() const { return *at.back(); }
};

Fields::Fields() : impl_(std::make_unique<Impl>()) {}

Fields::Fields(const std::string& json, const std::string& file) : impl_(std::make_unique<Impl>()) {
  impl_->reading = true;
  impl_->file = file;
  impl_->root = nlohmann::ordered_json::parse(json, nullptr, false);
  if (impl_->root.is_discarded()) fail("is not JSON");
}

Fields::~Fields() = default;
bool Fields::reading() const { return impl_->reading; }

std::string Fields::text() const {
  return impl_->root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void Fields::fail(const std::string& what) const {
  std::string where;
  for (const std::string& name : impl_->path) where += (where.empty() ? "" : ".") + name;
  throw FileError(fmt::format("'{}'{} {}", impl_->file, where.empty() ? "" : fmt::format(": '{}'", where), what));
}

void Fields::enter(const std::string& name) {
  impl_->path.push_back(name);
  auto& here = impl_->here();
  if (reading() && (!here.is_object() || !here.contains(name))) fail("is missing");
  impl_->at.push_back(&here[name]);
}

void Fields::enter_item(std::size_t k) {
  impl_->path.push_back(std::to_string(k));
  impl_->at.push_back(&impl_->here()[k]);
}

void Fields::leave() {
  impl_->path.pop_back();
  impl_->at.pop_back();
}

std::size_t Fields::open_list(std::size_t size) {
  auto& here = impl_->here();
  if (!reading()) here = nlohmann::ordered_json::array_t(size);
  else if (!here.is_array()) fail("is not a list");
  return here.size();
}

std::vector<std::string> Fields::open_map() {
  auto& here = impl_->here();
  std::vector<std::string> keys;
  if (!reading()) here = nlohmann::ordered_json::object();
  else if (!here.is_object()) fail("is not an object");
  else
    for (const auto& [key, x] : here.items()) keys.push_back(key);
  return keys;
}

bool Fields::is_null() const { return impl_->here().is_null(); }
void Fields::put_null() { impl_->here() = nullptr; }

void Fields::flag(bool& x) {
  auto& here = impl_->here();
  if (!reading()) here = x;
  else if (here.is_boolean()) x = here.get<bool>();
  else fail("is neither true nor false");
}

void Fields::whole(std::int64_t& x) {
  auto& here = impl_->here();
  if (!reading()) here = x;
  else if (here.is_number_integer() &&
           (!here.is_number_unsigned() || here.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max()))
    x = here.get<std::int64_t>();
  else fail("is not a whole number");
}

void Fields::natural(std::uint64_t& x) {
  auto& here = impl_->here();
  if (!reading()) here = x;
  else if (here.is_number_unsigned()) x = here.get<std::uint64_t>();
  else fail("is not a whole number from 0");
}

void Fields::number(double& x) {
  auto& here = impl_->here();
  if (!reading() && std::isfinite(x)) here = x;
  else if (!reading()) here = fmt::format("{}{}", std::signbit(x) ? "-" : "", std::isnan(x) ? "nan" : "inf");
  else if (here.is_number()) x = here.get<double>();
  else {
    const auto word = here.is_string() ? here.get<std::string>() : std::string();
    const bool nan = word.ends_with("nan");
    if (word != "nan" && word != "-nan" && word != "inf" && word != "-inf") fail("is not a number");
    const double size = nan ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
    x = std::copysign(size, word[0] == '-' ? -1.0 : 1.0);
  }
}

void Fields::word(std::string& x) {
  auto& here = impl_->here();
  if (!reading()) here = x;
  else if (here.is_string()) x = here.get<std::string>();
  else fail("is not a text");
}

}  // namespace ebb::app
