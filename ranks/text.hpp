#pragma once
#include <ebb/ranks/ranks.hpp>

namespace ebb {

/// Messages of any length, which is sent with them.
void send_text(Ranks&, int to, const std::string&);
std::string receive_text(Ranks&, int from);
/// Both at once: ranks may send to one another in a circle.
std::string exchange_text(Ranks&, int to, const std::string&, int from);

}  // namespace ebb
