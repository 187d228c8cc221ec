#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/gradcheck_cell.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/unroll.hpp>
#include <ebb/ops/elementwise.hpp>

namespace ebb {

namespace {

// A parameter that starts at zero would hide a wrong gradient of whatever it multiplies.
void move_from_start(Params& w, Key key) {
  Edit change = w.edit();
  Array flat = change.flat();
  const Array noise = uniform(flat.shape(), key, -.1, .1, f64);
  for (int k = 0; k < w.count(); ++k) {
    const Leaf leaf = w[k];
    if (!leaf.trained()) continue;
    for (std::int64_t i = leaf.offset(); i < leaf.offset() + leaf.shape().size(); ++i)
      flat.set_flat(i, flat.at_flat(i) + noise.at_flat(i));
  }
}

Shape state_shape(const Field& f, int rows) {
  int extents[Shape::max_rank] = {rows};
  for (int a = 0; a < f.rank; ++a) extents[a + 1] = f.width[a];
  return Shape(extents, f.rank + 1);
}

// sum(v * fixed random numbers), so that no symmetry of the loss hides an error.
Part projected(Shard& s, const Var& v, const char* name, Key key) {
  const Shape mine = v.shape();
  const std::uint64_t first = static_cast<std::uint64_t>(s.begin()) * static_cast<std::uint64_t>(mine.size() / mine[0]);
  return s.sum(v * constant(uniform(mine, key.named(name), -1, 1, f64, first)));
}

}  // namespace

GradcheckReport gradcheck_cell(const std::string& name, GradcheckCellOptions o) {
  const Key key = Key{o.seed}.named("gradcheck_cell");
  Params w{{.seed = o.seed, .dtype = f64}};
  const CellPtr cell = make_cell(name, w / "cell", {o.input, o.hidden});
  move_from_start(w, key.named("parameters"));
  const Leaf x = w.add("x", uniform({o.steps, o.rows, o.input}, key.named("x"), -1, 1, f64));
  std::vector<Leaf> start;
  for (int k = 0; k < cell->field_count(); ++k) {
    const Field& f = cell->field(k);
    const std::string label = std::string("start/") + f.name;
    const Key noise = key.named(label.c_str());
    start.push_back(w.add(label.c_str(), uniform(state_shape(f, o.rows), noise, f.start - .5, f.start + .5, f64)));
  }
  const auto loss = [&](Shard& s) {
    State begin(cell->field_names(), cell->field_count());
    for (int k = 0; k < begin.size(); ++k)
      begin[k] = slice(start[static_cast<std::size_t>(k)], 0, s.begin(), s.end());
    const Run run = unroll(*cell, Sequence(slice(x, 1, s.begin(), s.end())), begin, s.pass());
    Part total = projected(s, run[0], "output 0", key);
    for (int t = 1; t < run.steps(); ++t)
      total = total + projected(s, run[t], ("output " + std::to_string(t)).c_str(), key);
    for (int k = 0; k < begin.size(); ++k)
      total = total + projected(s, run.end()[k], cell->field(k).name, key);
    return total;
  };
  const ShardOptions shards{.rows = o.rows, .seed = o.seed, .dtype = f64, .order = o.order, .training = false,
                            .shards = o.rows < 2 ? 1 : 2};
  return gradcheck(w, shards, loss, o);
}

}  // namespace ebb
