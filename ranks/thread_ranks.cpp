#include <fmt/format.h>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <ebb/ranks/thread_ranks.hpp>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace ebb {
namespace {

std::string rank_name(int rank) { return fmt::format("rank {} (a thread)", rank); }

/// The messages on their way, and the ranks that will send no more.
class Mail {
 public:
  explicit Mail(int size) : gone_(static_cast<std::size_t>(size)) {}

  void post(int from, int to, const void* data, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    boxes_[{from, to}].emplace_back(static_cast<const char*>(data), bytes);
    arrived_.notify_all();
  }

  /// No value: the sender has ended.
  std::optional<std::string> take(int from, int to) {
    std::unique_lock lock(mutex_);
    std::deque<std::string>& box = boxes_[{from, to}];
    arrived_.wait(lock, [&] { return !box.empty() || gone_[static_cast<std::size_t>(from)] || aborted_; });
    if (box.empty()) return {};
    std::string message = std::move(box.front());
    box.pop_front();
    return message;
  }

  std::optional<int> waiting(int to) {
    const std::lock_guard lock(mutex_);
    for (const auto& [between, box] : boxes_)
      if (between.second == to && !box.empty()) return between.first;
    return {};
  }

  void leave(int rank) {
    const std::lock_guard lock(mutex_);
    gone_[static_cast<std::size_t>(rank)] = true;
    arrived_.notify_all();
  }

  void abort() {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
    arrived_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::pair<int, int>, std::deque<std::string>> boxes_;  // by sender and receiver
  std::vector<bool> gone_;
  bool aborted_ = false;
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(int rank, int size, Mail& mail) : rank_(rank), size_(size), mail_(mail) {}
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string name(int rank) const override { return rank_name(rank); }
  std::optional<int> waiting() override { return mail_.waiting(rank_); }
  void abort(int) override { mail_.abort(); }

  void exchange(std::span<const Outgoing> out, std::span<const Incoming> in) override {
    for (const Outgoing& o : out) mail_.post(rank_, o.to, o.data, o.bytes);
    for (const Incoming& i : in) {
      const std::optional<std::string> message = mail_.take(i.from, rank_);
      if (!message) lose(name(i.from) + " has ended");
      if (message->size() != i.bytes)
        lose(fmt::format("{} expected {} bytes from {}, which sent {}", name(rank_), i.bytes, name(i.from),
                         message->size()));
      if (i.bytes > 0) std::memcpy(i.data, message->data(), i.bytes);
    }
  }

 private:
  int rank_, size_;
  Mail& mail_;
};

}  // namespace

void run_as_ranks(int size, const std::function<void(Ranks&)>& body) {
  if (size < 1) throw ValueError(fmt::format("run_as_ranks: {} is not a number of ranks", size));
  Mail mail(size);
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      try {
        ThreadRanks ranks(rank, size, mail);
        body(ranks);
      } catch (...) { errors[static_cast<std::size_t>(rank)] = std::current_exception(); }
      mail.leave(rank);
    });
  for (std::thread& t : threads) t.join();
  for (const std::exception_ptr& e : errors)
    if (e) std::rethrow_exception(e);
}

}  // namespace ebb
