#include <fmt/format.h>
#include <CLI/Error.hpp>
#include <cstdio>
#include <ebb/experiments/cli/launch.hpp>
#include <ebb/experiments/cli/outcome.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>
#include <ios>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

bool current_folder_is_gone() {
  std::error_code error;
  (void)fs::current_path(error);
  return bool(error);
}

// Relative paths are invalid in a folder that was removed; the library then names no path, or an unrelated one.
std::string said(const fs::filesystem_error& e) {
  if (current_folder_is_gone()) return fmt::format("the current folder was removed: {}", e.code().message());
  if (e.path1().empty()) return e.code().message();
  return fmt::format("'{}': {}", e.path1().string(), e.code().message());
}

}  // namespace

int complain(const std::string& where, const std::string& what, int code) {
  const std::string text = ebb::detail::printable(what);
  if (!keep_complaint(where, text)) std::fputs(fmt::format("{}: {}\n", where, text).c_str(), stderr);
  return code;
}

int outcome_of(const std::string& where, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& e) { return complain(where, e.what(), 2); } catch (const std::bad_alloc&) {
    return complain(where, "there is not enough memory for these sizes", 2);
  } catch (const std::length_error&) {  // from a container larger than any memory
    return complain(where, "there is not enough memory for these sizes", 2);
  } catch (const fs::filesystem_error& e) { return complain(where, said(e), 2); } catch (const std::system_error& e) {
    return complain(where, fmt::format("{}: {}", e.what(), e.code().message()), 2);
  } catch (const nlohmann::json::exception& e) {
    return complain(where, fmt::format("cannot read or write JSON: {}", e.what()), 2);
  } catch (const CLI::Error& e) { return complain(where, e.what(), 2); } catch (const std::exception& e) {
    return complain(where, fmt::format("internal error: {}", e.what()), 1);
  } catch (...) { return complain(where, "internal error: an exception that is not a std::exception", 1); }
}

}  // namespace ebb::app
