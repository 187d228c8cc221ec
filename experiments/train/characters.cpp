#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/train/characters.hpp>

namespace ebb::app {
namespace {

constexpr int standard_length = 500;

int line_end(const Alphabet& a) {
  for (int token = 0; token < a.vocabulary(); ++token)
    if (a.symbols[static_cast<std::size_t>(token)] == U'\n') return token;
  return 0;
}

}  // namespace

void continue_text(const Model& model, const Alphabet& alphabet, const GenerateRequest& request,
                   const std::function<void(const std::string&)>& put) {
  std::vector<int> prompt = alphabet.encode("--prompt", request.prompt);
  if (prompt.empty()) prompt = {line_end(alphabet)};
  const Key key = Key{request.seed}.named("generate");
  const SimpleNetwork& network = model.simple();
  const int length = request.length >= 0 ? request.length : standard_length;
  Tape tape;
  const NoGrad off;
  State state;
  Tokens token({1});
  const auto next = [&](int read) {
    token.data()[0] = read;
    return network.next(token, state);
  };
  Var logits;
  for (const int read : prompt) logits = next(read);
  for (int t = 0; t < length && !interrupted(); ++t) {
    const Tokens chosen = request.greedy
                              ? greedy(logits.value())
                              : sample(logits.value(), key.at(static_cast<std::uint64_t>(t)), request.sampling);
    put(alphabet.decode(chosen.data()[0]));
    logits = next(chosen.data()[0]);
  }
}

}  // namespace ebb::app
