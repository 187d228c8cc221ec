// Ebb's side of benchmarks/compare: one row of the table, see peers/row.hpp. Can be run by hand:
//   compare_ebb list                                                       lists the implementations
//   compare_ebb cell=lstm spelling=textbook work=cell dtype=float32 T=100 B=32 I=128 H=128 threads=2 \
//     problem=FILE result=FILE started=0 <<< "0.5 10"
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/clip.hpp>
#include <optional>

#include "compare_layer.hpp"
#include "peers/row.hpp"

using namespace ebb;

namespace {

struct Sizes {
  std::string work, cell, spelling;
  DType dtype;
  int T, B, I, H, V;
};

Sizes sizes_of(const compare::Arguments& a) {
  return {a.text("work"), a.text("cell"), a.text("spelling"), a.text("dtype") == "float64" ? f64 : f32,
          a.number("T"),  a.number("B"),  a.number("I"),      a.number("H"),
          a.number("V")};
}

/// One letter per gate, in the order of the column blocks of the problem's matrices.
std::string gates(const std::string& cell) {
  if (cell == "rnn") return "";
  if (cell == "lstm") return "ifgo";
  if (cell == "gru") return "rzn";
  if (cell == "mgu") return "fn";
  throw ValueError("compare_ebb: unknown cell " + cell);
}

/// Calls f(parameter, its part of `whole`) for the parameters that make up one matrix or vector of the problem: "1/Wx"
/// itself, or one per gate, "1/Wi", "1/Wf", ...
template <class F>
void for_parts(const LeafSet& w, const std::string& scope, const std::string& name, const std::string& letters,
               const Array& whole, F&& f) {
  if (const Leaf one = w.find((scope + name).c_str())) return f(one, whole);
  const std::string one_a_gate = scope + (name == "Wx" ? "W" : name == "Wh" ? "U" : name);
  if (letters.empty()) return f(w.find(one_a_gate.c_str()), whole);
  const int width = whole.columns() / static_cast<int>(letters.size());
  for (int k = 0; k < static_cast<int>(letters.size()); ++k) {
    const Leaf part = w.find((one_a_gate + letters[static_cast<std::size_t>(k)]).c_str());
    if (!part) throw ValueError("compare_ebb: the cell has no parameter for " + scope + name);
    f(part, whole.column_block(k * width, (k + 1) * width));
  }
}

struct Block {
  std::string scope, name;
  Shape shape;
};

/// The network's cells and their input widths; f and b are the directions.
std::vector<std::pair<std::string, int>> scopes(const Sizes& z) {
  if (z.work == "bidirectional") return {{"1f", z.I}, {"1b", z.I}, {"2f", 2 * z.H}, {"2b", 2 * z.H}};
  if (z.work == "two_layers") return {{"1", z.I}, {"2", z.H}};
  return {{"1", z.I}};
}

/// Lengths of the sequences in the work `bidirectional`, as in peers/work.py.
Lengths lengths_of(const Sizes& z) {
  Lengths n({z.B});
  const int least = z.T / 10;
  for (int k = 0; k < z.B; ++k) n.data()[k] = least + (53 * k % z.B) * (z.T - least) / std::max(z.B - 1, 1);
  return n;
}

/// The problem's parameters in order, as in the driver's `layout`.
std::vector<Block> layout(const Sizes& z) {
  std::vector<Block> list;
  const int g = std::max<int>(1, static_cast<int>(gates(z.cell).size()));
  const bool chars = z.work == "train_chars";
  if (chars) list.push_back({"emb/", "W", {z.V, z.I}});
  for (const auto& [scope, width] : scopes(z)) {
    list.push_back({scope + "/", "Wx", {width, g * z.H}});
    list.push_back({scope + "/", "Wh", {z.H, g * z.H}});
    list.push_back({scope + "/", "b", {g * z.H}});
    if (z.cell == "gru") list.push_back({scope + "/", "c", {z.H}});
  }
  if (chars) {
    list.push_back({"out/", "W", {z.H, z.V}});
    list.push_back({"out/", "b", {z.V}});
  }
  return list;
}

class Row {
 public:
  Row(const Sizes& z, const std::vector<float>& problem) : z_(z), w_({.dtype = z.dtype}) {
    const std::string cell = "bench-" + z.cell + "-" + z.spelling;
    const bool chars = z.work == "train_chars";
    if (chars) embedding_.emplace(w_ / "emb", z.V, z.I);
    for (const auto& [scope, width] : scopes(z)) cells_.push_back(make_cell(cell, w_ / scope.c_str(), {width, z.H}));
    if (z.work == "bidirectional") lengths_ = lengths_of(z);
    if (chars) out_.emplace(w_ / "out", z.H, z.V);
    if (chars) adam_.emplace(w_, AdamOptions{.lr = 1e-3});
    read(problem);
  }

