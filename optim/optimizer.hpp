#pragma once
#include <ebb/autograd/grads.hpp>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace ebb {

class Archive;
class GivenOptions;

/// What one optimiser sees of one parameter: its values w, their gradient g, and the optimiser's own memory of them.
/// Most take the values one by one; those for which a matrix is one thing look at its shape, and at its name to tell a
/// hidden one from the others.
template <class T> struct Slice {
  T* w;
  const T* g;
  T* memory[3];
  std::int64_t size;
  std::int64_t t;    // which update of this parameter it is, from 1: those while it was frozen do not count
  double lr, decay;  // of this parameter's group
  const char* name;  // full name, "lm/rnn/Wx"
  Shape shape;       // a weight of x W is [in, out]
};

/// How the parameters of a group differ from the rest.
struct GroupOptions {
  std::optional<double> decay = {};  ///< in place of the rule's own
  double rate = 1;  ///< factor of the learning rate; 0 freezes: values, memory and count of updates stay
};

/// An update rule over a set of parameters: `step` once per update, with the gradients that a backward returned. Fixed
/// parameters are left alone. The rule's memory is as large as the parameters, in their element type, and zero at
/// first.
///
///     Adam adam{w, {.lr = 1e-3, .decay = .1}};
///     adam.group("*/b", {.decay = 0});                        // "*": any letters, "?": any one; the last group that fits counts
///     adam.freeze("emb/*");
///     Sgd sgd{w, {.lr = 1}};
///     sgd.only({"emb/*"});                                    // two rules on parts of one set: step both
///
/// Numerics  an update whose gradients are finite, but so large that the rule's memory of them would become infinite,
///           is not made and counted in `skipped`: no later gradient would move the weights again. Gradients that are
///           not finite are not looked for
/// Errors    ValueError, with nothing changed, if the gradients are of another set or parameters were added after step
///           1; if a pattern fits no parameter, naming those there are, or a factor or decay is negative
class Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step(const Grads&);
  double lr() const { return lr_; }
  void set_lr(double lr);  ///< Errors: ValueError if negative or not finite
  std::int64_t updates() const { return updates_; }
  std::int64_t skipped() const {
    return skipped_;
  }  ///< steps that were no update, since the memory would have overflowed
  void group(const std::string& pattern, GroupOptions);
  void freeze(const std::string& pattern) { group(pattern, {.rate = 0}); }
  void only(const std::vector<std::string>& patterns);  ///< all others are frozen
  /// For `save` and `load`: the rule's name, rate, updates, skipped steps and memory; not the options that its
  /// constructor was given.
  virtual void visit(Archive&);

 protected:
  Optimizer(const char* name, const LeafSet& set, double lr, double decay, int memories);
  /// Options out of range are refused by name: check("beta1", beta1, 0, 1) allows [0, 1).
  void check(const char* option, double x, double least, double below) const;
  void check_not_negative(const char* option, double x) const;
  const LeafSet& set() const { return set_; }
  Array& memory(int m) { return memory_[m]; }  // empty before the first step

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
  virtual Array first_memory(int m) const;  // zeros, unless a rule says otherwise
  virtual void update(const Slice<float>&) = 0;
  virtual void update(const Slice<double>&) = 0;

  const char* name_;
  LeafSet set_;
  double lr_, decay_;
  int memories_;
  std::vector<Group> groups_;
  std::vector<GroupOptions> of_leaf_;  // of each leaf, worked out when there are groups
  std::vector<std::int64_t> missed_;   // updates of each leaf while it was frozen; none if not given
  Array memory_[3];
  std::int64_t updates_ = 0;  // counts the one that runs
  std::int64_t skipped_ = 0;
};

}  // namespace ebb
