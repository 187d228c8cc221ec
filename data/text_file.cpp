#include <ebb/data/byte_reader.hpp>
#include <ebb/data/text_file.hpp>
#include <ebb/ops/utf8.hpp>

namespace ebb {

std::string read_text(const std::string& path) {
  constexpr std::size_t most = std::size_t{1} << 30,
                        block = 1 << 16;  // read in blocks, since a small gzip file may expand without limit
  detail::ByteReader file(path, detail::Content::text);
  std::string text;
  for (std::size_t got = block; got == block;) {
    const std::size_t before = text.size();
    text.resize(before + block);
    got = file.read(text.data() + before, block);
    text.resize(before + got);
    if (text.size() > most) file.reject("is larger than 1 GiB");
  }
  return text;
}

std::vector<std::string> read_lines(const std::string& path) {
  detail::ByteReader file(path, detail::Content::text);
  std::vector<std::string> lines;
  for (std::string line; file.line(line);) {
    if (!detail::is_utf8(line)) file.reject_line("is not UTF-8");
    lines.push_back(line);
  }
  return lines;
}

}  // namespace ebb