  /// One training step, with an optimiser only if the row has one.
  Result step() {
    Result r = gradient();
    if (adam_) {
      clip_by_norm(r.grads, 1.0);
      adam_->step(r.grads);
    } else {
      Edit as_an_optimiser_would{w_};  // so that values derived from the weights are recomputed, as in training
    }
    return r;
  }

  Result gradient() {
    return backward(w_, {.rows = z_.B, .dtype = z_.dtype}, [&](Shard& s) {
      return adam_ ? chars_loss(s) : lengths_ ? packed_loss(s) : last_loss(s);
    });
  }

  /// Writes the loss and the gradients one after another, so that their copies do not add to the peak memory.
  void write(const Result& r, const std::string& path) const {
    compare::ResultFile file(path);
    file.add(r.loss);
    for (const Block& k : layout(z_)) {
      Array whole = Array::empty(k.shape, z_.dtype);
      for_parts(w_, k.scope, k.name, gates(z_.cell), whole,
                [&](const Leaf& p, Array part) { part.assign(r.grads[p]); });
      for (std::int64_t i = 0; i < whole.size(); ++i) file.add(whole.at_flat(i));
    }
  }

 private:
  void read(const std::vector<float>& problem) {
    const bool chars = z_.work == "train_chars";
    const std::int64_t tokens = static_cast<std::int64_t>(z_.T) * z_.B;
    float* at = const_cast<float*>(problem.data());
    if (chars) {
      tokens_ = Tokens({z_.T, z_.B});
      next_ = Tokens({z_.T, z_.B});
      for (std::int64_t k = 0; k < tokens; ++k) tokens_.data()[k] = static_cast<int>(*at++);
      for (std::int64_t k = 0; k < tokens; ++k) next_.data()[k] = static_cast<int>(*at++);
    } else {
      x_ = Array::borrowed(at, {z_.T, z_.B, z_.I}, z_.I, f32).copy().to(z_.dtype);
      at += tokens * z_.I;
    }
    Edit change{w_};
    for (const Block& k : layout(z_)) {
      const Array whole = Array::borrowed(at, k.shape, k.shape.columns(), f32);
      for_parts(w_, k.scope, k.name, gates(z_.cell), whole,
                [&](const Leaf& p, const Array& part) { change[p].assign(part); });
      at += k.shape.size();
    }
    if (at != problem.data() + problem.size()) throw ValueError("compare_ebb: the problem file has the wrong size");
  }

  PartialLoss last_loss(Shard& s) const {
    Run run = unroll(*cells_[0], s.sequence(x_), s.context());
    if (cells_.size() > 1) run = unroll(*cells_[1], run.all(), s.context());
    return s.mean_rows(mean(square(run.last()), {-1}));
  }

  PartialLoss packed_loss(Shard& s) const {
    const Packed x = pack(s.sequence(x_), s.rows(lengths_));
    const Packed y = bidirectional(*cells_[0], *cells_[1], x, s.context("1")).all;
    return s.mean_tokens(mean(square(bidirectional(*cells_[2], *cells_[3], y, s.context("2")).all.all), {-1}),
                         lengths_);
  }

  PartialLoss chars_loss(Shard& s) const {
    const Run run = unroll(*cells_[0], (*embedding_)(s.sequence(tokens_)), s.context());
    return s.mean_tokens(cross_entropy((*out_)(run.all()), s.sequence(next_)));
  }

  Sizes z_;
  Params w_;
  std::vector<CellPtr> cells_;
  std::optional<Embedding> embedding_;
  std::optional<Linear> out_;
  std::optional<Adam> adam_;
  Array x_;
  Tokens tokens_, next_;
  Lengths lengths_;
};

void list_spellings() {
  for (const CellInfo& c : cell_list())
    if (c.name.rfind("bench-", 0) == 0) std::cout << c.name.substr(6) << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2 && std::string(argv[1]) == "list") {
    list_spellings();
    return 0;
  }
  const compare::Arguments a(argc, argv);
  set_threads(a.number("threads"));
  if (const std::string& work = a.text("work"); work == "conv2d" || work == "cross_entropy") {
    compare::LayerRow row(a, compare::read_problem(a.text("problem")));
    const std::vector<double> first = row.numbers();
    const std::int64_t end = compare::now();
    compare::write_result(a.text("result"), first);
    compare::print_ready(a, end, EBB_VERSION, name_of(isa()));
    compare::serve([&] { row.step(); });
    return 0;
  }
  Row row(sizes_of(a), compare::read_problem(a.text("problem")));
  std::int64_t end = 0;
  {
    const Result first = row.gradient();
    end = compare::now();
    row.write(first, a.text("result"));
  }
  compare::print_ready(a, end, EBB_VERSION, name_of(isa()));
  compare::serve([&] { row.step(); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "compare_ebb: %s\n", e.what());
  return 1;
}
