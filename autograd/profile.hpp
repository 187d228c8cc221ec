#pragma once
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

namespace ebb {

/// Sums over ops. Time: seconds in a ProfileRow.
template <class Time> struct ProfileAmounts {
  std::int64_t calls = 0;           ///< in the forward pass
  Time forward{};                   ///
  Time backward{};                  ///< with the products that were deferred to a later point of the sweep
  std::int64_t forward_bytes = 0;   ///< that calls left allocated, less what they freed
  std::int64_t kept_bytes = 0;      ///< of results alive when the backward pass begins
  std::int64_t backward_bytes = 0;  ///< of the gradients that arrived at results
  ProfileAmounts& operator+=(const ProfileAmounts& o) {
    calls += o.calls;
    forward += o.forward;
    backward += o.backward;
    forward_bytes += o.forward_bytes;
    kept_bytes += o.kept_bytes;
    backward_bytes += o.backward_bytes;
    return *this;
  }
};

/// Time and bytes of the ops that agree in op, line or time step.
struct ProfileRow : ProfileAmounts<double> {
  std::string op;     ///< "matmul"; empty in a table by line or by step
  std::string file;   ///< as the compiler names it; empty in a table by op or by step
  unsigned line = 0;  ///
  int step = -1;      ///< time step; -1 outside the loop over time, and in tables by op or by line
  double seconds() const { return forward + backward; }
  std::string place() const;  ///< "my_cell.cpp:31"; empty without a line
};

/// Rows by descending time; by step in their order.
struct ProfileTable {
  enum class By { op, line, step, all } by = By::op;
  std::vector<ProfileRow> rows;
  double seconds = 0;           ///< measured in the scopes, of all shards together
  std::int64_t kept_bytes = 0;  ///< of the tapes when the backward pass begins, that of ops included

  /// The sum of the rows.
  ProfileRow sum() const;
  /// What is not within an op: the tape, waiting for the clock, and the caller's code between ops.
  double rest() const { return seconds - sum().seconds(); }
  /// Within `columns` columns of a terminal, with at most `most` rows and the sum of the others. Times and bytes are
  /// divided by `per`, for instance a number of updates.
  std::string text(int columns = 80, int most = 20, double per = 1) const;
  /// One line for each row, with the names of the columns first; times in seconds.
  std::string csv() const;
};
std::ostream& operator<<(std::ostream&, const ProfileTable&);

namespace detail {
class Observed;
class ProfileLane;
}  // namespace detail

/// Measures the ops of its scopes, forward and backward: time and bytes by op, by line and by time step.
///
///     Profile p;
///     {
///       const Profile::Scope on(p);
///       backward(params, {.rows = B}, loss);
///     }
///     std::cout << p.by_line();
///     p.write_trace("trace.json");
///
/// Observes the calling thread's tapes, and the shards of backward and evaluate, each on its own track. A line is the
/// one that error messages name: that of the caller, for what happens inside a function of the library. Ops within
/// another op's gradient count as that gradient. The innermost Profile or NonFinite of a thread observes. Results do
/// not change by a bit.
///
/// Numerics  time is that of the wall clock, and includes the threads of a single op; a shared processor adds to it
/// Cost      two readings of the clock, about 50 ns, and 56 bytes, for each call and each gradient of an op; without a
///           scope, a null check
class Profile {
 public:
  Profile();
  ~Profile();
  Profile(const Profile&) = delete;
  Profile& operator=(const Profile&) = delete;

  class Scope {
   public:
    explicit Scope(Profile&);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    std::unique_ptr<detail::Observed> on_;
  };

  ProfileTable by_op() const;
  ProfileTable by_line() const;
  ProfileTable by_step() const;
  ProfileTable rows() const;  ///< by op, line and time step at once
  double seconds() const;     ///< in the scopes, of all shards together

  /// Writes the ops in order, as JSON in Chrome's trace event format, which speedscope.app and ui.perfetto.dev open:
  /// one track for each shard, on it the passes, time steps and ops, and a counter of the bytes in use. At most
  /// `most_events` ops of each track, from the first.
  ///
  /// Errors    FileError if the file cannot be written
  void write_trace(const std::string& path) const;
  std::string trace() const;      ///< the same as text
  std::int64_t left_out() const;  ///< ops that the trace leaves out; tables have them all
  static constexpr std::int64_t most_events = 1'000'000;

 private:
  std::unique_ptr<detail::ProfileLane> lane_;
};

}  // namespace ebb
