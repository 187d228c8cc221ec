#include <ebb/online/online_learner.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

OnlineLearner::OnlineLearner(const Cell& cell, const LeafSet& set, int rows, int inputs, const OnlineOptions& o)
    : cell_(cell), set_(set), map_(cell, set, Array::zeros({rows, inputs}, o.dtype), o.dtype),
      influence_(make_influence(o.method, map_, rows, o.seed)), rows_(rows) {
  restart();
}

void OnlineLearner::restart() {
  state_ = initial_state(cell_, rows_).to(map_.dtype());
  influence_->reset();
  time_ = 0;
}

void OnlineLearner::advance(const Array& x) {
  if (!(x.shape() == Shape{rows_, map_.inputs()}))
    throw ShapeError("online: the input of a step must be [" + std::to_string(rows_) + ", " +
                     std::to_string(map_.inputs()) + "], but is " + text(x.shape()));
  x_ = x.to(map_.dtype());
  state_ = influence_->advance({.x = x_, .state = state_, .theta = map_.theta(), .at = StepContext().at_time(time_)});
  ++time_;
}

Var OnlineLearner::output(const Var& state) const {
  return checked_output(cell_, constant(x_), as_state(cell_, state));
}

Grads OnlineLearner::gradient(const Array& u) const {
  if (!(u.shape() == state_.shape()))
    throw ShapeError("online: dL/ds must have the shape of the state, " + text(state_.shape()) + ", but is " +
                     text(u.shape()));
  const Array g = influence_->gradient(u);
  const detail::ParameterVector& p = map_.parameters();
  Tape tape{{.dtype = map_.dtype()}};
  Var loss;  // whose gradient is g, through the parameters' transforms
  for (int k = 0; k < p.count(); ++k) {
    const Var part = sum(var_of(p.leaf(k)) * constant(p.part(g, k).reshape(p.leaf(k).shape())));
    loss = k == 0 ? part : loss + part;
  }
  return tape.backward(loss);
}

}  // namespace ebb
