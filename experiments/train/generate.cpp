#include <fmt/format.h>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {

void reject_sampling(const GenerateRequest& r, const char* what) {
  const SampleOptions none;
  if (r.sampling.temperature != none.temperature || r.sampling.top_k != none.top_k || r.sampling.top_p != none.top_p)
    throw ValueError(fmt::format("{} is not sampled: --temperature, --top-k and --top-p do not apply", what));
  if (r.greedy && r.beam > 0) throw ValueError("--greedy and --beam are mutually exclusive");
}

}  // namespace ebb::app
