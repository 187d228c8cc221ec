#pragma once
#include <ebb/autograd/grads.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace ebb {

class Archive;
class GivenOptions;

namespace detail {
[[noreturn]] void no_memory(const char* optimizer, int k, int count);
}

/// An optimiser's state for one parameter: `s.memory[k][i]` is value i of array k of those that its constructor
/// requested. Each access is checked, so a loop takes the pointer first: `T* const m = s.memory[0];`.
///
/// Errors    ValueError with the optimiser's name if fewer were requested
template <class T> class SliceMemory {
 public:
  static constexpr int most = 3;
  SliceMemory(const char* optimizer, int count) : optimizer_(optimizer), count_(count) {}
  T* operator[](int k) const {
    if (k < 0 || k >= count_) [[unlikely]]
      detail::no_memory(optimizer_, k, count_);
    return values_[k];
  }
  void set(int k, T* values) { values_[k] = values; }

 private:
  T* values_[most] = {};
  const char* optimizer_;
  int count_;
};

/// An optimiser's view of one parameter: its values w, their gradient g, and the optimiser's state. Most optimisers
/// treat the values independently; those that treat a matrix as a whole also use its shape, and its name to find
/// hidden matrices.
template <class T> struct Slice {
  T* w;
  const T* g;
  SliceMemory<T> memory;
  std::int64_t size;
  std::int64_t t;    // index of this parameter's update, from 1, excluding those while it was frozen
  double lr, decay;  // of this parameter's group
  const char* name;  // full name, "lm/rnn/Wx"
  Shape shape;       // a weight of x W is [in, out]
};

/// Settings for a group of parameters.
struct GroupOptions {
  std::optional<double> decay = {};  ///< overrides the optimiser's
  double rate = 1;                   ///< factor of the learning rate; 0 freezes values, state and update count
};

/// An optimiser over a set of parameters: call `step` once per update with the gradients from a backward. Fixed
/// parameters are not changed. The optimiser state has the parameters' shapes and element type, and is initially zero.
///
///     Adam adam{w, {.lr = 1e-3, .decay = .1}};
///     adam.group("*/b", {.decay = 0});                        // "*": any characters, "?": any one; the last matching group counts
///     adam.freeze("emb/*");
///     Sgd sgd{w, {.lr = 1}};
///     sgd.only({"emb/*"});                                    // two optimisers on parts of one set: step both
///
/// Numerics  an update whose finite gradients are so large that the optimiser state would become infinite is skipped
///           and counted in `skipped`; otherwise the weights could never change again. Gradients that are not finite
///           are not checked for. Denormal numbers count as zero (ops/denormals.hpp)
/// Errors    ValueError, with nothing changed, if the gradients are of another set, parameters were added after step 1,
///           a pattern matches no parameter (suggesting the nearest), or a factor or decay is negative
class Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step(const Grads&);
  const char* name() const { return name_; }
  double lr() const { return lr_; }
  void set_lr(double lr);  ///< Errors: ValueError if negative or not finite
  std::int64_t updates() const { return updates_; }
  std::int64_t skipped() const {
    return skipped_;
  }  ///< steps that were no update, since the memory would have overflowed
  void group(const std::string& pattern, GroupOptions);
  void freeze(const std::string& pattern) { group(pattern, {.rate = 0}); }
  void only(const std::vector<std::string>& patterns);  ///< freezes all others
  /// For `save` and `load`: name, learning rate, update counts and state; not the constructor's options.
  virtual void visit(Archive&);

 protected:
  /// `memories`: number of arrays of the parameters' size that are kept as state, 0 to 3. Errors: ValueError otherwise
  Optimizer(const char* name, const LeafSet& set, double lr, double decay, int memories);
  /// Rejects an option out of range: check("beta1", beta1, 0, 1) allows [0, 1).
  void check(const char* option, double x, double least, double below) const;
  void check_not_negative(const char* option, double x) const;
  const LeafSet& set() const { return set_; }
  Array& memory(int m);  ///< empty before the first step. Errors: ValueError if it was not requested

 private:
  struct Group {
    std::string pattern;
    GroupOptions options;
  };
  struct Todo;
  void settle_groups();
  void make_memories();
  void count_update(std::int64_t by);
  std::int64_t missed_of(int leaf) const;
  template <class T> Slice<T> slice_of(const Todo&, T* flat);
  template <class T> bool overflows(const Todo&);
  virtual Array first_memory(int m) const;  // zeros by default
  virtual void update(const Slice<float>&) = 0;
  virtual void update(const Slice<double>&) = 0;
  /// Whether `update` treats each value by itself and changes no member: threads then share a parameter's values, and
  /// `size`, w, g and the memory are those of a part of it.
  virtual bool elementwise() const { return false; }
  template <class T> void update_by_threads(const Slice<T>&);

  const char* name_;
  LeafSet set_;
  double lr_, decay_;
  int memories_;
  std::vector<Group> groups_;
  std::vector<GroupOptions> of_leaf_;  // per leaf, computed when there are groups
  std::vector<std::int64_t> missed_;   // per leaf, updates while it was frozen; empty if never
  Array memory_[SliceMemory<float>::most];
  std::int64_t updates_ = 0;  // including the one in progress
  std::int64_t skipped_ = 0;
};

}  // namespace ebb
