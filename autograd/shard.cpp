#include <climits>
#include <ebb/autograd/shard_run.hpp>
#include <ebb/ops/error.hpp>
#include <sstream>

namespace ebb {

namespace {

[[noreturn]] void wrong_rows(const char* what, const Shape& got, const char* wanted, int n) {
  std::ostringstream s;
  s << "shard: " << what << " is " << got << ", expected " << wanted << " = " << n;
  throw ShapeError(s.str());
}

void check_rows(const char* what, const Shape& s, int axis, int rows) {
  if (s.rank() > axis && s[axis] == rows) return;
  std::ostringstream m;
  m << "shard: " << what << " is " << s << ", expected " << rows << " rows on axis " << axis;
  throw ShapeError(m.str());
}

template <class A> A rows_of_steps(const A& whole, int begin, int end, A made) {
  for (int t = 0; t < whole.dim(0); ++t) {
    const A from = whole[t].range(begin, end);
    A to = made[t];
    if constexpr (std::is_same_v<A, Tokens>) std::copy(from.data(), from.data() + from.size(), to.data());
    else to.assign(from);
  }
  return made;
}

}  // namespace

Shard::Shard(detail::ShardRun& run, int number, int begin, int end)
    : run_(run), number_(number), begin_(begin), end_(end) {}

int Shard::batch() const { return run_.options.rows; }

Var Shard::rows(const Array& whole, std::source_location where) const {
  check_rows("rows", whole.shape(), 0, batch());
  return constant(whole.range(begin_, end_), where);
}
Tokens Shard::rows(const Tokens& whole) const {
  check_rows("rows", whole.shape(), 0, batch());
  return whole.range(begin_, end_);
}
Sequence Shard::sequence(const Array& whole, std::source_location where) const {
  check_rows("sequence", whole.shape(), 1, batch());
  return constant(rows_of_steps(whole, begin_, end_, Array::empty(whole.shape().with(1, rows()), run_.options.dtype)),
                  where);
}
Tokens Shard::sequence(const Tokens& whole) const {
  check_rows("sequence", whole.shape(), 1, batch());
  return rows_of_steps(whole, begin_, end_, Tokens(whole.shape().with(1, rows())));
}

StepContext Shard::context(const char* scope) const {
  const StepContext p({.training = run_.options.training,
                       .seed = run_.options.seed,
                       .update = run_.options.update,
                       .first_row = begin_});
  return *scope ? p.named(scope) : p;
}

State Shard::take(const StateArrays& carried, std::source_location where) const {
  if (carried.empty()) return {};
  detail::TapeImpl& t = detail::TapeImpl::current("take");
  auto** names = static_cast<const char**>(t.arena(sizeof(char*) * carried.names.size()));
  for (std::size_t k = 0; k < carried.names.size(); ++k) names[k] = carried.names[k].c_str();
  State s(names, static_cast<int>(carried.names.size()));
  for (int k = 0; k < s.size(); ++k) s[k] = rows(carried.fields[static_cast<std::size_t>(k)], where);
  return s;
}

PartialLoss Shard::mean_rows(At v) const {
  const CallSite here{v.where};
  const Shape shape = v.var.shape();
  if (shape.rank() != 1 || shape[0] != rows()) wrong_rows("mean_rows", shape, "one value per row, rows", rows());
  return {ebb::sum(v.var) * (1.0 / batch()), v.where};
}

PartialLoss Shard::mean_tokens(At v) const {
  const CallSite here{v.where};
  const Shape shape = v.var.shape();
  if (shape.rank() != 2 || shape[1] != rows()) wrong_rows("mean_tokens", shape, "[T, rows], rows", rows());
  return {ebb::sum(v.var) * (1.0 / (static_cast<double>(shape[0]) * batch())), v.where};
}

PartialLoss Shard::mean_tokens(At v, const Lengths& whole) const {
  const CallSite here{v.where};
  const Shape shape = v.var.shape();
  const bool packed = shape.rank() == 1;
  if (!packed && (shape.rank() != 2 || shape[1] != rows())) wrong_rows("mean_tokens", shape, "[T, rows], rows", rows());
  if (whole.rank() != 1 || whole.dim(0) != batch())
    wrong_rows("mean_tokens: lengths", whole.shape(), "one per row of the batch", batch());
  const int steps = packed ? INT_MAX : shape[0];
  double real = 0;
  int own = 0;
  for (int r = 0; r < batch(); ++r) {
    const int n = whole.data()[r];
    if (n < 0 || n > steps)
      throw ValueError("mean_tokens: length " + std::to_string(n) + " of row " + std::to_string(r) +
                       " is outside [0, " + std::to_string(steps) + "]");
    real += n;
    if (r >= begin_ && r < end_) own += n;
  }
  if (real == 0) throw ValueError("mean_tokens: every length is zero, so there are no tokens");
  if (packed) {
    if (shape[0] != own) wrong_rows("mean_tokens", shape, "the total number of tokens in the shard's rows", own);
    return {ebb::sum(v.var) * (1.0 / real), v.where};
  }
  Array mask = Array::zeros({steps, rows()}, run_.options.dtype);
  for (int t = 0; t < steps; ++t)
    for (int r = 0; r < rows(); ++r) mask.set_flat(std::int64_t{t} * rows() + r, t < whole.data()[begin_ + r] ? 1 : 0);
  const Var m = constant(mask);
  return {ebb::sum(where(m, v.var, 0)) * (1.0 / real), v.where};
}

PartialLoss Shard::sum(At v) const { return {ebb::sum(v), v.where}; }

void Shard::out(const char* name, const Var& v) {
  check_rows("out", v.shape(), 0, rows());
  const Array value = v.value();
  Array whole = run_.whole(run_.result.outputs, name, value.shape(), 0);
  whole.range(begin_, end_).assign(value);
}

void Shard::out(const char* name, const State& s) {
  for (int k = 0; k < s.size(); ++k) {
    const Array value = s[k].value();
    Array whole;
    {
      const std::lock_guard lock(run_.mutex);
      StateArrays& all = run_.result.states[name];
      if (all.fields.size() <= static_cast<std::size_t>(k)) {
        all.names.emplace_back(s.name(k));
        all.fields.push_back(Array::zeros(value.shape().with(0, batch()), run_.options.dtype));
      }
      whole = all.fields[static_cast<std::size_t>(k)];
    }
    whole.range(begin_, end_).assign(value);
  }
}

void Shard::count(const char* name, double x) { run_.counts[static_cast<std::size_t>(number_)][name] += x; }

void Shard::retain(const char* name, const std::vector<Var>& steps) {
  if (steps.empty()) throw ValueError(std::string("shard: retain ") + name + " was given no steps");
  if (!detail::TapeImpl::current("retain").recording()) return;  // evaluate() has no gradients
  for (const Var& v : steps) ebb::retain(v);
  retained_.push_back({name, steps});
}

/// Copies retained gradients into the caller's arrays, so that no memory allocated by a shard outlives it.
void Shard::publish(const Grads& g) {
  for (const auto& [name, steps] : retained_) {
    const Shape part = steps.front().shape().inserted(0, static_cast<int>(steps.size()));
    Array whole = run_.whole(run_.result.retained, name, part, 1);
    for (std::size_t t = 0; t < steps.size(); ++t)
      if (g.has(steps[t])) whole[static_cast<int>(t)].range(begin_, end_).assign(g[steps[t]]);
  }
}

}  // namespace ebb
