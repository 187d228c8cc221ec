#pragma once

/// The definition of every elementwise op. `value` and the entries of `vjp` are generic lambdas: instantiated with SIMD
/// lanes they are the kernels, with Vars the recorded gradient, so one line gives derivatives of any order.
///
///     vjp[k](g, inputs..., y)   adjoint of input k, given the adjoint g of the result y
///
/// They may use: numbers; + - * / and unary -; < <= > >=, equal, not_equal (which give a mask, for where only);
/// where(mask, a, b); like(x, number), a constant of x's type; and the functions of this list. A branch of `where` that
/// is not selected must still have finite derivatives: guard its argument, not its result.
///
/// `needs` says what the vjp reads; the tape keeps nothing else. Gradcheck samples each input from [low, high]. To add
/// an op: one struct here and one line in pointwise_functions.inl, from which `List` and the functions are generated.
///
/// NaN in, NaN out, except where a NaN is not selected (where, comparisons) and pow(NaN, 0) = pow(1, NaN) = 1.
namespace ebb::pointwise {

enum Needs : unsigned { nothing = 0, inputs = 1, output = 2 };

/// One lambda per input. A std::tuple would take longer to compile.
template <class First, class Second = void, class Third = void> struct Vjps {
  First first;
  Second second;
  Third third;
};
template <class First, class Second> struct Vjps<First, Second, void> {
  First first;
  Second second;
};
template <class First> struct Vjps<First, void, void> {
  First first;
};
template <class First> Vjps(First) -> Vjps<First>;
template <class First, class Second> Vjps(First, Second) -> Vjps<First, Second>;
template <class First, class Second, class Third> Vjps(First, Second, Third) -> Vjps<First, Second, Third>;

/// Defaults for every op.
struct Op {
  static constexpr double low = -2, high = 2;  // where gradcheck samples
};

struct Add : Op {
  static constexpr auto name = "add";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return a + b; };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return g; }, [](auto g, auto, auto, auto) { return g; }};
};

struct Sub : Op {
  static constexpr auto name = "sub";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return a - b; };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return g; }, [](auto g, auto, auto, auto) { return -g; }};
};

struct Mul : Op {
  static constexpr auto name = "mul";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto a, auto b) { return a * b; };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto b, auto) { return g * b; }, [](auto g, auto a, auto, auto) { return g * a; }};
};

struct Div : Op {
  static constexpr auto name = "div";
  static constexpr unsigned needs = inputs | output;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto a, auto b) { return a / b; };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto b, auto) { return g / b; }, [](auto g, auto, auto b, auto y) { return -g * y / b; }};
};

struct Neg : Op {
  static constexpr auto name = "neg";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto x) { return -x; };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto) { return -g; }};
};

struct Square : Op {
  static constexpr auto name = "square";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return x * x; };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * (2 * x); }};
};

/// The derivative at zero is infinite.
struct Sqrt : Op {
  static constexpr auto name = "sqrt";
  static constexpr unsigned needs = output;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto x) { return sqrt(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return g / (2 * y); }};
};

/// a^b; a negative a needs an integer b. At a = 0 the gradient of a^0 is zero, not 0 * inf, and that of b is zero.
/// Gradcheck samples where a^b is smooth in both.
struct Pow : Op {
  static constexpr auto name = "pow";
  static constexpr unsigned needs = inputs | output;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto a, auto b) { return pow(a, b); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto a, auto b, auto) {
             auto zero = like(a, 0);
             return g * b * pow(a, where(equal(a, zero), where(equal(b, zero), like(b, 1), b - 1), b - 1));
           },
           [](auto g, auto a, auto, auto y) {
             auto zero = like(a, 0);
             return where(equal(a, zero), zero, g * y * log(where(equal(a, zero), like(a, 1), a)));
           }};
};

struct Exp : Op {
  static constexpr auto name = "exp";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return exp(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return g * y; }};
};

/// e^x - 1, exact near zero.
struct Expm1 : Op {
  static constexpr auto name = "expm1";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return expm1(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return g * (y + 1); }};
};

struct Log : Op {
  static constexpr auto name = "log";
  static constexpr unsigned needs = inputs;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto x) { return log(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g / x; }};
};

