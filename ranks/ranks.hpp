#pragma once
#include <cstddef>
#include <ebb/ops/error.hpp>
#include <optional>
#include <span>
#include <string>

namespace ebb {

/// A rank has died or failed, or a message did not arrive. The message names the rank.
struct RankError final : Error {
  using Error::Error;
};

/// The processes that share one computation, seen from one of them: its number, and messages to the others. Every
/// message is expected: its receiver names the sender and the size. Between two ranks, messages arrive in order.
///
/// `mpi_ranks` makes them of the processes that mpirun started, `run_as_ranks` of threads. A rank is used by one thread
/// at a time.
///
/// Errors    RankError, from all that sends or receives, naming the rank that died
class Ranks {
 public:
  struct Outgoing {
    int to = 0;
    const void* data = nullptr;
    std::size_t bytes = 0;
  };
  struct Incoming {
    int from = 0;
    void* data = nullptr;
    std::size_t bytes = 0;
  };

  Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;
  virtual ~Ranks();

  virtual int rank() const = 0;                  ///< of this process, from 0
  virtual int size() const = 0;                  ///< number of ranks
  virtual std::string name(int rank) const = 0;  ///< for messages: "rank 2 (process 4711 on node7)"

  /// Sends and receives all of these at once, so that ranks may send to each other without waiting for one another.
  /// Returns when every buffer may be used again.
  virtual void exchange(std::span<const Outgoing>, std::span<const Incoming>) = 0;
  void send(int to, const void* data, std::size_t bytes);
  void receive(int from, void* data, std::size_t bytes);
  /// Any rank whose message has arrived and was not received yet; none if there is none. Does not wait.
  virtual std::optional<int> waiting() = 0;

  /// Ends all ranks immediately: processes exit with this code; ranks that are threads get a RankError.
  virtual void abort(int code) = 0;

  /// Raises a flag, which all ranks see after their next `gather_all` (gather.hpp), each at the same place of the
  /// program: to end a loop on all of them after the same iteration. It stays up.
  void raise() { raised_here_ = true; }
  bool raised() const { return raised_; }
  /// Whether a message failed, so that this rank can no longer talk to the others: what is left is `abort`.
  bool lost() const { return lost_; }

 protected:
  /// Errors    RankError with this message, always
  [[noreturn]] void lose(const std::string& why);

 private:
  friend struct GatherAccess;
  bool raised_here_ = false, raised_ = false;
  bool lost_ = false;
  bool failed_ = false;  // a rank has failed, so that no further gathering takes place
};

}  // namespace ebb
