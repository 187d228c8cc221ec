#include <ebb/experiments/runs/run_record.hpp>

namespace ebb::app::runs {

const std::vector<Column>& base_columns() {
  static const std::vector<Column> all{
      {"run", "name of its folder"},
      {"status", "running, finished, stopped (Ctrl-C), paused (--pause-at), failed, killed or damaged"},
      {"command", "train, vanish, ..."},
      {"task", "of ebb train"},
      {"cell", "of ebb train"},
      {"loss", "on the test split, in `unit`"},
      {"valid", "validation score of the weights that were kept, by `validated_by`"},
      {"validated_by", "loss, or the task's measure"},
      {"valid_unit", "of `valid`"},
      {"baseline", "loss of the baseline on the test split"},
      {"unit", "of `loss` and `baseline`"},
      {"updates", "number of updates"},
      {"kept_update", "update whose weights were kept"},
      {"diverged", "number of seeds that diverged"},
      {"stopped_early", "number of seeds that --patience or the task's target ended"},
      {"weights", "number of trained weights"},
      {"seconds", "wall time of the job"},
      {"speed", "steps or characters per second"},
      {"clip_events", "clipped updates"},
      {"skipped_updates", "updates with a gradient too large for the optimiser"},
      {"kept_bytes", "memory of the tapes of an update"},
      {"started", "local time"},
      {"ended", "local time"},
      {"tags", "joined by commas"},
      {"note", "text"},
      {"error", "why it failed or is damaged"},
      {"size", "quick, standard or full"},
      {"seed", "first seed"},
      {"seeds", "number of seeds"},
      {"threads", "number of threads"},
      {"ebb", "version"},
      {"commit", "of Ebb"},
      {"compiler", "that built Ebb"},
      {"instruction_set", "of the kernels"},
      {"host", "machine"},
      {"processor", "of the machine"},
  };
  return all;
}

}  // namespace ebb::app::runs