/// log(1 + x), exact near zero.
struct Log1p : Op {
  static constexpr auto name = "log1p";
  static constexpr unsigned needs = inputs;
  static constexpr double low = -.5, high = 2;
  static constexpr auto value = [](auto x) { return log1p(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g / (1 + x); }};
};

struct Sin : Op {
  static constexpr auto name = "sin";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return sin(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * cos(x); }};
};

struct Cos : Op {
  static constexpr auto name = "cos";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return cos(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return -g * sin(x); }};
};

/// The error function; its derivative is 2 / sqrt(pi) exp(-x^2).
struct Erf : Op {
  static constexpr auto name = "erf";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return erf(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * (1.1283791670955126 * exp(-(x * x))); }};
};

/// |x|; the derivative at zero is zero.
struct Abs : Op {
  static constexpr auto name = "abs";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return abs(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * sign(x); }};
};

/// -1, 0 or 1; no gradient.
struct Sign : Op {
  static constexpr auto name = "sign";
  static constexpr unsigned needs = nothing;
  static constexpr double low = .5, high = 2;
  static constexpr auto value = [](auto x) { return sign(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto) { return like(g, 0); }};
};

/// The lesser of two values; if they are equal, the first receives the gradient.
struct Min : Op {
  static constexpr auto name = "min";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto a, auto b) { return min(a, b); };
  static constexpr auto vjp = Vjps{[](auto g, auto a, auto b, auto) { return where(b < a, like(g, 0), g); },
                                   [](auto g, auto a, auto b, auto) { return where(b < a, g, like(g, 0)); }};
};

/// The greater of two values; if they are equal, the first receives the gradient.
struct Max : Op {
  static constexpr auto name = "max";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto a, auto b) { return max(a, b); };
  static constexpr auto vjp = Vjps{[](auto g, auto a, auto b, auto) { return where(a < b, like(g, 0), g); },
                                   [](auto g, auto a, auto b, auto) { return where(a < b, g, like(g, 0)); }};
};

/// x clamped to [a, b]. Whichever of the three is the result receives the gradient; x does at the bounds themselves.
struct Clip : Op {
  static constexpr auto name = "clip";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x, auto a, auto b) { return min(max(x, a), b); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto x, auto a, auto b, auto) {
             return where(max(x, a) > b, like(g, 0), where(x < a, like(g, 0), g));
           },
           [](auto g, auto x, auto a, auto b, auto) {
             return where(max(x, a) > b, like(g, 0), where(x < a, g, like(g, 0)));
           },
           [](auto g, auto x, auto a, auto b, auto) { return where(max(x, a) > b, g, like(g, 0)); }};
};

/// a where c is not zero, else b; c has no gradient.
struct Where : Op {
  static constexpr auto name = "where";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto c, auto a, auto b) { return where(not_equal(c, like(c, 0)), a, b); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto, auto) { return like(g, 0); },
           [](auto g, auto c, auto, auto, auto) { return where(not_equal(c, like(c, 0)), g, like(g, 0)); },
           [](auto g, auto c, auto, auto, auto) { return where(not_equal(c, like(c, 0)), like(g, 0), g); }};
};

