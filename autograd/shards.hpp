#pragma once
#include <concepts>
#include <ebb/autograd/sequence.hpp>
#include <ebb/autograd/state.hpp>
#include <ebb/autograd/step_context.hpp>
#include <ebb/autograd/tape.hpp>
#include <functional>
#include <map>
#include <string>

namespace ebb {

class Ranks;

struct ShardOptions {
  int rows = 1;              ///< of the whole batch
  std::uint64_t update = 0;  ///< index of the update; part of the random masks' key
  std::uint64_t seed = 0;
  DType dtype = f32;
  int order = 1;
  bool training = true;
  int shards = 0;          ///< 0: shard_count(rows)
  Ranks* ranks = nullptr;  ///< processes that share the shards, each of which calls backward with the whole batch
};

/// The largest power of two with at least 16 rows per shard, but at least two from 16 rows on: 1 below 16 rows, 2 below
/// 64, 4 below 128. Depends only on the batch, so results are bitwise identical for any number of threads.
int shard_count(int rows);

/// A shard's contribution to the loss of the whole batch. Created only by Shard; can be added and scaled.
class PartialLoss {
 public:
  friend PartialLoss operator+(PartialLoss a, const PartialLoss& b) {
    const CallSite here{a.where_};
    a.var_ = a.var_ ? a.var_ + b.var_ : b.var_;
    return a;
  }
  friend PartialLoss operator*(double s, PartialLoss a) {
    const CallSite here{a.where_};
    a.var_ = s * a.var_;
    return a;
  }
  friend PartialLoss operator*(PartialLoss a, double s) { return s * static_cast<PartialLoss&&>(a); }
  const Var& var() const { return var_; }

 private:
  friend class Shard;
  PartialLoss(Var v, const std::source_location& where) : var_(static_cast<Var&&>(v)), where_(where) {}
  Var var_;
  std::source_location where_;  // of the call of Shard that made it
};

/// A cell's state over the whole batch as arrays, carried between updates without a graph.
struct StateArrays {
  std::vector<std::string> names;
  std::vector<Array> fields;  ///< each [B, ...]
  bool empty() const { return fields.empty(); }
  const Array& operator[](const std::string& name) const;
};

namespace detail {
struct ShardRun;
}

/// A loss function's view of its rows [begin, end) of the batch. What it makes has the line of the call.
class Shard {
 public:
  Shard(detail::ShardRun& run, int number, int begin, int end);
  int begin() const { return begin_; }
  int end() const { return end_; }
  int rows() const { return end_ - begin_; }
  int number() const { return number_; }
  int batch() const;  ///< number of rows of the whole batch

  /// [B, ...] -> [rows, ...], a constant. Errors: ShapeError unless axis 0 has B rows
  Var rows(const Array& whole, std::source_location where = std::source_location::current()) const;
  Tokens rows(const Tokens& whole) const;
  /// [T, B, ...] -> [T, rows, ...], a constant. Errors: ShapeError unless axis 1 has B rows
  Sequence sequence(const Array& whole, std::source_location where = std::source_location::current()) const;
  Tokens sequence(const Tokens& whole) const;  ///< [T, B] -> [T, rows]
  StepContext context(const char* scope = "") const;
  /// This shard's rows of a carried state; empty if that is empty, in which case unroll uses the initial state.
  /// Errors: ShapeError unless each field has B rows
  State take(const StateArrays& carried, std::source_location where = std::source_location::current()) const;

  PartialLoss mean_rows(At v) const;    ///< v [rows]: sum / B. Errors: ShapeError for another shape
  PartialLoss mean_tokens(At v) const;  ///< v [T, rows]: sum / (T B). Errors: ShapeError for another shape
  /// v [T, rows], or [N] without padding, lengths [B]: mean over the tokens within the lengths.
  /// Errors: ShapeError for another shape; ValueError if a length is not in [0, T], or all are 0
  PartialLoss mean_tokens(At v, const Lengths& whole) const;
  PartialLoss sum(At v) const;

  void out(const char* name, const Var& v);                      ///< [rows, ...] -> Result::rows(name)
  void out(const char* name, const State& s);                    ///< -> Result::state(name)
  void count(const char* name, double x);                        ///< summed over shards -> Result::counts
  void retain(const char* name, const std::vector<Var>& steps);  ///< gradients -> Result::grad(name) [T, B, ...]

