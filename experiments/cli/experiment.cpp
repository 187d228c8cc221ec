#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/ops/parallel.hpp>

namespace ebb::app {

Command::~Command() = default;

std::vector<const CommandEntry*> command_list() { return Registry<CommandEntry>::list(); }

std::vector<std::string> first_words() {
  std::vector<std::string> words;
  for (const CommandEntry* c : command_list()) {
    const std::string name = c->name, word = name.substr(0, name.find(' '));
    if (words.empty() || words.back() != word) words.push_back(word);
  }
  return words;
}

void LongCommand::options(Options& o) {
  shared_.threads = threads();
  declared_ = &o;
  own_options(o);
  o.add("--out", shared_.out, "folder for the results (default: runs/COMMAND-TIME)").type("DIR").not_kept();
  o.add("--force", shared_.force, "write into a folder that is not empty").unrecorded();
  o.add("--seed", shared_.seed, "first seed").at_most(~std::uint64_t{0} - 1000);
  const int few = std::min(shared_.seeds, 2), many = std::max(shared_.seeds, shared_.seeds > 1 ? 5 : 1);
  o.add("--seeds", shared_.seeds, "number of seeds").at_least(1).at_most(1000).quick(few).full(many);
  o.add("--threads", shared_.threads, "number of threads; results do not depend on it").at_least(1).at_most(1024);
  o.add("--quick", shared_.quick, "run the whole job at a toy size, in seconds");
  o.add("--full", shared_.full, "use the sizes of the literature");
}

Size LongCommand::size() const {
  if (shared_.quick && shared_.full) throw ValueError("--quick and --full are mutually exclusive");
  return shared_.size();
}

int LongCommand::run() {
  Job job{name_, shared_, *declared_};
  work(job);
  return job.finish();
}

}  // namespace ebb::app
