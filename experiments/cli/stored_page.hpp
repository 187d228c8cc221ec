#pragma once
#include <string>

namespace ebb::app {

/// A page that is written from stored data, such as docs/papers.md from docs/papers.json.
class StoredPage {
 public:
  /// The data are beside the page: the same name with .json.
  explicit StoredPage(std::string page);
  const std::string& page() const { return page_; }
  const std::string& data() const { return data_; }
  /// Before any long work: that both files can be written, and that nothing would be lost with the page.
  /// Errors    FileError: one of them cannot be written; ValueError: there is a page without data, whose results would
  ///           not be in the new page
  void check() const;
  /// Writes the data, then the page.
  void write(const std::string& data, const std::string& page) const;

 private:
  std::string page_, data_;
};

}  // namespace ebb::app
