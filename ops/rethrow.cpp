#include <ebb/ops/error.hpp>
#include <ebb/ops/rethrow.hpp>
#include <new>
#include <system_error>

namespace ebb::detail {

void rethrow_named(const char* kind, const char* name) {
  try {
    throw;
  } catch (const Error&) { throw; } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::length_error&) { throw; } catch (const std::system_error&) {
    throw;
  } catch (const std::exception& e) {
    throw Error(std::string("the ") + kind + " '" + name +
                "' threw an exception: " + (*e.what() ? e.what() : "without a message"));
  } catch (...) {
    throw Error(std::string("the ") + kind + " '" + name + "' threw an exception that is not a std::exception");
  }
}

}  // namespace ebb::detail
