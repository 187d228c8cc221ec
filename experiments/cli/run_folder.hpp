#pragma once
#include <memory>
#include <string>
#include <vector>

namespace ebb::app {

/// The folder that a job writes into. Files appear whole: each is written under another name and renamed.
class RunFolder {
 public:
  RunFolder() = default;
  /// Checks, without making anything, that the folder can be made or is empty (or --force).
  /// Errors    FileError if it cannot be written, or is not empty
  RunFolder(std::string path, bool force);
  /// A folder that nobody else writes into, whoever runs at the same time: path, or else path-2, path-3, ...
  static RunFolder of_its_own(std::string path);

  const std::string& path() const { return path_; }
  /// Makes the folder. Errors: FileError
  void create();
  /// Writes a file. Errors: FileError if the disk is full, ...; nothing of that name is left half-written
  void write(const std::string& name, const std::string& content);
  /// Makes the folders that a name such as "tensorboard/events" stands in. Errors: FileError
  void make_parents(const std::string& name);
  void note(const std::string& name);  ///< somebody else wrote it
  const std::vector<std::string>& written() const { return written_; }
  /// Keeps other jobs out for as long as this object, or a copy, lives; the system lets go when the process dies.
  /// Errors    FileError if another job is in the folder
  void lock();
  /// Removes what a process that was killed had not finished to write: *.part, *.<number>.<number>.tmp.
  void sweep() const;
  /// Removes the folder if it was made here and is still empty: after an error nothing stays behind.
  void discard();

 private:
  void claim();
  std::string path_;
  bool own_ = false;
  std::shared_ptr<void> lock_;
  std::vector<std::string> written_, made_;  // made_: folders that create() made, outermost first
};

/// "20250131-142233", local time.
std::string time_stamp();
/// Writes a file under another name and renames it. Errors: FileError if the disk is full, ...; nothing is left
/// half-written
void write_whole(const std::string& path, const std::string& content);
/// All bytes of a file, as they are; texts are read by read_text. Errors: FileError if it is missing, no regular file,
/// larger than 1 GiB, or cannot be read
std::string read_file(const std::string& path);

}  // namespace ebb::app
