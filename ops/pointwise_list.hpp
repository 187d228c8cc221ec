#pragma once
#include <tuple>

/// Every elementwise op, stated once. `value` and each entry of `vjp` are generic lambdas: with SIMD lanes they are the
/// kernels, with Vars the recorded gradient, so derivatives of any order follow from one line.
///
///     vjp[k](g, inputs..., y)   adjoint of input k, given the adjoint g of the result y
///
/// `needs` says what the vjp reads; what it does not name, the tape does not keep. Gradcheck samples each input from
/// [low, high]. Adding an op: one struct here, its name in `List`, and the function that publishes it.
namespace ebb::pointwise {

enum Needs : unsigned { nothing = 0, inputs = 1, output = 2 };

/// What every op has unless it says otherwise.
struct Op {
  static constexpr double low = -2, high = 2;   // where gradcheck samples
};

struct Add : Op {
  static constexpr auto name = "add";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return a + b; };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto, auto) { return g; },
                                         [](auto g, auto, auto, auto) { return g; }};
};

struct Sub : Op {
  static constexpr auto name = "sub";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return a - b; };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto, auto) { return g; },
                                         [](auto g, auto, auto, auto) { return -g; }};
};

struct Mul : Op {
  static constexpr auto name = "mul";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto a, auto b) { return a * b; };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto b, auto) { return g * b; },
                                         [](auto g, auto a, auto, auto) { return g * a; }};
};

struct Div : Op {
  static constexpr auto name = "div";
  static constexpr unsigned needs = inputs | output;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto a, auto b) { return a / b; };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto b, auto) { return g / b; },
                                         [](auto g, auto, auto b, auto y) { return -g * y / b; }};
};

struct Neg : Op {
  static constexpr auto name = "neg";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto x) { return -x; };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto) { return -g; }};
};

struct Exp : Op {
  static constexpr auto name = "exp";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return exp(x); };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto y) { return g * y; }};
};

struct Tanh : Op {
  static constexpr auto name = "tanh";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return tanh(x); };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto y) { return g * (1 - y * y); }};
};

struct Sigmoid : Op {
  static constexpr auto name = "sigmoid";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return sigmoid(x); };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto y) { return g * y * (1 - y); }};
};

/// max(x, 0); the derivative at zero is zero.
struct Relu : Op {
  static constexpr auto name = "relu";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return max(x, like(x, 0)); };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto y) { return where(y > like(y, 0), g, like(g, 0)); }};
};

/// c ? a : b, where c counts as true when it is not zero; c has no gradient.
struct Where : Op {
  static constexpr auto name = "where";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto c, auto a, auto b) { return where(c != like(c, 0), a, b); };
  static constexpr auto vjp =
      std::tuple{[](auto g, auto, auto, auto, auto) { return like(g, 0); },
                 [](auto g, auto c, auto, auto, auto) { return where(c != like(c, 0), g, like(g, 0)); },
                 [](auto g, auto c, auto, auto, auto) { return where(c != like(c, 0), like(g, 0), g); }};
};

/// 1 where a < b, else 0; no gradient.
struct Less : Op {
  static constexpr auto name = "less";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(a < b, like(a, 1), like(a, 0)); };
  static constexpr auto vjp = std::tuple{[](auto g, auto, auto, auto) { return like(g, 0); },
                                         [](auto g, auto, auto, auto) { return like(g, 0); }};
};

template <class... Ops> struct TypeList {
  static constexpr int count = sizeof...(Ops);
};
using List = TypeList<Add, Sub, Mul, Div, Neg, Exp, Tanh, Sigmoid, Relu, Where, Less>;

template <class Wanted, class... Ops> constexpr int position(TypeList<Ops...>) {
  int k = 0, found = -1;
  ((__is_same(Wanted, Ops) ? (found = k, ++k) : ++k), ...);
  return found;
}
/// Position of an op in the list: the number by which kernels are called.
template <class O> inline constexpr int id = position<O>(List{});

template <class O> inline constexpr int arity = static_cast<int>(std::tuple_size_v<decltype(O::vjp)>);

}  // namespace ebb::pointwise
