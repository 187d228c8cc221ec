#include <fmt/format.h>
#include <algorithm>
#include <ebb/ranks/byte_text.hpp>
#include <ebb/ranks/gather.hpp>
#include <ebb/ranks/text.hpp>

namespace ebb {

struct GatherAccess {
  static bool& failed(Ranks& r) { return r.failed_; }
  static bool here(const Ranks& r) { return r.raised_here_; }
  static bool& raised(Ranks& r) { return r.raised_; }
};

namespace {

/// What one rank contributes to a gathering.
struct Entry {
  bool failed = false, raised = false;
  std::string occasion, text;
};

std::string packed(const Entry* all, std::size_t count) {
  detail::ByteText bytes;
  for (const Entry* e = all; e != all + count; ++e) bytes.put(e->failed).put(e->raised).put(e->occasion).put(e->text);
  return bytes.text();
}

/// By rank. After round k every rank has the entries of the 2^k ranks from its own on.
std::vector<Entry> all_entries(Ranks& ranks, Entry mine) {
  const int size = ranks.size(), rank = ranks.rank();
  std::vector<Entry> from_mine{std::move(mine)};
  for (int distance = 1; distance < size; distance *= 2) {
    const int count = std::min(distance, size - distance);
    const std::string text = packed(from_mine.data(), static_cast<std::size_t>(count));
    const std::string came = exchange_text(ranks, (rank - distance + size) % size, text, (rank + distance) % size);
    detail::ByteTextReader bytes(came);
    for (int k = 0; k < count; ++k) {
      Entry e;
      bytes.get(e.failed).get(e.raised).get(e.occasion).get(e.text);
      from_mine.push_back(std::move(e));
    }
  }
  std::rotate(from_mine.begin(), from_mine.end() - rank, from_mine.end());
  return from_mine;
}

[[noreturn]] void fail(Ranks& ranks, const std::string& why) {
  GatherAccess::failed(ranks) = true;
  throw RankError(why);
}

void check(Ranks& ranks, const std::vector<Entry>& all) {
  for (int r = 0; r < ranks.size(); ++r)
    if (const Entry& e = all[static_cast<std::size_t>(r)]; e.failed)
      fail(ranks, fmt::format("{}: {}", ranks.name(r), e.text));
  for (int r = 1; r < ranks.size(); ++r)
    if (const Entry& e = all[static_cast<std::size_t>(r)]; e.occasion != all[0].occasion)
      fail(ranks, fmt::format("ranks are not in step: {} is at '{}', but {} at '{}'", ranks.name(0), all[0].occasion,
                              ranks.name(r), e.occasion));
}

}  // namespace

std::vector<std::string> gather_all(Ranks& ranks, const char* occasion, const std::string& mine) {
  if (GatherAccess::failed(ranks))
    throw RankError(fmt::format("{}: another rank has failed", ranks.name(ranks.rank())));
  std::vector<Entry> all = all_entries(ranks, {false, GatherAccess::here(ranks), occasion, mine});
  check(ranks, all);
  std::vector<std::string> texts;
  for (Entry& e : all) {
    if (e.raised) GatherAccess::raised(ranks) = true;
    texts.push_back(std::move(e.text));
  }
  return texts;
}

void fail_all(Ranks& ranks, const std::string& why) {
  if (GatherAccess::failed(ranks)) return;
  GatherAccess::failed(ranks) = true;
  (void)all_entries(ranks, {true, false, "failure", why});
}

void check_same(Ranks& ranks, const char* what, const std::string& mine, const std::string& cure) {
  const std::vector<std::string> all = gather_all(ranks, what, mine);
  for (int r = 1; r < ranks.size(); ++r)
    if (const std::string& other = all[static_cast<std::size_t>(r)]; other != all[0])
      throw ValueError(fmt::format("{} differs between ranks: {} on {}, {} on {}; {}", what, all[0], ranks.name(0),
                                   other, ranks.name(r), cure));
}

}  // namespace ebb