/// 1 where a < b, else 0; no gradient.
struct Less : Op {
  static constexpr auto name = "less";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(a < b, like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

/// 1 where a <= b, else 0; no gradient.
struct LessEqual : Op {
  static constexpr auto name = "less_equal";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(a <= b, like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

/// 1 where a > b, else 0; no gradient.
struct Greater : Op {
  static constexpr auto name = "greater";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(a > b, like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

/// 1 where a >= b, else 0; no gradient.
struct GreaterEqual : Op {
  static constexpr auto name = "greater_equal";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(a >= b, like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

/// 1 where a == b, else 0; no gradient.
struct Equal : Op {
  static constexpr auto name = "equal";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(equal(a, b), like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

/// 1 where a != b, else 0; no gradient.
struct NotEqual : Op {
  static constexpr auto name = "not_equal";
  static constexpr unsigned needs = nothing;
  static constexpr auto value = [](auto a, auto b) { return where(not_equal(a, b), like(a, 1), like(a, 0)); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto, auto, auto) { return like(g, 0); }, [](auto g, auto, auto, auto) { return like(g, 0); }};
};

struct Tanh : Op {
  static constexpr auto name = "tanh";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return tanh(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return g * (1 - y * y); }};
};

struct Sigmoid : Op {
  static constexpr auto name = "sigmoid";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return sigmoid(x); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return g * y * (1 - y); }};
};

/// max(x, 0); the derivative at zero is zero.
struct Relu : Op {
  static constexpr auto name = "relu";
  static constexpr unsigned needs = output;
  static constexpr auto value = [](auto x) { return max(x, like(x, 0)); };
  static constexpr auto vjp = Vjps{[](auto g, auto, auto y) { return where(y > like(y, 0), g, like(g, 0)); }};
};

/// log(1 + e^x), written so that e^x cannot overflow.
struct Softplus : Op {
  static constexpr auto name = "softplus";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return max(x, like(x, 0)) + log1p(exp(-abs(x))); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * sigmoid(x); }};
};

/// log(sigmoid(x)) = -softplus(-x): e^-x does not overflow for large negative x, and large x do not round to log(1).
struct LogSigmoid : Op {
  static constexpr auto name = "log_sigmoid";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return min(x, like(x, 0)) - log1p(exp(-abs(x))); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) { return g * sigmoid(-x); }};
};

/// x where positive, else a (e^x - 1). Clevert et al. 2016, arXiv:1511.07289.
struct Elu : Op {
  static constexpr auto name = "elu";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x, auto a) { return where(x > like(x, 0), x, a * expm1(min(x, like(x, 0)))); };
  static constexpr auto vjp =
      Vjps{[](auto g, auto x, auto a, auto) { return where(x > like(x, 0), g, g * a * exp(min(x, like(x, 0)))); },
           [](auto g, auto x, auto, auto) { return where(x > like(x, 0), like(g, 0), g * expm1(min(x, like(x, 0)))); }};
};

/// x times the normal distribution function, exact (using erf). Hendrycks & Gimpel 2016, arXiv:1606.08415.
struct Gelu : Op {
  static constexpr auto name = "gelu";
  static constexpr unsigned needs = inputs;
  static constexpr auto value = [](auto x) { return .5 * x * (1 + erf(x * .7071067811865476)); };
  static constexpr auto vjp = Vjps{[](auto g, auto x, auto) {
    auto density = .3989422804014327 * exp(-.5 * (x * x));
    return g * (.5 * (1 + erf(x * .7071067811865476)) + x * density);
  }};
};

template <class... Ops> struct TypeList {
  static constexpr int count = sizeof...(Ops);
};
template <class None, class... Ops> using Listed = TypeList<Ops...>;  // None precedes the first comma

#define EBB_UNARY(Op, ...) , Op
#define EBB_BINARY(Op, ...) , Op
#define EBB_TERNARY(Op, ...) , Op
#define EBB_COMPARISON(Op, ...) , Op
using List = Listed<void
#include <ebb/ops/pointwise_functions.inl>
                    >;

template <class Wanted, class... Ops> constexpr int position(TypeList<Ops...>) {
  int k = 0, found = -1;
  ((__is_same(Wanted, Ops) ? (found = k, ++k) : ++k), ...);
  return found;
}
/// Position of an op in the list, which identifies its kernels.
template <class O> consteval int id_of() {
  static_assert(position<O>(List{}) >= 0, "this op is missing from pointwise_functions.inl");
  return position<O>(List{});
}
template <class O> inline constexpr int id = id_of<O>();

template <class F> constexpr int count_of(const Vjps<F>&) { return 1; }
template <class F, class G> constexpr int count_of(const Vjps<F, G>&) { return 2; }
template <class F, class G, class H> constexpr int count_of(const Vjps<F, G, H>&) { return 3; }
template <class O> inline constexpr int arity = count_of(O::vjp);

/// The adjoint of input k, k < arity.
template <class O, int k> constexpr const auto& vjp_of() {
  if constexpr (k == 0) return O::vjp.first;
  else if constexpr (k == 1) return O::vjp.second;
  else return O::vjp.third;
}

}  // namespace ebb::pointwise
