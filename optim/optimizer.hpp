#pragma once
#include <ebb/autograd/grads.hpp>
#include <initializer_list>

namespace ebb {

class Archive;

/// What one update rule sees of one parameter: its numbers w, their gradient g, and the rule's own memory of them.
template <class T> struct Slice {
  T* w;
  const T* g;
  T* memory[3];
  std::int64_t size;
};

/// An update rule over a set of parameters: `step` once per update, with the gradients that a backward returned. Fixed
/// parameters are left alone. The rule's memory is as large as the parameters, in their element type, and zero at first.
///
/// Errors    ValueError, with nothing changed, if the gradients are of another set or parameters were added after step 1
class Optimizer {
 public:
  virtual ~Optimizer();
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  void step(const Grads&);
  double lr() const { return lr_; }
  void set_lr(double lr);                        ///< Errors: ValueError if negative or not finite
  std::int64_t updates() const { return updates_; }
  /// For `save` and `load`: the rule's name, rate, updates and memory; not the options that its constructor was given.
  virtual void visit(Archive&);

 protected:
  Optimizer(const char* rule, const LeafSet& set, double lr, int memories);
  /// Options out of range are refused by name: check("beta1", beta1, 0, 1) allows [0, 1).
  void check(const char* option, double x, double least, double below) const;
  void check_not_negative(const char* option, double x) const;

 private:
  virtual void update(const Slice<float>&) = 0;
  virtual void update(const Slice<double>&) = 0;

  const char* rule_;
  LeafSet set_;
  double lr_;
  int memories_;
  Array memory_[3];
  std::int64_t updates_ = 0;                     // counts the one that runs
};

}  // namespace ebb
