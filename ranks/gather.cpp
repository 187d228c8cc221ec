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

struct Saying {
  bool failed = false, raised = false;
  std::string occasion, text;
};

std::string packed(const Saying* all, std::size_t count) {
  detail::ByteText bytes;
  for (const Saying* s = all; s != all + count; ++s) bytes.put(s->failed).put(s->raised).put(s->occasion).put(s->text);
  return bytes.text();
}

/// By rank. After round k every rank has the sayings of the 2^k ranks from its own on.
std::vector<Saying> all_sayings(Ranks& ranks, Saying mine) {
  const int size = ranks.size(), rank = ranks.rank();
  std::vector<Saying> from_mine{std::move(mine)};
  for (int distance = 1; distance < size; distance *= 2) {
    const int count = std::min(distance, size - distance);
    const std::string text = packed(from_mine.data(), static_cast<std::size_t>(count));
    const std::string came = exchange_text(ranks, (rank - distance + size) % size, text, (rank + distance) % size);
    detail::ByteTextReader bytes(came);
    for (int k = 0; k < count; ++k) {
      Saying s;
      bytes.get(s.failed).get(s.raised).get(s.occasion).get(s.text);
      from_mine.push_back(std::move(s));
    }
  }
  std::rotate(from_mine.begin(), from_mine.end() - rank, from_mine.end());
  return from_mine;
}

[[noreturn]] void fail(Ranks& ranks, const std::string& why) {
  GatherAccess::failed(ranks) = true;
  throw RankError(why);
}

void check(Ranks& ranks, const std::vector<Saying>& all) {
  for (int r = 0; r < ranks.size(); ++r)
    if (const Saying& s = all[static_cast<std::size_t>(r)]; s.failed)
      fail(ranks, fmt::format("{}: {}", ranks.name(r), s.text));
  for (int r = 1; r < ranks.size(); ++r)
    if (const Saying& s = all[static_cast<std::size_t>(r)]; s.occasion != all[0].occasion)
      fail(ranks, fmt::format("ranks are not in step: {} is at '{}', but {} at '{}'", ranks.name(0), all[0].occasion,
                              ranks.name(r), s.occasion));
}

}  // namespace

std::vector<std::string> gather_all(Ranks& ranks, const char* occasion, const std::string& mine) {
  if (GatherAccess::failed(ranks))
    throw RankError(fmt::format("{}: another rank has failed", ranks.name(ranks.rank())));
  std::vector<Saying> all = all_sayings(ranks, {false, GatherAccess::here(ranks), occasion, mine});
  check(ranks, all);
  std::vector<std::string> texts;
  for (Saying& s : all) {
    if (s.raised) GatherAccess::raised(ranks) = true;
    texts.push_back(std::move(s.text));
  }
  return texts;
}

void fail_all(Ranks& ranks, const std::string& why) {
  if (GatherAccess::failed(ranks)) return;
  GatherAccess::failed(ranks) = true;
  (void)all_sayings(ranks, {true, false, "failure", why});
}

void check_same(Ranks& ranks, const char* what, const std::string& mine, const std::string& cure) {
  const std::vector<std::string> all = gather_all(ranks, what, mine);
  for (int r = 1; r < ranks.size(); ++r)
    if (const std::string& other = all[static_cast<std::size_t>(r)]; other != all[0])
      throw ValueError(fmt::format("{} differs between ranks: {} on {}, {} on {}; {}", what, all[0], ranks.name(0),
                                   other, ranks.name(r), cure));
}

}  // namespace ebb
