#include <ebb/autograd/transform.hpp>

#include <ebb/autograd/leaf_data.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/text.hpp>

namespace ebb {

namespace {

/// A transform composed with the previous ones.
class Chained final : public detail::LeafTransforms {
 public:
  Chained(std::shared_ptr<const LeafTransforms> before, const Transform& f) : before_(std::move(before)), f_(f) {}

  Var apply(const Leaf& leaf, const Var& raw, const StepContext* context) const override {
    const Var w = before_ ? before_->apply(leaf, raw, context) : raw;
    const Var made = f_(w, (context ? *context : StepContext()).named("transform").named(leaf.name()));
    if (!(made.shape() == leaf.shape()))
      throw ShapeError(std::string("parameter ") + leaf.name() + ": it is " + text(leaf.shape()) +
                       ", but its transform returned " + text(made.shape()));
    return made;
  }

 private:
  std::shared_ptr<const LeafTransforms> before_;
  Transform f_;
};

}  // namespace

void Leaf::transform(const Transform& f) const {
  if (!transformed()) data_->set->transformed.push_back(get());
  data_->transforms = std::make_shared<Chained>(data_->transforms, f);
  ++data_->set->version;  // tapes that have used it are out of date
}

}  // namespace ebb
