#pragma once
#include <ebb/ranks/ranks.hpp>
#include <memory>

namespace ebb {

/// How this process was started: by mpirun, mpiexec or srun, as one of several, or alone.
struct Launch {
  std::string by;  ///< "mpirun", ...; empty if it is alone
  int size = 1;    ///< number of processes that were started together
  int rank = 0;
};

/// From the environment, without MPI. With EBB_MPI=off a process is alone, whatever started it.
Launch launch_of_process();

/// Whether this Ebb was built with MPI (Debian: libopenmpi-dev or libmpich-dev).
bool has_mpi();

/// The processes that mpirun, mpiexec or srun started together with this one; null if it is alone. MPI ends when the
/// object does. Call it once, from the main thread, and use it from there.
///
///     const std::unique_ptr<Ranks> world = mpi_ranks();
///     Result r = backward(w, {.rows = B, .ranks = world.get()}, loss);
///
/// If it is destroyed while an exception is thrown, all ranks are ended, because the others would wait for this one.
///
/// Errors    ValueError, with the cure, if several processes were started and this Ebb was built without MPI, or its
///           MPI is another than that of the launcher
std::unique_ptr<Ranks> mpi_ranks();

}  // namespace ebb
