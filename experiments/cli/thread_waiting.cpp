#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>
#include <ebb/experiments/cli/thread_waiting.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb::app {

void limit_thread_spinning(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") || std::getenv("GOMP_SPINCOUNT") || std::getenv("KMP_BLOCKTIME")) return;
  if (threads() < 2 || getauxval(AT_BASE) == 0) return;  // no base: /proc/self/exe is the dynamic linker
  setenv("GOMP_SPINCOUNT", "2000", 0);                   // pauses of some 25 ns
  setenv("KMP_BLOCKTIME", "0", 0);                       // older versions know milliseconds only
  execv("/proc/self/exe", argv);                         // returns if there is no /proc: then threads spin for longer
}

}  // namespace ebb::app
