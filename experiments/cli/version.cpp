#include <commit.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/ops/isa.hpp>

// The only file that is recompiled at each commit.
namespace ebb::app {

std::string version_and_commit() {
  const std::string commit = EBB_COMMIT, version = EBB_VERSION;
  return commit.empty() ? version : version + " at " + commit;
}

std::string version_line() {
#if defined(__clang__)
  const std::string compiler = "clang " __clang_version__;
#else
  const std::string compiler = "g++ " __VERSION__;
#endif
  return "ebb " + version_and_commit() + " (" + compiler + ", " + name_of(isa()) + " kernels)";
}

}  // namespace ebb::app
