#pragma once
#include <map>
#include <string>
#include <vector>

namespace ebb::app::observe {

/// The results of one measure of one subject: named lists of numbers, and notes. They are saved as JSON as soon as they
/// are complete, so that an interrupted job resumes after them, and the page is made from them alone.
class Values {
 public:
  std::vector<double>& operator[](const std::string& name) { return numbers_[name]; }
  /// Errors    Error if there is no such list
  const std::vector<double>& at(const std::string& name) const;
  /// The only number of a list.
  double number(const std::string& name) const { return at(name).at(0); }
  bool has(const std::string& name) const { return numbers_.count(name) > 0; }
  void note(const std::string& name, const std::string& text) { notes_[name] = text; }
  std::string note(const std::string& name) const;  ///< empty if there is none
  const std::map<std::string, std::vector<double>>& all() const { return numbers_; }

  /// Numbers that are not finite are the words "nan", "inf" and "-inf".
  std::string json() const;
  std::string json_line() const;  ///< the same in one line, without a line break
  /// Errors    FileError if it has not this form
  static Values parse(const std::string& json);
  /// Errors    FileError naming the file if it has not this form
  static Values read(const std::string& path);

 private:
  std::map<std::string, std::vector<double>> numbers_;
  std::map<std::string, std::string> notes_;
};

}  // namespace ebb::app::observe
