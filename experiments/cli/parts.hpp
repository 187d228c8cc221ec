#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {

/// The parts of a job that have ended: each result is a file, parts/NAME.json in the job's folder, that appears as a
/// whole. A job that is resumed (--resume) takes these results instead of computing them again, so that it ends with
/// the same bits as one that was never stopped; only clocks, and measured memory, differ.
///
///     Parts parts{job, {{"data", task.data()}}};   // after job.start()
///     const std::string name = "lstm, seed 3";
///     if (auto earlier = parts.finished<Run>(name)) run = std::move(*earlier);
///     else if (run = trained(); !job.interrupted()) parts.finish(name, run);
///
/// A result is written and read by its `visit` (fields.hpp). Safe to call from several threads.
///
/// Errors    FileError if the folder holds parts of another command, of other options or other data, or of an Ebb
///           whose parts have another form, naming the first that differs; if a part cannot be read
class Parts {
 public:
  /// `same`: what must agree with the job that is resumed besides the options, such as the data. The parts of an
  /// earlier job in the folder (--force) are removed. Other kernels or another version of Ebb are a warning.
  explicit Parts(Job&, std::map<std::string, std::string> same = {});

  /// The result of a part that an earlier process has completed. A name is any text, unique in the job.
  template <class R> std::optional<R> finished(const std::string& name);
  /// Keeps the result of a part that has run to its end. A part that Ctrl-C or an error cut short is not one: the job
  /// that is resumed computes it again. If it cannot be written, there is a warning, and the job continues.
  template <class R> void finish(const std::string& name, const R& result) {
    write(name, json_of(File<R>{name, writer_, result}));
  }
  /// The path of a checkpoint for a part that takes long: `finish` removes it.
  std::string checkpoint(const std::string& name) const { return path_of(name, ".checkpoint"); }
  Job& job() const { return job_; }
  /// For results that are kept in files of their own: warns if other kernels, or another version of Ebb, began the job.
  void warn_of_beginner();

 private:
  struct Writer {  // whose bits a part holds
    std::string ebb, instruction_set;
    void visit(Fields& f) { f("ebb", ebb)("instruction_set", instruction_set); }
  };
  struct Origin;
  template <class R> struct File {
    std::string name;
    Writer writer;
    R result{};
    void visit(Fields& f) { f("part", name)("writer", writer)("result", result); }
  };

  void check_origin(std::map<std::string, std::string> same);
  void remove_all() const;
  std::string path_of(const std::string& name, const char* ending) const;
  std::string read(const std::string& path) const;  // empty if there is none
  void write(const std::string& name, const std::string& text);
  void check_name(const std::string& path, const std::string& name, const std::string& wanted) const;
  void warn_of(const Writer&);
  Job& job_;
  const std::string folder_;
  Writer writer_, beginner_;
  std::mutex warning_;
  bool warned_of_writer_ = false, warned_of_disk_ = false;
};

template <class R> std::optional<R> Parts::finished(const std::string& name) {
  if (!job_.again()) return {};
  const std::string path = path_of(name, ".json"), text = read(path);
  if (text.empty()) return {};
  try {
    auto file = from_json<File<R>>(text, path);
    check_name(path, file.name, name);
    warn_of(file.writer);
    return std::move(file.result);
  } catch (FileError& e) {
    e.with_context("; remove that file to compute this part again");
    throw;
  }
}

}  // namespace ebb::app
