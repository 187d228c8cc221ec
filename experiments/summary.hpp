#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

/// What programs read of a job: a tree of named numbers and words, written as summary.json in the order of setting.
///
///     summary.set({"tasks", "adding", "cells", "lstm", "loss"}, 0.003);
class Summary {
 public:
  using Path = std::vector<std::string>;
  Summary();
  ~Summary();
  Summary(const Summary&) = delete;
  Summary& operator=(const Summary&) = delete;

  void set(const Path&, double);                       ///< NaN and infinities become null
  void set(const Path&, int);
  void set(const Path&, bool);
  void set(const Path&, const std::string&);
  void set(const Path& path, const char* word) { set(path, std::string(word)); }
  void set_json(const Path&, const std::string& json); ///< any value that is JSON already
  std::string json() const;

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace ebb
