#include <ebb/autograd/edit.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/exchange.hpp>
#include <string>

namespace ebb::detail {

void exchange(const char* who, const LeafSet& set, Array& other) {
  if (other.size() != set.size()) throw ValueError(std::string(who) + ": parameters were added since the first update");
  Edit change(set);
  for (int k = 0; k < set.count(); ++k) {
    if (!set[k].trained()) continue;
    Array now = change[set[k]];
    const int first = static_cast<int>(set[k].offset());
    Array kept = other.range(first, first + static_cast<int>(now.size())).reshape(now.shape());
    const Array before = now.copy();
    now.assign(kept);
    kept.assign(before);
  }
}

}  // namespace ebb::detail
