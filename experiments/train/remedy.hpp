#pragma once
#include <ebb/experiments/train/model.hpp>
#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/nn/sequence/unrolled_run.hpp>
#include <memory>

namespace ebb::app {

struct Clipped;

/// A remedy for gradients that vanish or explode, "omega:4": something that training does besides the updates of the
/// task's loss. It also derives from one class for each way in which it intervenes:
///
///     class Smooth final : public Remedy, public PenaltyOnRun { ... };
///
/// EBB_REMEDY registers it; `--remedy` of train and vanish accepts it.
class Remedy {
 public:
  virtual ~Remedy();
  const std::string& text() const { return text_; }  ///< as it was given, with its options
  /// Rejects a model or sizes that it cannot serve, before any work. Not called for a remedy that is a GradientRule
  /// only, which serves every model.
  /// Errors    ValueError with the reason
  virtual void check(const Cell&, const TaskSettings&) const {}
  /// What it means that its loss is not finite, for the message.
  virtual std::string hint() const { return {}; }
  template <class Way> const Way* as() const { return dynamic_cast<const Way*>(this); }

 private:
  friend std::vector<std::unique_ptr<const Remedy>> make_remedies(const std::string&);
  std::string text_;
};

/// Adds a penalty on the run of the cell to the loss of every update.
class PenaltyOnRun {
 public:
  virtual ~PenaltyOnRun();
  /// These rows' part of the penalty: `s.mean_rows(each)`, with each [rows], or `s.sum(all)`.
  virtual PartialLoss penalty(Shard& s, const UnrolledRun&) const = 0;
  virtual int order() const { return 1; }             ///< of the tape: 2 if it differentiates gradients
  virtual bool whole_batch() const { return false; }  ///< it is not a sum over rows: one shard has all of them
};

/// Changes the gradient of every update, in place of --clip.
class GradientRule {
 public:
  virtual ~GradientRule();
  virtual Clipped apply(Grads&) const = 0;
};

/// Makes updates of its own, before some updates of the task's loss: with an optimiser of its own on the parameters of
/// the cell alone.
class OwnUpdates {
 public:
  virtual ~OwnUpdates();
  /// Number of updates before update `step` (the first: 1) of the task's loss.
  virtual int due(int step) const = 0;
  virtual int rows() const { return 1; }
  virtual int steps(const TaskSettings& s) const { return s.length; }  ///< at most s.length; of the cell's inputs x
  virtual PartialLoss loss(Shard&, const Cell&, const Sequence& x) const = 0;
  virtual int order() const { return 1; }
  virtual std::string optimizer() const { return "adam"; }
  virtual double lr() const { return 1e-3; }
};

struct RemedyEntry : Registered<RemedyEntry> {
  static constexpr const char* kind = "remedy";
  using Make = std::unique_ptr<Remedy> (*)(GivenOptions&);
  RemedyEntry(const char* n, const char* a, const char* f, const char* o, Make m)
      : Registered(n, a, f), first(o), make(m) {}
  const char* first;  ///< the option that a value without a name belongs to; empty: none
  Make make;
};

/// The remedies of a run, joined by "+": "omega:4,form=paper+clip:1". "none" and an empty text are no remedy.
/// Errors    ValueError for an unknown remedy (suggesting the nearest name) or option, or a value out of range; if one
///           occurs twice
std::vector<std::unique_ptr<const Remedy>> make_remedies(const std::string& text);
/// The options of a registered remedy. Errors: ValueError for an unknown remedy
std::vector<OptionInfo> remedy_options(const std::string& name);

namespace detail {
template <class R> constexpr const char* first_option_of() {
  if constexpr (requires { R::first; }) return R::first;
  else return "";
}
template <class R> std::unique_ptr<Remedy> make_remedy_of(GivenOptions& given) {
  static_assert(std::derived_from<R, Remedy>, "a remedy is a class derived from ebb::app::Remedy");
  static_assert(
      std::derived_from<R, PenaltyOnRun> || std::derived_from<R, GradientRule> || std::derived_from<R, OwnUpdates>,
      "a remedy also derives from PenaltyOnRun, GradientRule or OwnUpdates, or else it does nothing");
  static_assert(std::is_constructible_v<R, GivenOptions&>,
                "a remedy is constructed from its options: explicit Mine(GivenOptions& given)");
  return std::make_unique<R>(given);
}
}  // namespace detail

}  // namespace ebb::app

/// Registers a remedy, a class constructed from its options: EBB_REMEDY(omega, Omega, "keeps the norm of ..."). Its
/// static member `first` names the option that a value without a name belongs to. EBB_REMEDY_NAMED takes a name with a
/// dash.
#define EBB_REMEDY(name, Type, about)                                                              \
  static_assert(ebb::detail::is_identifier(#name),                                                 \
                "a name with a dash needs EBB_REMEDY_NAMED(my_remedy, \"my-remedy\", Mine, ...)"); \
  EBB_REMEDY_NAMED(name, #name, Type, about)
#define EBB_REMEDY_NAMED(id, name, Type, about)                                                               \
  static const ebb::app::RemedyEntry ebb_remedy_##id {                                                        \
    name, about, __FILE__, ebb::app::detail::first_option_of<Type>(), &ebb::app::detail::make_remedy_of<Type> \
  }
