#pragma once
#include <ebb/autograd/functions.hpp>
#include <ebb/autograd/state.hpp>
#include <ebb/autograd/step_context.hpp>
#include <ebb/autograd/watch_point.hpp>
#include <ebb/nn/drop.hpp>
#include <ebb/nn/param.hpp>
#include <ebb/nn/registered.hpp>
#include <ebb/ops/handle.hpp>
#include <ebb/ops/rethrow.hpp>
#include <type_traits>

/// The one header that a cell's file includes. A cell is a plain struct with parameters created in its constructor and
///
///     State step(const Var& x, const State& s) const            // or with a third argument, const StepContext&
///
/// where State is an aggregate of Vars (`Hidden` if it is h alone). `Var output(const Var& x, const State& s) const` is
/// needed only if the output is not the first field. Dropout inside a cell is another overload of step (drop.hpp).
namespace ebb {

void fuse(...) __attribute__((unavailable("include <ebb/autograd/fuse.hpp>, and give fuse a lambda and operands")));

struct Hidden {
  Var h;
};

/// One field of a cell's state.
struct Field {
  const char* name;
  int width[3];  ///< extents after the batch axis
  int rank;      ///< of width
  double initial_value;
  int offset;  ///< of the Var in the cell's State struct, in bytes
};

/// The type-erased interface of a cell, reference-counted and const when it runs.
class Cell {
 public:
  Cell() = default;
  Cell(const Cell&) = delete;
  Cell& operator=(const Cell&) = delete;
  virtual ~Cell();
  /// One step: x [B, I], state fields [B, ...] -> the next state.
  virtual State step(const Var& x, const State& s, const StepContext& at) const = 0;
  /// The output passed to the next layer, [B, H].
  virtual Var output(const Var& x, const State& s) const;
  /// Which kinds of dropout the cell's step supports, requested by `StepContext::dropping`; none by default.
  virtual Drops drops() const { return {}; }
  virtual const char* name() const = 0;
  virtual int field_count() const = 0;
  virtual const Field& field(int k) const = 0;
  virtual const char* const* field_names() const = 0;
  /// The widths that the cell was made for; 0: not known.
  virtual CellSizes sizes() const { return {}; }
  /// The initial state for `rows` rows, as constants on the current tape.
  State initial_state(int rows, std::source_location where = std::source_location::current()) const;

 protected:
  /// After a step threw: throws ShapeError if the cause is a state that does not match the declared fields, or an input
  /// of another width.
  void reject_misfit(const Var& x, const State& s) const;

 private:
  friend void hold(const Cell* c) noexcept { c->holders_.hold(); }
  friend void drop(const Cell* c) noexcept {
    if (c->holders_.drop()) delete c;
  }
  mutable detail::Count holders_;
};

class CellPtr {
 public:
  CellPtr() = default;
  explicit CellPtr(const Cell* c) : cell_(c) {}
  const Cell& operator*() const { return *cell_; }
  const Cell* operator->() const { return cell_.get(); }
  explicit operator bool() const { return cell_.get() != nullptr; }

 private:
  detail::Handle<const Cell> cell_;
};

/// cell.output(x, s), of the width that the cell was made for.
/// Errors    ShapeError naming the cell and both shapes for any other
Var checked_output(const Cell&, const Var& x, const State& s);

namespace detail {

/// Fields declared by the constructor, or one field h of width H if it declared none. Owned by the adapter.
class Fields {
 public:
  Fields();
  ~Fields();
  Fields(const Fields&) = delete;
  Fields& operator=(const Fields&) = delete;
  CellSpec* spec() const { return spec_; }
  /// Errors    ValueError if a member was not declared or is not a Var, or two fields have one name
  void finish(const CellSizes&, int state_bytes, const char* cell);
  // The rest is asked at every step, of a finished cell.
  int count() const { return count_; }
  const Field& operator[](int k) const { return k >= 0 && k < count_ ? first_[k] : missing(k); }
  const char* const* names() const { return names_; }

