#pragma once
#include <string>
#include <vector>

namespace ebb {
class Ranks;
}

namespace ebb::app {

/// The processes that mpirun started together with this one, while they run a command; null if it is alone.
Ranks* world();
/// "4 ranks on 2 hosts, 2 threads each"; empty if this process is alone.
std::string world_text();

/// As run_command, in each process that mpirun started. Only rank 0 prints. If one of them fails, all end, and rank 0
/// prints which failed and why; if one dies, the first that notices prints this and ends the others.
///
/// Threads   by default the cores that a process may use, divided by the number of ranks that may use the same ones
/// Errors    exit code 2 if this Ebb was built without MPI
int run_launched(const std::vector<std::string>& words);

/// Keeps a message for rank 0 to print, if this process is one of several.
bool keep_complaint(const std::string& where, const std::string& what);

}  // namespace ebb::app
