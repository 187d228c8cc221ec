#pragma once
#include <chrono>
#include <ebb/autograd/observer.hpp>
#include <ebb/autograd/profile.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace ebb::detail {

struct Node;

/// What a time is attributed to.
struct ProfileSite {
  const char* op = "";
  const char* file = nullptr;
  unsigned line = 0;
  int step = -1;
};

/// One op on the track: its call, its sweep, or the product that was deferred for several sweeps.
struct ProfileEvent {
  enum class Pass : char { forward, backward, deferred } pass = Pass::forward;
  ProfileSite site;
  std::int64_t begin = 0, end = 0;  // ns of the steady clock
  std::size_t in_use = 0;           // bytes of the thread's pool at the end
};

using ProfileSum = ProfileAmounts<std::int64_t>;  // times in ns

/// One thread's part of a Profile, with those of the shards that it starts.
class ProfileLane final : public Probe, public Observer {
 public:
  explicit ProfileLane(std::string name) : name_(std::move(name)) {}

  void began(TapeImpl&, const char* op, const Var* inputs, int count) override;
  void recorded(TapeImpl&, const Var& y, const Var* inputs, int count) override;
  void pushed(TapeImpl&, const Var& y) override;
  void sweep(Sweep&, std::uint32_t node) override;
  void deferred(Sweep&, std::uint32_t operand, std::int64_t rows) override;
  void flush(Sweep&, std::uint32_t operand, bool begins) override;

  Probe& probe() override { return *this; }
  Observer& shard(int number) override;
  void enter() override;
  void leave() noexcept override;
  void pause() noexcept override;
  void resume() noexcept override;

  // Read outside scopes:
  const std::string& name() const { return name_; }
  const std::vector<ProfileEvent>& events() const { return events_; }
  std::int64_t left_out() const { return left_out_; }
  std::int64_t active() const;                             ///< ns
  std::int64_t kept_bytes() const { return kept_bytes_; }  ///< of the tapes
  void each_sum(const std::function<void(const ProfileSite&, const ProfileSum&)>&) const;
  /// This one, and below it the shards'.
  void each(const std::function<void(const ProfileLane&)>&) const;

 private:
  struct Same {
    bool operator()(const ProfileSite& a, const ProfileSite& b) const {
      return std::tie(a.op, a.file, a.line, a.step) == std::tie(b.op, b.file, b.line, b.step);
    }
  };
  struct Hash {
    std::size_t operator()(const ProfileSite& s) const noexcept;
  };
  struct Deferral {
    ProfileSite site;
    std::int64_t rows;
  };
  static ProfileSite site_of(const Node&);
  static std::uint64_t key(Sweep&, std::uint32_t operand);
  void end_of_call(const Node&);
  void keep(const ProfileEvent&);
  void count_kept(TapeImpl&);
  void share(const std::vector<Deferral>&, std::int64_t ns);

  std::string name_;
  std::vector<ProfileEvent> events_;
  std::int64_t left_out_ = 0, active_ = 0, entered_ = -1, kept_bytes_ = 0;
  int depth_ = 0;  // of scopes
  std::unordered_map<ProfileSite, ProfileSum, Hash, Same> sums_;

  const char* op_ = nullptr;  // of the op that began
  std::int64_t began_ = 0;
  std::int64_t in_use_ = 0;  // bytes when it began
  bool forward_ = true;      // ops were called since the last sweep
  std::int64_t within_ = 0;  // ns of what was measured separately within the current sweep
  ProfileSite visiting_;
  std::int64_t flush_began_ = 0;
  std::unordered_map<std::uint64_t, std::vector<Deferral>> deferred_;

  std::mutex mutex_;  // guards shards_
  std::map<int, std::unique_ptr<ProfileLane>> shards_;
};

}  // namespace ebb::detail
