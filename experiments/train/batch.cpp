#include <cxxabi.h>
#include <fmt/format.h>
#include <cstdlib>
#include <ebb/experiments/train/batch.hpp>
#include <ebb/ops/error.hpp>
#include <memory>
#include <string>

namespace ebb::app {
namespace {

std::string kind_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name{abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                    &std::free};
  return status == 0 ? name.get() : type.name();
}

}  // namespace

void Batch::reject(const std::type_info& wanted) const {
  throw Error(fmt::format("the task's batches are of the kind {}, but its network or meter reads {}",
                          kind_name(content_.type()), kind_name(wanted)));
}

double steps_in(const Lengths& lengths) {
  double steps = 0;
  for (int row = 0; row < lengths.dim(0); ++row) steps += lengths.data()[row];
  return steps;
}

}  // namespace ebb::app
