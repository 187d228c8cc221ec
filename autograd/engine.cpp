#include <ebb/autograd/engine.hpp>

namespace ebb {

Engine& engine() {
  static Engine e;
  return e;
}

}  // namespace ebb
