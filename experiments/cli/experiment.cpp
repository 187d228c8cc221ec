#include <fmt/format.h>
#include <algorithm>
#include <ebb/data/text_file.hpp>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/printable.hpp>
#include <filesystem>

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
  if (!shared_.resumes) return;
  o.add("--resume", resume_,
        "resume the job in this folder with its options; parts that were completed are not repeated")
      .type("DIR")
      .unrecorded();
}

void LongCommand::prepare(Options& o) {
  if (!resume_.empty()) restore(o);
  before(shared_, o);
}

// A job is resumed with the options recorded in its folder, and in that folder.
void LongCommand::restore(Options& o) {
  if (!shared_.out.empty() && shared_.out != resume_)
    throw ValueError(
        fmt::format("--resume continues in the job's own folder, '{}'; --out '{}' is another", resume_, shared_.out));
  check_run_folder(resume_);
  check_writer(resume_, name_);
  const std::string config = resume_ + "/config.toml";
  restore_config(o, name_, config, read_text(config), {"threads"});
  shared_.out = resume_;
  shared_.again = true;
}

Size LongCommand::size() const {
  if (shared_.quick && shared_.full) throw ValueError("--quick and --full are mutually exclusive");
  return shared_.size();
}

int LongCommand::run() {
  Job job{name_, shared_, *declared_};
  try {
    work(job);
  } catch (Error& e) {  // what was completed is not lost
    std::error_code none;
    if (shared_.resumes && !job.again() && std::filesystem::exists(job.folder() + "/parts", none))
      e.with_context(fmt::format("; to resume: ebb {} --resume {}", name_, ebb::detail::printable(job.folder())));
    throw;
  }
  return job.finish();
}

}  // namespace ebb::app
