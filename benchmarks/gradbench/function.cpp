#include "function.hpp"

namespace gradbench {

Function::Function(const char* module, const char* name, Problem (*read)(const Json& input))
    : module_(module), name_(name), read_(read), next_(first_) {
  first_ = this;
}

template <class Matches> const Function* Function::first_that(Matches matches) {
  for (const Function* f = first_; f; f = f->next_)
    if (matches(*f)) return f;
  return nullptr;
}

const Function* Function::find(const std::string& module, const std::string& name) {
  return first_that([&](const Function& f) { return module == f.module_ && name == f.name_; });
}

bool Function::has_module(const std::string& module) {
  return first_that([&](const Function& f) { return module == f.module_; }) != nullptr;
}

}  // namespace gradbench
