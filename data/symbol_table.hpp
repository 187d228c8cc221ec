#pragma once
#include <ebb/data/byte_reader.hpp>
#include <ebb/data/vocabulary.hpp>
#include <functional>
#include <unordered_map>

/// Shared by the sources of Vocabulary. Internal.
namespace ebb::detail {

inline constexpr const char* special_names[] = {"<pad>", "<unk>", "<bos>", "<eos>"};

struct SymbolHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
};
template <class T> using SymbolMap = std::unordered_map<std::string, T, SymbolHash, std::equal_to<>>;

/// With bytes as symbols a byte order mark is content like any other.
inline Content content_of(Symbols kind) { return kind == Symbols::bytes ? Content::bytes : Content::text; }

/// A symbol as a line of a file, with control characters escaped and, for bytes, those that are not valid UTF-8.
std::string escaped(std::string_view symbol, Symbols);
std::vector<std::string> load_symbols(const std::string& path, Symbols& kind);
void save_symbols(const std::string& path, Symbols, const std::vector<std::string>&);

}  // namespace ebb::detail
