#include <algorithm>
#include <chrono>
#include <ebb/experiments/sweep/rank_workers.hpp>
#include <ebb/ranks/text.hpp>
#include <nlohmann/json.hpp>

namespace ebb::app::sweep {
namespace {

using nlohmann::json;

constexpr double look = .02;  // seconds between two looks for messages

// Messages are JSON: rank 0 sends {"order": "call", ...}, "stop" or "end", the others {"notice": "finished", ...} or
// "signalled".
std::string text_of_call(const Call& call, int waiting) {
  return json{{"order", "call"}, {"id", call.id}, {"waiting", waiting}, {"log", call.log}, {"words", call.words}}
      .dump();
}

Call call_in(const json& message) {
  return {message.at("id").get<std::size_t>(), message.at("words").get<std::vector<std::string>>(),
          message.at("log").get<std::string>()};
}

std::string text_of_finished(const Finished& f) {
  return json{{"notice", "finished"}, {"id", f.id}, {"code", f.code}, {"signal", f.signal}, {"seconds", f.cpu_seconds}}
      .dump();
}

Finished finished_in(const json& message) {
  return {message.at("id").get<std::size_t>(), message.at("code").get<int>(), message.at("signal").get<int>(),
          message.at("seconds").get<double>()};
}

std::string order(const char* what) { return json{{"order", what}}.dump(); }

class WorkersOfRanks final : public Workers {
 public:
  WorkersOfRanks(Ranks& ranks, std::unique_ptr<Workers> own) : ranks_(ranks), own_(std::move(own)) {
    others_.resize(static_cast<std::size_t>(ranks.size()));
    for (int r = 1; r < ranks.size(); ++r) {
      const json message = json::parse(receive_text(ranks, r));
      others_[static_cast<std::size_t>(r)] = {message.at("most").get<int>(), message.at("cores").get<int>()};
    }
  }
  ~WorkersOfRanks() override {
    try {
      for (int r = 1; r < ranks_.size(); ++r) send_text(ranks_, r, order("end"));
    } catch (const RankError&) {  // which the other ranks have got too
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
    for (int r = 1; r < ranks_.size(); ++r) send_text(ranks_, r, order("stop"));
  }

 private:
  struct Other {
    int most = 0, cores = 0, running = 0;  // calls at a time, threads, calls now
  };
  void take(int rank, std::vector<Finished>& finished) {
    const json message = json::parse(receive_text(ranks_, rank));
    if (message.at("notice") == "signalled") {
      stop_wanted_ = true;
      return;
    }
    --others_[static_cast<std::size_t>(rank)].running;
    finished.push_back(finished_in(message));
  }

  Ranks& ranks_;
  std::unique_ptr<Workers> own_;
  std::vector<Other> others_;  // by rank; the first, this one, has no places
  bool stop_wanted_ = false;
};

/// Whether there is more to come.
bool obey(Ranks& ranks, Workers& own) {
  const json message = json::parse(receive_text(ranks, 0));
  if (message.at("order") == "end") return false;
  if (message.at("order") == "stop") {
    own.stop();
    return true;
  }
  const Call call = call_in(message);
  try {
    own.start(call, message.at("waiting").get<int>());
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
  send_text(ranks, 0, json{{"most", own.free()}, {"cores", own.cores()}}.dump());
  for (bool told = false;;) {
    const std::vector<Finished> finished = own.wait(look);
    if (signalled() && !told) {  // before the trials that the same signal ended
      send_text(ranks, 0, json{{"notice", "signalled"}}.dump());
      told = true;
    }
    for (const Finished& f : finished) send_text(ranks, 0, text_of_finished(f));
    while (ranks.waiting())
      if (!obey(ranks, own)) return;
  }
}

}  // namespace ebb::app::sweep
