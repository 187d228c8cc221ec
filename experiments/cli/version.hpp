#pragma once
#include <string>

namespace ebb::app {

/// "1a2b3c4", with " with changes" if files outside docs/ differ from that commit; empty outside of git.
std::string commit_text();
/// "g++ 12.2.0".
std::string compiler_text();

/// "0.1.0 at 1a2b3c4", with " with changes" if files outside docs/ differ from that commit; "0.1.0" outside of git.
std::string version_and_commit();

/// The same with the compiler and the instruction set of the kernels: "ebb 0.1.0 at 1a2b3c4 (g++ 12.2.0, avx2
/// kernels)".
std::string version_line();

}  // namespace ebb::app
