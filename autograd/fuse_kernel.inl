// The kernels of fused lambdas for one instruction set. Included by fuse_kernels.hpp after ops/vector_lane.inl.

template <Prim op, class T> inline Mask<T> compare(Lane<T> a, Lane<T> b) {
  if constexpr (op == Prim::less) return a < b;
  else if constexpr (op == Prim::less_equal) return a <= b;
  else if constexpr (op == Prim::equal) return equal(a, b);
  else return not_equal(a, b);
}

template <Prim op, class T> [[gnu::always_inline]] inline Lane<T> compute(Lane<T> a, Lane<T> b) {
  if constexpr (op == Prim::add) return a + b;
  else if constexpr (op == Prim::sub) return a - b;
  else if constexpr (op == Prim::mul) return a * b;
  else if constexpr (op == Prim::div) return a / b;
  else if constexpr (op == Prim::neg) return -a;
  else if constexpr (op == Prim::min) return min(a, b);
  else if constexpr (op == Prim::max) return max(a, b);
  else if constexpr (op == Prim::abs) return abs(a);
  else if constexpr (op == Prim::sqrt) return sqrt(a);
  else if constexpr (op == Prim::exp) return exp(a);
  else if constexpr (op == Prim::expm1) return expm1(a);
  else if constexpr (op == Prim::log) return log(a);
  else if constexpr (op == Prim::log1p) return log1p(a);
  else if constexpr (op == Prim::sin) return sin(a);
  else if constexpr (op == Prim::cos) return cos(a);
  else if constexpr (op == Prim::erf) return erf(a);
  else if constexpr (op == Prim::pow) return pow(a, b);
  else if constexpr (op == Prim::tanh) return tanh(a);
  else return sigmoid(a);
}

/// The inner loop of a fused lambda's forward or backward pass: Program::code over the registers of one row.
/// Program::adds: results may be accumulated onto their destination.
template <class Program, class T> struct Kernel {
  static constexpr const auto& code = Program::code;
  struct Values {
    Lane<T> v[code.count];
    Mask<T> m[code.count];
  };

  template <std::size_t k>
  [[gnu::always_inline]] static inline void line(Values& x, const FuseRow& row, std::int64_t at, unsigned live) {
    constexpr Step s = code.line[k];
    if constexpr (s.op == Prim::input) x.v[k] = Lane<T>::load(row.in[s.a] + (at & row.in_moves[s.a]));
    else if constexpr (s.op == Prim::number) x.v[k] = Lane<T>(s.number);
    else if constexpr (s.op == Prim::gate) x.v[k] = (live & static_cast<unsigned>(s.b)) != 0 ? x.v[s.a] : Lane<T>(0);
    else if constexpr (s.op == Prim::where) x.v[k] = where(x.m[s.a], x.v[s.b], x.v[s.c]);
    else if constexpr (is_mask(s.op)) x.m[k] = compare<s.op>(x.v[s.a], x.v[s.b]);
    else x.v[k] = compute<s.op>(x.v[s.a], x.v[s.b < 0 ? s.a : s.b]);
  }
  [[gnu::always_inline]] static inline void put(Lane<T> y, const FuseRow& row, int k, std::int64_t at) {
    if (!row.out[k]) return;
    char* p = row.out[k] + (at & row.out_moves[k]);
    if (Program::adds && row.add[k]) y = Lane<T>::load(p) + y;
    y.store(p);
  }
  /// One register of each. All are read before any is written, since a result may overwrite an operand.
  template <std::size_t... k, std::size_t... o>
  [[gnu::always_inline]] static inline void block(const FuseRow& row, std::int64_t at, unsigned live,
                                                  std::index_sequence<k...>, std::index_sequence<o...>) {
    Values x;
    (line<k>(x, row, at, live), ...);
    (put(x.v[code.out[o]], row, static_cast<int>(o), at), ...);
  }
  static void run(const FuseRow& row, std::int64_t bytes, unsigned live) {
    for (std::int64_t at = 0; at < bytes; at += EBB_LANE_BYTES)
      block(row, at, live, std::make_index_sequence<code.count>{}, std::make_index_sequence<code.outs>{});
  }
};