 private:
  friend struct detail::ShardRun;
  detail::ShardRun& run_;
  int number_, begin_, end_;
  void publish(const Grads&);
  struct Retained {
    std::string name;
    std::vector<Var> steps;
  };
  std::vector<Retained> retained_;
};

struct Result {
  double loss = 0;  ///< of the whole batch
  Grads grads;      ///< empty after evaluate()
  std::map<std::string, double> counts;
  std::int64_t kept_bytes = 0;                       ///< kept by all shards' tapes after the forward pass
  const Array& rows(const std::string& name) const;  ///< [B, ...]. Errors: ValueError listing the names
  const Array& grad(const std::string& name) const;  ///< [T, B, ...]
  const StateArrays& state(const std::string& name) const;

  std::map<std::string, Array> outputs, retained;
  std::map<std::string, StateArrays> states;
};

/// An owning loss function.
using ShardLoss = std::function<PartialLoss(Shard&)>;

namespace detail {

/// A non-owning reference to a loss function; constructing a std::function in each call would allocate.
class LossRef {
 public:
  template <class F>
  explicit LossRef(const F& f)
      : f_(&f), call_([](const void* p, Shard& s) -> PartialLoss { return (*static_cast<const F*>(p))(s); }) {}
  PartialLoss operator()(Shard& s) const { return call_(f_, s); }

 private:
  const void* f_;
  PartialLoss (*call_)(const void*, Shard&);
};
Result backward(const LeafSet&, const ShardOptions&, const LossRef&);
Result evaluate(const LeafSet&, const ShardOptions&, const LossRef&);

}  // namespace detail

/// A function from a Shard to its PartialLoss: a lambda, or a ShardLoss.
template <class F>
concept LossOfShard = requires(const F& f, Shard& s) {
  { f(s) } -> std::same_as<PartialLoss>;
};

/// Splits the batch into shards of rows, runs `loss` on each with a separate tape on an OpenMP thread, and sums the
/// gradients pairwise, in shard order: bitwise identical for any number of threads.
///
/// With `ranks`, each rank runs a contiguous part of the shards, and every rank has the whole result, with the same
/// bits for any number of ranks; only of states it has its own rows (`all_rows`). Ranks beyond the shards are
/// idle. `kept_bytes` is the sum over ranks, each of which keeps packed weights.
///
/// Errors    the exception of the first failing shard, on every rank; there is no result then. With `ranks`, ValueError
///           if the loss depends on parameters of another set; RankError if a rank has died
template <LossOfShard F> Result backward(const LeafSet& set, const ShardOptions& o, const F& loss) {
  return detail::backward(set, o, detail::LossRef(loss));
}
/// The same without gradients.
template <LossOfShard F> Result evaluate(const LeafSet& set, const ShardOptions& o, const F& loss) {
  return detail::evaluate(set, o, detail::LossRef(loss));
}

/// All rows of a state of a Result among ranks, to be saved or read: each rank has the rows of its shards, which are
/// all that it carries on to the next batch of as many rows. Every rank calls it, with the options of the update.
/// Without ranks, the state itself.
StateArrays all_rows(const StateArrays&, const ShardOptions&);

/// Rejects a loss of another type, such as mean(...), which would average over the shard's rows instead of the batch.
template <std::invocable<Shard&> F>
  requires(!LossOfShard<F>)
Result backward(const LeafSet&, const ShardOptions&, const F&) {
  static_assert(sizeof(F) == 0,
                "a shard's loss must be its part of the batch's: return s.mean_rows(each), each [rows], "
                "s.mean_tokens(each), or s.sum(all); mean(...) would average over the shard only");
  return {};
}
template <std::invocable<Shard&> F>
  requires(!LossOfShard<F>)
Result evaluate(const LeafSet&, const ShardOptions&, const F&) {
  static_assert(sizeof(F) == 0,
                "a shard's loss must be its part of the batch's: return s.mean_rows(each), each [rows], "
                "s.mean_tokens(each), or s.sum(all); mean(...) would average over the shard only");
  return {};
}

}  // namespace ebb
