#include <fmt/format.h>
#include <cstring>
#include <ebb/autograd/edit.hpp>
#include <ebb/nn/archive_impl.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>
#include <ebb/ops/utf8.hpp>

namespace ebb {

namespace {

const std::string words = "text ", bits = "bytes ";  // prefixes of stored strings; bytes are hex-encoded
const char* const nothing = detail::archived_nothing;

std::vector<int> extents(const Shape& s) {
  std::vector<int> list;
  for (int k = 0; k < s.rank(); ++k) list.push_back(s[k]);
  return list;
}

std::string stored_text(const std::string& s) {
  if (detail::is_utf8(s)) return words + s;
  std::string text = bits;
  for (const char c : s) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

bool read_text(const std::string& stored, std::string& s) {
  if (stored.rfind(words, 0) == 0) {
    s = stored.substr(words.size());
    return true;
  }
  if (stored.rfind(bits, 0) != 0 || (stored.size() - bits.size()) % 2 != 0) return false;
  if (stored.find_first_not_of("0123456789abcdef", bits.size()) != std::string::npos) return false;
  for (std::size_t k = bits.size(); k < stored.size(); k += 2)
    s += static_cast<char>(std::stoi(stored.substr(k, 2), nullptr, 16));
  return true;
}

}  // namespace

std::string Archive::Impl::take_string(const char* name) {
  const std::string stored = take_text(name);
  std::string s;
  if (!read_text(stored, s)) reject(name, "is '" + stored + "', but a string is expected");
  return s;
}

Archive& Archive::operator()(const char* name, std::string& s) {
  if (!reading()) {
    impl_->add_text(name, stored_text(s));
  } else {
    auto fresh = std::make_shared<std::string>(
        impl_->take_string(name));  // allocated now, since the deferred part must not fail
    later([&s, fresh] { s.swap(*fresh); });
  }
  return *this;
}

Archive& Archive::operator()(const char* name, std::vector<std::string>& list) {
  enter(name);
  if (!reading()) {
    put<std::uint64_t>("count", list.size());
    for (std::size_t k = 0; k < list.size(); ++k) impl_->add_text(std::to_string(k).c_str(), stored_text(list[k]));
  } else {
    const auto count = get<std::uint64_t>("count");
    auto fresh =
        std::make_shared<std::vector<std::string>>();  // grows with the entries present, not with the declared count
    for (std::uint64_t k = 0; k < count; ++k) fresh->push_back(impl_->take_string(std::to_string(k).c_str()));
    later([&list, fresh] { list.swap(*fresh); });
  }
  leave();
  return *this;
}

Archive& Archive::operator()(const char* name, Array& a) {
  if (!reading()) impl_->add(name, a);
  else later([&a, fresh = impl_->take(name)] { a = fresh; });
  return *this;
}

Archive& Archive::operator()(const char* name, Tokens& tokens) {
  if (!reading()) {
    if (!tokens) {
      impl_->add_text(name, nothing);
      return *this;
    }
    const char* first = reinterpret_cast<const char*>(tokens.data());
    impl_->add_array(
        name,
        {"I32", extents(tokens.shape()), {}, {first, first + sizeof(int) * static_cast<std::size_t>(tokens.size())}});
  } else if (impl_->take_nothing(name)) {
    later([&tokens] { tokens = Tokens(); });
  } else {
    const detail::ArchivedArray a = impl_->take_array(name);
    if (a.type != "I32") impl_->reject(name, "is " + a.type + ", but tokens are expected");
    Tokens fresh(Shape(a.shape.data(), static_cast<int>(a.shape.size())));
    if (!a.bytes.empty()) std::memcpy(fresh.data(), a.bytes.data(), a.bytes.size());
    later([&tokens, fresh] { tokens = fresh; });
  }
  return *this;
}

Archive& Archive::operator()(const char* name, StateArrays& s) {
  enter(name);
  if (!reading()) {
    (*this)("names", s.names);
    for (std::size_t k = 0; k < s.names.size(); ++k) impl_->add(std::to_string(k).c_str(), s.fields[k]);
  } else {
    auto fresh = std::make_shared<StateArrays>();
    enter("names");
    const auto count = get<std::uint64_t>("count");
    for (std::uint64_t k = 0; k < count; ++k) fresh->names.push_back(impl_->take_string(std::to_string(k).c_str()));
    leave();
    for (std::uint64_t k = 0; k < count; ++k) fresh->fields.push_back(impl_->take(std::to_string(k).c_str()));
    later([&s, fresh] { std::swap(s, *fresh); });
  }
  leave();
  return *this;
}

Archive& Archive::leaves(const char* name, const LeafSet& set) {
  enter(name);
  std::vector<Array> values;
  for (int k = 0; k < set.count(); ++k)
    if (!reading()) impl_->add(set[k].name(), set[k].value());
    else values.push_back(impl_->take(set[k].name(), set[k].shape(), set.dtype()));
  leave();
  if (reading())
    later([set, values] {
      Edit change(set);
      for (int k = 0; k < set.count(); ++k) change[set[k]].assign(values[static_cast<std::size_t>(k)]);
    });
  return *this;
}

Archive& Archive::like(const char* name, const LeafSet& set, Array& flat) {
  const auto at = [&](const Array& whole, int k) {
    const int first = static_cast<int>(set[k].offset());
    return whole.range(first, first + static_cast<int>(set[k].shape().size())).reshape(set[k].shape());
  };
  if (!reading()) {
    if (!flat) {
      impl_->add_text(name, nothing);
      return *this;
    }
    if (flat.size() != set.size()) throw ValueError(impl_->full(name) + ": parameters were added after its first step");
    enter(name);
    for (int k = 0; k < set.count(); ++k) impl_->add(set[k].name(), at(flat, k));
    leave();
  } else if (impl_->take_nothing(name)) {
    later([&flat] { flat = Array(); });
  } else {
    const Array fresh = Array::zeros({static_cast<int>(set.size())}, set.dtype());
    enter(name);
    for (int k = 0; k < set.count(); ++k) at(fresh, k).assign(impl_->take(set[k].name(), set[k].shape(), set.dtype()));
    leave();
    later([&flat, fresh] { flat = fresh; });
  }
  return *this;
}

Archive& Archive::same(const char* name, const std::string& here) {
  if (!reading()) {
    impl_->add_text(name, stored_text(here));
  } else if (const std::string there = impl_->take_string(name); there != here) {
    impl_->reject(name, "is '" + there + "' in the file and '" + here + "' here");
  }
  return *this;
}

void Params::visit(Archive& a) { a.same("kind", "parameters").leaves("values", *this); }

}  // namespace ebb
