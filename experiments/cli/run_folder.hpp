#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ebb::app {

/// The folder that a job writes into. Files appear atomically: each is written under a temporary name and renamed.
class RunFolder {
 public:
  RunFolder() = default;
  /// Checks, without creating anything, that the folder can be created or is empty (or --force).
  /// Errors    FileError if it cannot be written, or is not empty
  RunFolder(std::string path, bool force);
  /// A folder that no other job writes into, even one running at the same time: path, or else path-2, path-3, ...
  static RunFolder of_its_own(std::string path);
  /// The folder of another process, in which this one creates and writes nothing.
  static RunFolder of_another(std::string path);

  const std::string& path() const { return path_; }
  /// Creates the folder. Errors: FileError
  void create();
  /// Writes a file. Safe to call from several threads.
  /// Errors    FileError if the disk is full, ...; no partial file remains
  void write(const std::string& name, const std::string& content);
  /// Creates the parent folders of a name such as "tensorboard/events". Errors: FileError
  void make_parents(const std::string& name);
  /// Records a file that was written by other code. Safe to call from several threads.
  void note(const std::string& name);
  const std::vector<std::string>& written() const { return written_; }
  /// Locks out other jobs for the lifetime of this object and its copies; the system releases the lock when the process
  /// dies.
  /// Errors    FileError if another job is using the folder
  void lock();
  /// Removes unfinished files that a killed process left: *.part, *.<number>.<number>.tmp.
  void sweep() const;
  /// Removes the folder if it was created here and is still empty, so that nothing remains after an error.
  void discard();

 private:
  void claim();
  std::string path_;
  bool own_ = false;
  std::shared_ptr<void> lock_;
  std::shared_ptr<std::mutex> noting_ = std::make_shared<std::mutex>();  // of written_
  std::vector<std::string> written_, made_;  // made_: folders created by create(), outermost first
};

/// Whether a job is writing into the folder: it holds RunFolder::lock.
bool folder_in_use(const std::string& path);

/// The command that wrote a run's folder, as its summary.json or its config.toml records it; empty if neither does.
std::string writer_of(const std::string& folder);
/// Errors    FileError naming both commands, if another command than this one wrote the folder
void check_writer(const std::string& folder, const std::string& command);
/// Errors    FileError unless the folder has the config.toml of a run; it names a similar folder that has one
void check_run_folder(const std::string& folder);

/// Rejects a folder that would need more new folders than itself, for a place that the user names: a mistyped path
/// must not become a tree. The default folders of runs are made with their parent.
/// Errors    FileError naming the first folder that does not exist
void check_parent(const std::string& folder);

/// "20250131-142233", local time.
std::string time_stamp();
/// Writes a file under a temporary name and renames it. Errors: FileError if the disk is full, ...; no partial file
/// remains
void write_whole(const std::string& path, const std::string& content);
/// The bytes of a file; texts are read by read_text. Errors: FileError if it is missing, not a regular file, larger
/// than 1 GiB, or cannot be read
std::string read_file(const std::string& path);

}  // namespace ebb::app
