#include <ebb/ranks/ranks.hpp>

namespace ebb {

Ranks::~Ranks() = default;

void Ranks::lose(const std::string& why) {
  lost_ = true;
  throw RankError(why);
}

void Ranks::send(int to, const void* data, std::size_t bytes) {
  const Outgoing one{to, data, bytes};
  exchange({&one, 1}, {});
}

void Ranks::receive(int from, void* data, std::size_t bytes) {
  const Incoming one{from, data, bytes};
  exchange({}, {&one, 1});
}

}  // namespace ebb
