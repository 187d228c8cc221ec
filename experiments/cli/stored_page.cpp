#include <fmt/format.h>
#include <ebb/experiments/cli/out_file.hpp>
#include <ebb/experiments/cli/stored_page.hpp>
#include <ebb/ops/error.hpp>
#include <filesystem>

namespace ebb::app {
namespace fs = std::filesystem;

StoredPage::StoredPage(std::string page)
    : page_(std::move(page)), data_(fs::path(page_).replace_extension(".json").string()) {}

void StoredPage::check() const {
  for (const std::string& file : {data_, page_}) OutFile{file};
  // A device or an empty file has no results.
  if (fs::is_regular_file(page_) && fs::file_size(page_) > 0 && !fs::exists(data_))
    throw ValueError(
        fmt::format("'{}' has no data: there is no '{}', so that its results would be lost when it is written "
                    "anew. Restore that file, remove the page, or choose another --page",
                    page_, data_));
}

void StoredPage::write(const std::string& data, const std::string& page) const {
  OutFile(data_).write(data);
  OutFile(page_).write(page);
}

}  // namespace ebb::app
