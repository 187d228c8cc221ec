#include <algorithm>
#include <cstring>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cell_spec.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

Cell::~Cell() = default;

Var Cell::output(const Var&, const State& s) const { return s[0]; }

State Cell::initial_state(int rows, std::source_location where) const {
  State s(field_names(), field_count());
  for (int k = 0; k < s.size(); ++k) {
    const Field& f = field(k);
    int extents[Shape::max_rank] = {rows};
    std::copy(f.width, f.width + f.rank, extents + 1);
    s[k] = full(Shape(extents, f.rank + 1), f.initial_value, where);
  }
  return s;
}

Var detail::some_output(const Cell& cell, const Var& x, const State& s) {
  Var y = cell.output(x, s);
  if (!y) throw TapeError(std::string("cell ") + cell.name() + ": output is empty");
  return y;
}

Var checked_output(const Cell& cell, const Var& x, const State& s) {
  Var y = detail::some_output(cell, x, s);
  const int hidden = cell.sizes().hidden;
  if (const Shape wanted{x.dim(0), hidden}, shape = y.shape(); hidden > 0 && !(shape == wanted))
    throw ShapeError(std::string("cell ") + cell.name() + ": output is " + text(shape) + ", expected [rows, hidden], " +
                     text(wanted) + detail::origin_of(y));
  return y;
}

void Cell::reject_misfit(const Var& x, const State& s) const {
  const std::string given = std::string("cell ") + name() + ": step was given ";
  if (s.size() != field_count())
    throw ShapeError(given + "a state of " + detail::counted(s.size(), "field") + " instead of " +
                     std::to_string(field_count()) + ": initial_state(rows) returns one");
  const auto live = [](const Var& v) { return v && detail::TapeImpl::find(v.epoch()); };
  if (!live(x) || x.rank() == 0) return;
  for (int k = 0; k < s.size(); ++k) {
    if (!live(s[k])) return;  // which is the step's own error
    if (const Shape shape = s[k].shape(); !detail::fits(field(k), shape, x.dim(0)))
      throw ShapeError(given + field(k).name + " as " + text(shape) + " instead of " +
                       detail::wanted_text(field(k), x.dim(0)) + detail::origin_of(s[k]));
  }
  const Field input{"x", {sizes().input}, 1, 0, 0};
  if (const Shape shape = x.shape(); sizes().input > 0 && !detail::fits(input, shape, x.dim(0)))
    throw ShapeError(given + "x as " + text(shape) + " instead of " + detail::wanted_text(input, x.dim(0)) +
                     detail::origin_of(x));
}

namespace detail {

bool fits(const Field& f, const Shape& s, int rows) {
  bool ok = s.rank() == f.rank + 1 && s[0] == rows;
  for (int a = 0; ok && a < f.rank; ++a) ok = s[a + 1] == f.width[a];
  return ok;
}

std::string wanted_text(const Field& f, int rows) {
  return std::to_string(rows) + (rows == 1 ? " row of " : " rows of ") + text(Shape(f.width, f.rank));
}

void check_input(const Cell& cell, const Var& x, const std::source_location& where) {
  const int width = cell.sizes().input;
  if (!x || width == 0) return;
  if (const Shape shape = x.shape(); shape.rank() > 0 && shape[-1] != width)
    throw ShapeError(std::string("unroll ") + cell.name() + ": x is " + text(shape) +
                     ", but the cell needs inputs of width " + std::to_string(width) + caller_text(where));
}

std::string caller_text(const std::source_location& where) {
  return " (" + line_of(where.file_name(), where.line()) + ")";
}

const std::string* CellSpec::asked_init(const char* parameter) {
  const std::string name = std::string("init.") + parameter;
  if (first_init.empty()) first_init = name;
  return options.unlisted(name);
}

Fields::Fields() : spec_(new CellSpec) {}
Fields::~Fields() { delete spec_; }
const Field& Fields::missing(int k) const {
  throw ValueError("a cell's state has no field " + std::to_string(k) + ", it has " + std::to_string(count_));
}

Builder detail_builder(const Builder& b, const Fields& fields) {
  CellSpec& mine = *fields.spec();
  if (CellSpec* request = CellSpec::of(b)) {
    mine.hidden = request->hidden;
    mine.options = request->options;
    mine.request = request;
  }
  return detail_builder_for(b, &mine);
}

void reject_unknown_options(const CellSpec& spec) {
  spec.options.reject_unknown(
      spec.first_init.empty() ? "" : "; and " + spec.first_init + "=orthogonal initialises a parameter");
}

namespace {

void reject_equal_names(const CellSpec& spec, const char* cell) {
  for (auto f = spec.fields.begin(); f != spec.fields.end(); ++f)
    for (auto g = spec.fields.begin(); g != f; ++g)
      if (std::strcmp(f->name, g->name) == 0)
        throw ValueError(std::string(cell) + ": two fields of its state are named " + f->name);
}

void reject_undeclared_members(const CellSpec& spec, int members, const char* cell) {
  std::vector<int> offsets;
  std::string declared;
  for (const Field& f : spec.fields) declared += (declared.empty() ? ": " : ", ") + std::string(f.name);
  for (const Field& f : spec.fields) offsets.push_back(f.offset);
  std::sort(offsets.begin(), offsets.end());
  if (std::adjacent_find(offsets.begin(), offsets.end()) != offsets.end())
    throw ValueError(std::string(cell) + ": one member of State was declared twice by p.state(...)");
  if (static_cast<int>(offsets.size()) != members)
    throw ValueError(std::string(cell) + ": State has the size of " + detail::counted(members, "Var") + ", of which " +
                     std::to_string(offsets.size()) + (offsets.size() == 1 ? " was" : " were") +
                     " declared by p.state(...)" + declared +
                     "; each needs a name and a width, and no member can be anything but a Var: values that a cell "
                     "carries are fields, and step's StepContext has time and mode");
  if (members > State::max_fields)
    throw ValueError(std::string(cell) + ": State has more than " + std::to_string(State::max_fields) + " Vars");
}

}  // namespace

void Fields::finish(const CellSizes& sizes, int state_bytes, const char* cell) {
  CellSpec& s = *spec_;
  if (s.request) s.request->options = s.options;
  s.request = nullptr;  // request does not outlive make_cell
  reject_unknown_options(s);
  const int members = state_bytes / static_cast<int>(sizeof(Var));
  if (state_bytes % static_cast<int>(sizeof(Var)) != 0)
    throw ValueError(std::string(cell) +
                     ": State has a member that is not a Var, which the next step would not receive; make a value "
                     "that a cell carries a field, or read time and mode from step's StepContext");
  reject_equal_names(s, cell);
  if (s.fields.empty() && members == 1) {
    s.text.emplace_back("h");
    s.fields.push_back({s.text.back().c_str(), {sizes.hidden}, 1, 0, 0});
  }
  reject_undeclared_members(s, members, cell);
  for (const Field& f : s.fields) s.names.push_back(f.name);
  count_ = static_cast<int>(s.fields.size());
  first_ = s.fields.data();
  names_ = s.names.data();
}

}  // namespace detail
}  // namespace ebb
