#include <chrono>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/part_training.hpp>
#include <ebb/ops/isa.hpp>

namespace ebb::app::study {

TrainKeeper keep_training(const Parts& parts, const std::string& part, Origin& from, std::function<void(Archive&)> more,
                          double least_seconds) {
  using Clock = std::chrono::steady_clock;
  from.options["kernels"] = name_of(isa());  // others would change the bits of the rest
  const auto saved = std::make_shared<Clock::time_point>(Clock::now());
  const auto extended = [more](const TrainPart& run) {
    return TrainPart{[more, fields = run.fields](Archive& a) {
      fields(a);
      if (more) more(a);
    }};
  };

  TrainKeeper keeper = keep_at(parts.checkpoint(part), 1, from, parts.job().again());
  keeper.save = [=, save = keeper.save](const TrainPart& run) {
    if (!interrupted() && std::chrono::duration<double>(Clock::now() - *saved).count() < least_seconds) return;
    *saved = Clock::now();
    try {
      save(extended(run));
    } catch (const FileError&) {  // a full disk may have space later; without a checkpoint the part begins anew
    }
  };
  if (keeper.load)
    keeper.load = [=, load = keeper.load](TrainPart& run) {
      TrainPart all = extended(run);
      try {
        load(all);
      } catch (const FileError&) {  // nothing was changed
      }
    };
  return keeper;
}

}  // namespace ebb::app::study
