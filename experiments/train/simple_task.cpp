#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/train/simple_task.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/text.hpp>

namespace ebb::app {
namespace {

template <class E = ValueError> [[noreturn]] void wrong(const std::string& task, const std::string& what) {
  throw E(fmt::format("the task '{}': {}", task, what));
}

int largest(const Tokens& t) {
  const std::int64_t n = t.size();
  return n == 0 ? -1 : *std::max_element(t.data(), t.data() + n);
}

void check_tokens(const std::string& task, const TokenInputs& said, const SimpleBatch& b) {
  const auto* const tokens = std::get_if<Tokens>(&b.inputs);
  if (!tokens) wrong(task, "its sizes() declare TokenInputs, but the inputs of its batches are values");
  if (largest(*tokens) >= said.vocabulary)
    wrong(task, fmt::format("its batches have the token {}, but the vocabulary in its sizes() is {}", largest(*tokens),
                            said.vocabulary));
}

void check_values(const std::string& task, const ValueInputs& said, const SimpleBatch& b) {
  const auto* const x = std::get_if<Array>(&b.inputs);
  if (!x)
    wrong(task,
          "the inputs of its batches are tokens, but its sizes() declare values: .inputs = TokenInputs{vocabulary}");
  if (x->rank() != 3 || x->dim(2) != said.width)
    wrong<ShapeError>(task, fmt::format("its sizes() declare inputs [T, B, {}], but those of its batches are {}",
                                        said.width, text(x->shape())));
}

void check_last(const std::string& task, int outputs, const LastStep& y, int rows) {
  if (!y.values)
    wrong(task, "its batches have no targets: .targets = LastStep{values [B, O]} or EveryStep{tokens [T, B]}");
  if (!(y.values.shape() == Shape{rows, outputs}))
    wrong<ShapeError>(task, fmt::format("with {} outputs in its sizes(), the values of LastStep must be {}, not {}",
                                        outputs, text(Shape{rows, outputs}), text(y.values.shape())));
}

void check_classes(const std::string& task, int outputs, const LastClass& y, int rows) {
  if (!(y.classes.shape() == Shape{rows}))
    wrong<ShapeError>(task, fmt::format("the classes of LastClass must be {}, one per row, not {}", text(Shape{rows}),
                                        text(y.classes.shape())));
  if (largest(y.classes) >= outputs)
    wrong(task, fmt::format("the class {} is a target, but its sizes() have {} output{}: .outputs = number of classes",
                            largest(y.classes), outputs, outputs == 1 ? "" : "s"));
}

void check_every(const std::string& task, int outputs, const EveryStep& y, int steps, int rows) {
  if (!(y.tokens.shape() == Shape{steps, rows}))
    wrong<ShapeError>(task, fmt::format("the tokens of EveryStep must be {}, like its inputs, not {}",
                                        text(Shape{steps, rows}), text(y.tokens.shape())));
  if (largest(y.tokens) >= outputs)
    wrong(task, fmt::format("the token {} is a target, but its sizes() have {} output{}: .outputs = number of tokens",
                            largest(y.tokens), outputs, outputs == 1 ? "" : "s"));
  if (y.first < 0 || y.first >= steps)
    wrong(task, fmt::format("the first target is that of step {} (EveryStep::first), of {} steps", y.first, steps));
  const Tokens asked = y.tokens.range(y.first, steps);
  const auto [least, most] = std::minmax_element(asked.data(), asked.data() + asked.size());
  if (*least < EveryStep::none)
    wrong(task,
          fmt::format("the token {} is a target: a step without one has EveryStep::none, {}", *least, EveryStep::none));
  if (*most < 0) wrong(task, "no step of its batches has a target");
}

void check_every_value(const std::string& task, int outputs, const EveryValue& y, int steps, int rows) {
  if (!(y.values.shape() == Shape{steps, rows, outputs}))
    wrong<ShapeError>(task, fmt::format("with {} outputs in its sizes(), the values of EveryValue must be {}, not {}",
                                        outputs, text(Shape{steps, rows, outputs}), text(y.values.shape())));
}

template <class X> const X& filled(const X& inputs) {
  if (!inputs || inputs.rank() < 2)
    throw ShapeError("a SimpleBatch must have inputs: values [T, B, width] or tokens [T, B]");
  return inputs;
}

std::string nonfinite_in(const char* what, const Array& x) {
  if (!x || all_finite(x)) return {};
  std::int64_t k = 0;
  while (std::isfinite(x.at_flat(k))) ++k;
  std::vector<std::int64_t> index;
  std::int64_t rest = k;
  for (int axis = x.rank() - 1; axis >= 0; rest /= x.dim(axis--)) index.insert(index.begin(), rest % x.dim(axis));
  return fmt::format("the {} {} are {} at [{}]", what, text(x.shape()), x.at_flat(k), fmt::join(index, ", "));
}

}  // namespace

std::string nonfinite_in(const SimpleBatch& b) {
  const auto* const x = std::get_if<Array>(&b.inputs);
  const auto* const y = std::get_if<LastStep>(&b.targets);
  const std::string inputs = x ? nonfinite_in("inputs", *x) : "";
  return inputs.empty() && y ? nonfinite_in("targets", y->values) : inputs;
}

bool EveryStep::some() const {
  const int* const begin = tokens.data();
  return std::find(begin + static_cast<std::int64_t>(first) * tokens.dim(1), begin + tokens.size(), none) !=
         begin + tokens.size();
}

int SimpleBatch::rows() const {
  return std::visit([](const auto& x) { return filled(x).dim(1); }, inputs);
}

int SimpleBatch::steps() const {
  return std::visit([](const auto& x) { return filled(x).dim(0); }, inputs);
}

void check_sizes(const std::string& task, const SimpleSizes& said) {
  const auto* const tokens = std::get_if<TokenInputs>(&said.inputs);
  const auto* const values = std::get_if<ValueInputs>(&said.inputs);
  if (tokens && tokens->vocabulary < 1)
    wrong(task, "its sizes() have no vocabulary: .inputs = TokenInputs{number of tokens}");
  if (values && values->width < 1) wrong(task, "its sizes() have no input width: .inputs = ValueInputs{width}");
  if (said.outputs < 1) wrong(task, fmt::format("its sizes() have {} outputs", said.outputs));
}

void check_batch(const std::string& task, const SimpleSizes& said, const SimpleBatch& b) {
  if (const auto* const tokens = std::get_if<TokenInputs>(&said.inputs)) check_tokens(task, *tokens, b);
  else check_values(task, std::get<ValueInputs>(said.inputs), b);
  if (const auto* const every = std::get_if<EveryStep>(&b.targets))
    check_every(task, said.outputs, *every, b.steps(), b.rows());
  else if (const auto* const values = std::get_if<EveryValue>(&b.targets))
    check_every_value(task, said.outputs, *values, b.steps(), b.rows());
  else if (const auto* const classes = std::get_if<LastClass>(&b.targets))
    check_classes(task, said.outputs, *classes, b.rows());
  else check_last(task, said.outputs, std::get<LastStep>(b.targets), b.rows());
}

}  // namespace ebb::app
