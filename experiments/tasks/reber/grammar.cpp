#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/tasks/reber/grammar.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app {
namespace {

struct Reber {
  enum Symbol { B, T, P, S, X, V, E };
};

/// The two edges of each node of the inner grammar, in the order of the symbols.
struct ReberEdge {
  Reber::Symbol symbol;
  int to;
};
constexpr ReberEdge reber_edges[][2] = {{{Reber::T, 1}, {Reber::P, 2}},
                                        {{Reber::S, 1}, {Reber::X, 3}},
                                        {{Reber::T, 2}, {Reber::V, 4}},
                                        {{Reber::S, 5}, {Reber::X, 2}},
                                        {{Reber::P, 3}, {Reber::V, 5}}};
constexpr int last_node = 5;

}  // namespace

std::vector<int> EmbeddedReber::next() const {
  switch (place_) {
    case Place::begin:
    case Place::inner_begin: return {Reber::B};
    case Place::outer: return {Reber::T, Reber::P};
    case Place::inner: return {reber_edges[node_][0].symbol, reber_edges[node_][1].symbol};
    case Place::outer_again: return {outer_};
    case Place::inner_end:
    case Place::last: return {Reber::E};
    case Place::end: break;
  }
  return {};
}

void EmbeddedReber::read(int symbol) {
  const std::vector<int> possible = next();
  if (std::find(possible.begin(), possible.end(), symbol) == possible.end())
    throw ValueError("a symbol that cannot follow in the embedded Reber grammar");
  if (place_ == Place::inner) {
    node_ = reber_edges[node_][reber_edges[node_][0].symbol == symbol ? 0 : 1].to;
    if (node_ != last_node) return;
  }
  if (place_ == Place::outer) outer_ = symbol;
  place_ = static_cast<Place>(static_cast<int>(place_) + 1);
}

std::vector<int> embedded_reber_string(const Key& key, int most) {
  for (std::uint64_t attempt = 0;; ++attempt) {
    const Key choices = key.at(attempt);
    EmbeddedReber at;
    std::vector<int> symbols;
    while (!at.ended() && static_cast<int>(symbols.size()) <= most) {
      const std::vector<int> possible = at.next();
      const int n = static_cast<int>(possible.size());
      symbols.push_back(possible[static_cast<std::size_t>(n == 1 ? 0 : choices.below(n, symbols.size()))]);
      at.read(symbols.back());
    }
    if (static_cast<int>(symbols.size()) <= most) return symbols;
  }
}

EmbeddedReberOfLength::EmbeddedReberOfLength(int symbols) {
  if (symbols < least)
    throw ValueError(
        fmt::format("a string of the embedded Reber grammar has at least {} symbols, not {}", least, symbols));
  std::array<double, last_node + 1> p{};
  p[last_node] = 1;
  const int inner = symbols - 6;  // B, T or P, B before; E, T or P, E after
  for (int k = 0; k <= inner; ++k) {
    to_the_end_.push_back(p);
    const auto before = p;
    p[last_node] = 0;
    for (std::size_t node = 0; node < last_node; ++node)
      p[node] = before[static_cast<std::size_t>(reber_edges[node][0].to)] +
                before[static_cast<std::size_t>(reber_edges[node][1].to)];
    const double greatest = *std::max_element(p.begin(), p.end());
    for (double& x : p) x /= greatest;
  }
}

std::vector<int> EmbeddedReberOfLength::draw(const Key& key) const {
  const int outer = key.named("outer").below(2, 0) == 0 ? Reber::T : Reber::P;
  std::vector<int> symbols{Reber::B, outer, Reber::B};
  const Key edges = key.named("edges");
  int node = 0;
  for (std::size_t left = to_the_end_.size() - 1; left > 0; --left) {
    const auto& p = to_the_end_[left - 1];
    const ReberEdge* const edge = reber_edges[node];
    const double first = p[static_cast<std::size_t>(edge[0].to)], second = p[static_cast<std::size_t>(edge[1].to)];
    const ReberEdge& taken = edge[edges.uniform(left) * (first + second) < first ? 0 : 1];
    symbols.push_back(taken.symbol);
    node = taken.to;
  }
  symbols.insert(symbols.end(), {Reber::E, outer, Reber::E});
  return symbols;
}

double reber_choices(bool continual, bool remembered) { return (remembered ? 7.0 : 8.0) / (continual ? 12 : 11); }

}  // namespace ebb::app
