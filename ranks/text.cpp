#include <cstdint>
#include <ebb/ranks/text.hpp>

namespace ebb {

void send_text(Ranks& ranks, int to, const std::string& text) {
  const std::uint64_t size = text.size();
  ranks.send(to, &size, sizeof size);
  if (size > 0) ranks.send(to, text.data(), text.size());
}

std::string receive_text(Ranks& ranks, int from) {
  std::uint64_t size = 0;
  ranks.receive(from, &size, sizeof size);
  std::string text(size, '\0');
  if (size > 0) ranks.receive(from, text.data(), text.size());
  return text;
}

std::string exchange_text(Ranks& ranks, int to, const std::string& text, int from) {
  const std::uint64_t size = text.size();
  std::uint64_t coming = 0;
  const Ranks::Outgoing out_size{to, &size, sizeof size};
  const Ranks::Incoming in_size{from, &coming, sizeof coming};
  ranks.exchange({&out_size, 1}, {&in_size, 1});
  std::string received(coming, '\0');
  const Ranks::Outgoing out{to, text.data(), text.size()};
  const Ranks::Incoming in{from, received.data(), received.size()};
  ranks.exchange({&out, size > 0 ? std::size_t{1} : 0}, {&in, coming > 0 ? std::size_t{1} : 0});
  return received;
}

}  // namespace ebb
