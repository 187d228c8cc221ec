#pragma once

namespace ebb::app {

/// Limits how long a thread spins before it sleeps while it waits for others: 50 microseconds, not 7 milliseconds
/// (libgomp's default) or 200 (LLVM's). Where other processes use the same cores, spinning uses up the time slices that
/// the other threads need: small trainings ran over ten times slower on two threads than on one.
///
/// OpenMP reads its settings from the environment before main, so the program is started anew with them. It is not if
/// the environment has OMP_WAIT_POLICY, GOMP_SPINCOUNT or KMP_BLOCKTIME already, if there is one thread only, or if it
/// was started by a dynamic linker that was given its name. Called first in main.
void limit_thread_spinning(char** argv);

}  // namespace ebb::app
