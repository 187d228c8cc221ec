#include <ebb/autograd/state.hpp>

#include <cstring>
#include <ebb/autograd/call_site.hpp>
#include <ebb/ops/error.hpp>
#include <string>

namespace ebb {

namespace {

[[noreturn]] void no_field(const std::string& which, const char* const* names, int size,
                           const std::source_location& where) {
  std::string known;
  for (int k = 0; k < size; ++k) known += (k ? ", " : "") + std::string(names[k]);
  throw ValueError("state: there is no field " + which + "; this cell has " + (known.empty() ? "none" : known) +
                   detail::place_of(where));
}

}  // namespace

int State::index(FieldName f) const {
  for (int k = 0; k < size_; ++k)
    if (std::strcmp(names_[k], f.name) == 0) return k;
  no_field(f.name, names_, size_, f.where);
}
void State::reject(const Index& k) const { no_field(std::to_string(k.number), names_, size_, k.where); }

}  // namespace ebb
