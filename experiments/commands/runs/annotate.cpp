#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/experiment.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/commands/runs/runs_place.hpp>
#include <ebb/experiments/runs/notes.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ops/utf8.hpp>
#include <functional>

namespace ebb::app::runs {
namespace {

/// Changes what the user added to a run. Other processes that change it wait meanwhile, so that nothing is lost.
Notes change_notes(RunIndex& index, const RunRecord& run, const std::function<void(Notes&)>& change) {
  Notes notes;
  {
    Database::Transaction lock{index.database()};
    notes = read_notes(run.folder);
    const Notes before = notes;
    change(notes);
    if (!(notes == before)) write_notes(run.folder, notes);
    lock.commit();
  }
  if (run.folder == index.folder_of(run.name)) index.reread(run.name);
  return notes;
}

class RunsTagCommand final : public Command {
 public:
  void options(Options& o) override {
    declare_run(o, run_);
    o.add("TAG", tags_, "tags to add: words without blanks and commas; none: only prints the run's tags");
    o.add("--remove", remove_, "tags to remove");
    place_.declare(o);
    o.example("ebb runs tag train-20260101-120000 baseline");
    o.example("ebb runs tag train-20260101-120000 final --remove draft,baseline");
    o.example("ebb runs list --tag baseline");
  }

  int run() override {
    for (const std::string& tag : tags_) check_tag(tag);
    RunIndex index = place_.open("tag");
    const RunRecord run = index.run_of(run_);
    const Notes notes = change_notes(index, run, [&](Notes& n) {
      for (const std::string& tag : remove_)
        if (std::erase(n.tags, tag) == 0)
          throw ValueError(fmt::format("'{}' has no tag '{}'; it has {}", run.name, tag,
                                       n.tags.empty() ? "none" : fmt::format("{}", fmt::join(n.tags, ", "))));
      for (const std::string& tag : tags_)
        if (std::find(n.tags.begin(), n.tags.end(), tag) == n.tags.end()) n.tags.push_back(tag);
      std::sort(n.tags.begin(), n.tags.end());
    });
    put(fmt::format("{}: {}\n", ebb::detail::printable(run.name),
                    notes.tags.empty() ? "no tags" : fmt::format("{}", fmt::join(notes.tags, ", "))));
    return 0;
  }

 private:
  RunsPlace place_;
  std::string run_;
  std::vector<std::string> tags_, remove_;
};
EBB_SUBCOMMAND(runs_tag, "runs tag", RunsTagCommand, "add tags to a run, or remove them");

class RunsNoteCommand final : public Command {
 public:
  void options(Options& o) override {
    declare_run(o, run_);
    o.add("TEXT", text_, "the note, which replaces an earlier one (default: prints the note)").type("TEXT");
    o.entries().back()->read = [read = o.entries().back()->read](const std::string& text) {
      if (text.empty()) throw ValueError("TEXT must not be empty; --clear removes the note");
      read(text);
    };
    o.add("--clear", clear_, "remove the note");
    place_.declare(o);
    o.example("ebb runs note train-20260101-120000 'the learning rate was too high'");
    o.example("ebb runs note train-20260101-120000");
  }

  int run() override {
    if (clear_ && !text_.empty()) throw ValueError("--clear removes the note: it takes no text");
    if (!ebb::detail::is_utf8(text_)) throw ValueError("the note is not UTF-8");
    RunIndex index = place_.open("note");
    const Notes notes = change_notes(index, index.run_of(run_), [&](Notes& n) {
      if (clear_ || !text_.empty()) n.note = text_;
    });
    put(notes.note.empty() ? "no note\n" : ebb::detail::printable(notes.note) + "\n");
    return 0;
  }

 private:
  RunsPlace place_;
  std::string run_, text_;
  bool clear_ = false;
};
EBB_SUBCOMMAND(runs_note, "runs note", RunsNoteCommand, "write a note to a run, or print it");

}  // namespace
}  // namespace ebb::app::runs
