#pragma once
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ebb::app {

/// The machine-readable results of a job: a tree of named values, written as summary.json in the order of setting.
///
///     summary.set({"tasks", "adding", "cells", "lstm", "loss"}, 0.003);
class Summary {
 public:
  using Path = std::vector<std::string>;
  Summary();
  ~Summary();
  Summary(const Summary&) = delete;
  Summary& operator=(const Summary&) = delete;

  void set(const Path&, double);  ///< NaN and infinities become null
  void set(const Path&, int);
  void set(const Path&, bool);
  void set(const Path&, const std::string&);
  void set(const Path& path, const char* word) { set(path, std::string(word)); }
  void set_json(const Path&, const std::string& json);  ///< any value in JSON
  std::string json() const;

  class Section;
  /// The section below a path.
  ///
  ///     const auto lstm = summary.under({"cells", "lstm"});
  ///     lstm.set({"loss"}, 0.003);
  Section under(const Path&);

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

class Summary::Section {
 public:
  template <class T> void set(const Path& path, const T& x) const { summary_.set(below(path), x); }
  void set_json(const Path& path, const std::string& json) const { summary_.set_json(below(path), json); }
  Section under(const Path& path) const { return {summary_, below(path)}; }

 private:
  friend Summary;
  Section(Summary& s, Path at) : summary_(s), at_(std::move(at)) {}
  Path below(Path path) const {
    path.insert(path.begin(), at_.begin(), at_.end());
    return path;
  }
  Summary& summary_;
  Path at_;
};

inline Summary::Section Summary::under(const Path& path) { return {*this, path}; }

}  // namespace ebb::app
