#pragma once

namespace ebb::app {

/// The `ebb` command, with all cells, tasks and experiments that are linked in. A project of your own calls it:
///
///     int main(int argc, char** argv) { return ebb::app::main(argc, argv); }
///
/// Returns   0; 1 for a wrong gradient or a run that diverged; 2 for bad input; 130 after Ctrl-C
int main(int argc, char** argv);

}  // namespace ebb::app
