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

struct ShardOptions {
  int rows = 1;              ///< of the whole batch
  std::uint64_t update = 0;  ///< number of the update, keys the masks
  std::uint64_t seed = 0;
  DType dtype = f32;
  int order = 1;
  bool training = true;
  int shards = 0;  ///< 0: the rule of shard_count()
};

/// The largest power of two that leaves at least 16 rows in each shard, but two from 16 rows on: 1 below 16 rows, 2
/// below 64, 4 below 128. Depends on the batch alone, so results are the same bits for any number of threads.
int shard_count(int rows);

/// A shard's share of the loss of the whole batch. Made by Shard only; parts add and scale.
class PartialLoss {
 public:
  friend PartialLoss operator+(PartialLoss a, const PartialLoss& b) {
    a.var_ = a.var_ ? a.var_ + b.var_ : b.var_;
    return a;
  }
  friend PartialLoss operator*(double s, PartialLoss a) {
    a.var_ = s * a.var_;
    return a;
  }
  friend PartialLoss operator*(PartialLoss a, double s) {
    a.var_ = s * a.var_;
    return a;
  }
  const Var& var() const { return var_; }

 private:
  friend class Shard;
  explicit PartialLoss(Var v) : var_(static_cast<Var&&>(v)) {}
  Var var_;
};

/// Arrays of a cell's state over the whole batch, between updates: the graph is cut by construction.
struct StateArrays {
  std::vector<std::string> names;
  std::vector<Array> fields;  ///< each [B, ...]
  bool empty() const { return fields.empty(); }
  const Array& operator[](const std::string& name) const;
};

namespace detail {
struct ShardRun;
}

/// The view that the loss function has of its rows [begin, end) of the batch.
class Shard {
 public:
  Shard(detail::ShardRun& run, int number, int begin, int end);
  int begin() const { return begin_; }
  int end() const { return end_; }
  int rows() const { return end_ - begin_; }
  int number() const { return number_; }
  int batch() const;  ///< rows of the whole batch

  Var rows(const Array& whole) const;  ///< [B, ...] -> [rows, ...], a constant
  Tokens rows(const Tokens& whole) const;
  Sequence sequence(const Array& whole) const;  ///< [T, B, ...] -> [T, rows, ...]
  Tokens sequence(const Tokens& whole) const;   ///< [T, B] -> [T, rows]
  StepContext context(const char* scope = "") const;
  /// This shard's rows of a carried state; an empty one gives the empty State, which unroll replaces by the start.
  State take(const StateArrays& carried) const;

  PartialLoss mean_rows(const Var& v) const;    ///< v [rows]: sum / B
  PartialLoss mean_tokens(const Var& v) const;  ///< v [T, rows]: sum / (T B)
  /// v [T, rows], or [N] without padding, lengths [B]: over the tokens that are real. Errors: ValueError if there are
  /// none
  PartialLoss mean_tokens(const Var& v, const Lengths& whole) const;
  PartialLoss sum(const Var& v) const;

  void out(const char* name, const Var& v);                      ///< [rows, ...] -> Result::rows(name)
  void out(const char* name, const State& s);                    ///< -> Result::state(name)
  void count(const char* name, double x);                        ///< added over shards -> Result::counts
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
  std::int64_t kept_bytes = 0;                       ///< kept by all shards' tapes when their forward pass was done
  const Array& rows(const std::string& name) const;  ///< [B, ...]. Errors: ValueError naming what there is
  const Array& grad(const std::string& name) const;  ///< [T, B, ...]
  const StateArrays& state(const std::string& name) const;

  std::map<std::string, Array> outputs, retained;
  std::map<std::string, StateArrays> states;
};

/// A loss to keep.
using ShardLoss = std::function<PartialLoss(Shard&)>;

namespace detail {

/// A loss that lives as long as the call it is given to; an std::function would be made anew at each call.
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

/// From a shard to its share of the loss: a lambda, or a ShardLoss.
template <class F>
concept LossOfShard = requires(const F& f, Shard& s) {
  { f(s) } -> std::same_as<PartialLoss>;
};

/// Splits the batch into shards of rows, runs `loss` on each with a tape of its own on an OpenMP thread, and sums the
/// gradients by a fixed binary tree over shard numbers: the same bits for any number of threads.
///
/// Errors    the exception of the lowest-numbered failing shard; nothing is published then
template <LossOfShard F> Result backward(const LeafSet& set, const ShardOptions& o, const F& loss) {
  return detail::backward(set, o, detail::LossRef(loss));
}
/// The same without gradients.
template <LossOfShard F> Result evaluate(const LeafSet& set, const ShardOptions& o, const F& loss) {
  return detail::evaluate(set, o, detail::LossRef(loss));
}

/// What returns anything else, such as mean(...), which knows this shard's rows and not how many the batch has.
template <std::invocable<Shard&> F>
  requires(!LossOfShard<F>)
Result backward(const LeafSet&, const ShardOptions&, const F&) {
  static_assert(sizeof(F) == 0,
                "a shard's loss is its share of the batch's: return s.mean_rows(each), each [rows], "
                "s.mean_tokens(each), or s.sum(all), and no mean(...), which does not know the whole batch");
  return {};
}
template <std::invocable<Shard&> F>
  requires(!LossOfShard<F>)
Result evaluate(const LeafSet&, const ShardOptions&, const F&) {
  static_assert(sizeof(F) == 0,
                "a shard's loss is its share of the batch's: return s.mean_rows(each), each [rows], "
                "s.mean_tokens(each), or s.sum(all), and no mean(...), which does not know the whole batch");
  return {};
}

}  // namespace ebb
