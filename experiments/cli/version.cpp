#include <commit.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/ops/isa.hpp>

// The only file that is recompiled at each commit.
namespace ebb::app {

std::string commit_text() { return EBB_COMMIT; }

std::string compiler_text() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

std::string version_and_commit() {
  const std::string commit = commit_text(), version = EBB_VERSION;
  return commit.empty() ? version : version + " at " + commit;
}

std::string version_line() {
  return "ebb " + version_and_commit() + " (" + compiler_text() + ", " + name_of(isa()) + " kernels)";
}

}  // namespace ebb::app
