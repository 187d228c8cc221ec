#pragma once

namespace ebb::app {

/// Limits how long a thread spins before it sleeps while it waits for others: 50 microseconds, not 7 milliseconds
/// (libgomp's default) or 200 (LLVM's). If other processes use the same cores, spinning uses up the time slices that
/// the other threads need: small training runs were over ten times slower on two threads than on one.
///
/// OpenMP reads its settings from the environment before main, so the program re-executes itself with them. It does not
/// if the environment already has OMP_WAIT_POLICY, GOMP_SPINCOUNT or KMP_BLOCKTIME, if there is only one thread, or if
/// the program was started through the dynamic linker. Called first in main.
void limit_thread_spinning(char** argv);

}  // namespace ebb::app
