#pragma once

namespace ebb {

/// The `ebb` command, with whatever cells, tasks and experiments are linked in. A project of one's own calls it:
///
///     int main(int argc, char** argv) { return ebb::main(argc, argv); }
///
/// Returns   0; 1 for a wrong gradient or a run that diverged; 2 for bad input; 130 after Ctrl-C
int main(int argc, char** argv);

}  // namespace ebb