 private:
  [[noreturn]] const Field& missing(int k) const;
  CellSpec* spec_;
  int count_ = 0;
  const Field* first_ = nullptr;
  const char* const* names_ = nullptr;
};

Builder detail_builder(const Builder&, const Fields&);

/// The State of a cell, deduced from its `step`; `known` is false if step has neither of the two forms.
template <class S, class C> S state_of(S (C::*)(const Var&, const S&) const);
template <class S, class C> S state_of(S (C::*)(const Var&, const S&, const StepContext&) const);
template <class C> struct StateOf {
  using type = Hidden;
  static constexpr bool known = false;
};
template <class C>
  requires requires { state_of(&C::step); }
struct StateOf<C> {
  using type = decltype(state_of(&C::step));
  static constexpr bool known = true;
};

/// Whether a cell's step accepts a D (StateDrop, CandidateDrop or Drop) as its third argument, by which it declares its
/// kinds of dropout.
template <class C, class S, class D>
concept DropsWith = requires(const C& c, const Var& x, const S& s, const D& d) { S(c.step(x, s, d)); };
template <class C, class S> consteval Drops drops_of() {
  constexpr bool state = DropsWith<C, S, StateDrop>, candidate = DropsWith<C, S, CandidateDrop>,
                 any = DropsWith<C, S, Drop>;
  return {.state = any && (state || !candidate), .candidate = any && (candidate || !state)};
}
/// Whether step has more than one overload.
template <class C>
concept StepOverloaded = !requires { typename std::type_identity_t<decltype(&C::step)>; };

template <class C> consteval bool has_output() {
  if constexpr (requires { &C::output; }) return std::is_member_function_pointer_v<decltype(&C::output)>;
  else return false;
}

template <class C> class CellAdapter final : public Cell {
  using Struct = typename StateOf<C>::type;
  static constexpr bool stepped = StateOf<C>::known;
  static constexpr bool with_output = requires(const C& c, const Var& x, const Struct& s) { Var(c.output(x, s)); };
  static constexpr Drops can_drop = drops_of<C, Struct>();
  static constexpr bool droppable = can_drop.state || can_drop.candidate;
  static_assert(std::is_constructible_v<C, Builder, const CellSizes&>,
                "a cell needs a constructor `Mine(Builder p, CellSizes s)`");
  static_assert(stepped,
                "a cell needs `State step(const Var& x, const State& s) const`, or the same with a third argument, "
                "const StepContext& at");
  static_assert(!stepped || droppable || !StepOverloaded<C>,
                "a cell's additional overload of step, for dropout, is `State step(const Var& x, const State& s, const "
                "Drop& d) const`");
  static_assert(!stepped || with_output || !has_output<C>(),
                "a cell's output is `Var output(const Var& x, const State& s) const`");

 public:
  CellAdapter(const char* name, const Builder& p, const CellSizes& s)
      : name_(name), sizes_(s), cell_(detail_builder(p, fields_), s) {
    fields_.finish(s, sizeof(Struct), name);
  }
  State step(const Var& x, const State& s, const StepContext& at) const override try {
    const WatchStep named;
    const Struct before = unpack(s);
    if constexpr (droppable)
      if (at.drops()) return pack(cell_.step(x, before, Drop(at)));
    if constexpr (requires { cell_.step(x, before, at); }) return pack(cell_.step(x, before, at));
    else if constexpr (stepped) return pack(cell_.step(x, before));
    else return s;
  } catch (...) {
    reject_misfit(x, s);
    rethrow_named("cell", name_);
  }
  Var output(const Var& x, const State& s) const override try {
    if constexpr (with_output) return cell_.output(x, unpack(s));
    else return Cell::output(x, s);
  } catch (...) { rethrow_named("cell", name_); }
  Drops drops() const override { return can_drop; }
  CellSizes sizes() const override { return sizes_; }
  const char* name() const override { return name_; }
  int field_count() const override { return fields_.count(); }
  const Field& field(int k) const override { return fields_[k]; }
  const char* const* field_names() const override { return fields_.names(); }

 private:
  static Var& member(Struct& s, int offset) { return *reinterpret_cast<Var*>(reinterpret_cast<char*>(&s) + offset); }
  Struct unpack(const State& s) const {
    Struct u{};
    for (int k = 0; k < fields_.count(); ++k) member(u, fields_[k].offset) = s[k];
    return u;
  }
  State pack(Struct&& u) const {
    State s(fields_.names(), fields_.count());
    for (int k = 0; k < fields_.count(); ++k) s[k] = static_cast<Var&&>(member(u, fields_[k].offset));
    return s;
  }

  Fields fields_;
  const char* name_;
  CellSizes sizes_;
  C cell_;
};

template <class C> const Cell* make_adapter(const char* name, const Builder& p, const CellSizes& s) {
  return new CellAdapter<C>(name, p, s);
}

}  // namespace detail

/// A registered cell; created by EBB_CELL.
struct CellEntry : Registered<CellEntry> {
  static constexpr const char* kind = "cell";
  using Make = const Cell* (*)(const char* name, const Builder&, const CellSizes&);
  CellEntry(const char* n, const char* a, const char* f, Make m) : Registered(n, a, f), make(m) {}
  Make make;
};

}  // namespace ebb

/// Registers a cell: EBB_CELL(mgu, Mgu, "Minimal gated unit, Zhou et al. 2016"); EBB_CELL_NAMED allows dashes.
#define EBB_CELL(name, Type, about)                                                                \
  static_assert(ebb::detail::is_identifier(#name),                                                 \
                "a name with a dash needs EBB_CELL_NAMED(my_cell, \"my-cell\", MyCell, \"...\")"); \
  EBB_CELL_NAMED(name, #name, Type, about)
#define EBB_CELL_NAMED(id, name, Type, about) \
  static const ebb::CellEntry ebb_cell_##id { name, about, __FILE__, &ebb::detail::make_adapter<Type> }
