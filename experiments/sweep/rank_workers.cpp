#include <algorithm>
#include <chrono>
#include <ebb/experiments/sweep/rank_workers.hpp>
#include <ebb/ranks/byte_text.hpp>
#include <ebb/ranks/text.hpp>

namespace ebb::app::sweep {
namespace {

using ebb::detail::ByteReader, ebb::detail::ByteText;

constexpr double look = .02;  // seconds between two looks for messages

// What rank 0 sends, and what it receives.
enum class Order : char { call, stop, end };
enum class Notice : char { finished, signalled };

std::string text_of_call(const Call& call, int waiting) {
  ByteText t;
  t.put(static_cast<char>(Order::call)).put(std::uint64_t{call.id}).put(waiting).put(call.log);
  t.put(std::uint64_t{call.words.size()});
  for (const std::string& word : call.words) t.put(word);
  return t.text();
}

Call call_in(ByteReader& r, int& waiting) {
  Call call;
  std::uint64_t id = 0, words = 0;
  r.get(id).get(waiting).get(call.log).get(words);
  call.id = id;
  call.words.resize(words);
  for (std::string& word : call.words) r.get(word);
  return call;
}

std::string text_of_finished(const Finished& f) {
  ByteText t;
  t.put(static_cast<char>(Notice::finished)).put(std::uint64_t{f.id}).put(f.code).put(f.signal).put(f.cpu_seconds);
  return t.text();
}

Finished finished_in(ByteReader& r) {
  Finished f;
  std::uint64_t id = 0;
  r.get(id).get(f.code).get(f.signal).get(f.cpu_seconds);
  f.id = id;
  return f;
}

std::string order(Order o) { return {static_cast<char>(o)}; }

class WorkersOfRanks final : public Workers {
 public:
  WorkersOfRanks(Ranks& ranks, std::unique_ptr<Workers> own) : ranks_(ranks), own_(std::move(own)) {
    others_.resize(static_cast<std::size_t>(ranks.size()));
    for (int r = 1; r < ranks.size(); ++r) {
      const std::string text = receive_text(ranks, r);
      Other& other = others_[static_cast<std::size_t>(r)];
      ByteReader(text).get(other.most).get(other.cores);
    }
  }
  ~WorkersOfRanks() override {
    try {
      for (int r = 1; r < ranks_.size(); ++r) send_text(ranks_, r, order(Order::end));
    } catch (const RankError&) {  // the others have been told already
    }
  }

  int free() const override {
    int n = own_->free();
    for (const Other& o : others_) n += o.most - o.running;
    return n;
  }
  int running() const override {
    int n = own_->running();
    for (const Other& o : others_) n += o.running;
    return n;
  }
  int cores() const override {
    int n = own_->cores();
    for (const Other& o : others_) n += o.cores;
    return n;
  }
  bool stop_wanted() const override { return stop_wanted_; }

  // To the rank with the most places, so that few calls use all machines; the last ones share the threads of a rank.
  void start(Call call, int waiting) override {
    const auto most = std::max_element(others_.begin(), others_.end(), [](const Other& a, const Other& b) {
      return a.most - a.running < b.most - b.running;
    });
    if (own_->free() >= most->most - most->running) return own_->start(std::move(call), waiting);
    const auto rank = static_cast<int>(most - others_.begin());
    send_text(ranks_, rank, text_of_call(call, waiting));
    ++most->running;
  }

  std::vector<Finished> wait(double seconds) override {
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration<double>(seconds);
    for (;;) {
      std::vector<Finished> finished = own_->wait(std::min(look, seconds));
      while (const std::optional<int> rank = ranks_.waiting()) take(*rank, finished);
      if (!finished.empty() || stop_wanted_ || Clock::now() >= end) return finished;
    }
  }

  void stop() override {
    own_->stop();
    for (int r = 1; r < ranks_.size(); ++r) send_text(ranks_, r, order(Order::stop));
  }

 private:
  struct Other {
    int most = 0, cores = 0, running = 0;
  };
  void take(int rank, std::vector<Finished>& finished) {
    const std::string text = receive_text(ranks_, rank);
    ByteReader r(text);
    char kind = 0;
    r.get(kind);
    if (static_cast<Notice>(kind) == Notice::signalled) {
      stop_wanted_ = true;
      return;
    }
    --others_[static_cast<std::size_t>(rank)].running;
    finished.push_back(finished_in(r));
  }

  Ranks& ranks_;
  std::unique_ptr<Workers> own_;
  std::vector<Other> others_;  // by rank; the first, this one, has no places
  bool stop_wanted_ = false;
};

/// Whether there is more to come.
bool obey(Ranks& ranks, Workers& own) {
  const std::string text = receive_text(ranks, 0);
  ByteReader r(text);
  char kind = 0;
  r.get(kind);
  if (static_cast<Order>(kind) == Order::end) return false;
  if (static_cast<Order>(kind) == Order::stop) {
    own.stop();
    return true;
  }
  int waiting = 0;
  const Call call = call_in(r, waiting);
  try {
    own.start(call, waiting);
  } catch (const Error&) {  // such as a log that cannot be written
    send_text(ranks, 0, text_of_finished({.id = call.id, .code = 2}));
  }
  return true;
}

}  // namespace

std::unique_ptr<Workers> workers_of_ranks(Ranks& ranks, std::unique_ptr<Workers> own) {
  return std::make_unique<WorkersOfRanks>(ranks, std::move(own));
}

void serve(Ranks& ranks, Workers& own, bool (*signalled)()) {
  send_text(ranks, 0, ByteText().put(own.free()).put(own.cores()).text());
  for (bool told = false;;) {
    const std::vector<Finished> finished = own.wait(look);
    if (signalled() && !told) {  // before the trials that the same signal ended
      send_text(ranks, 0, std::string{static_cast<char>(Notice::signalled)});
      told = true;
    }
    for (const Finished& f : finished) send_text(ranks, 0, text_of_finished(f));
    while (ranks.waiting())
      if (!obey(ranks, own)) return;
  }
}

}  // namespace ebb::app::sweep
