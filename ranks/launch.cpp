#include <cstdlib>
#include <cstring>
#include <ebb/ranks/mpi_ranks.hpp>
#include <string_view>

namespace ebb {
namespace {

int number_in(const char* variable) {
  const char* const text = std::getenv(variable);
  return text ? std::atoi(text) : 0;
}

/// The variables in which a launcher passes the number of processes and the index of this one.
struct Launcher {
  const char* by;
  const char* size;
  const char* rank;
};

constexpr Launcher launchers[] = {
    {"mpirun (Open MPI)", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"},
    {"mpiexec (MPICH or Intel MPI)", "PMI_SIZE", "PMI_RANK"},
    {"mpiexec (MVAPICH)", "MV2_COMM_WORLD_SIZE", "MV2_COMM_WORLD_RANK"},
    {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID"},
};

}  // namespace

Launch launch_of_process() {
  const char* const setting = std::getenv("EBB_MPI");
  if (setting && std::string_view(setting) == "off") return {};
  for (const Launcher& l : launchers)
    if (const int size = number_in(l.size); size > 1) return {l.by, size, number_in(l.rank)};
  return {};
}

}  // namespace ebb
