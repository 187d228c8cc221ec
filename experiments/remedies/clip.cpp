#include <ebb/experiments/train/remedy.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/optim/clip.hpp>

namespace ebb::app {
namespace {

/// Scales the gradient to a largest global norm, in place of --clip (optim/clip.hpp).
///
/// Options   norm=1
/// Source    Pascanu, Mikolov & Bengio 2013, arXiv:1211.5063, algorithm 1
class ClipRemedy final : public Remedy, public GradientRule {
 public:
  static constexpr const char* first = "norm";
  explicit ClipRemedy(GivenOptions& given) : norm_(given.number("norm", 1, "largest global norm of the gradient")) {
    if (!(norm_ > 0)) throw ValueError("clip: the norm must be above 0");
  }
  Clipped apply(Grads& g) const override {
    const double norm = clip_by_norm(g, norm_);
    return {norm, norm > norm_};
  }

 private:
  double norm_;
};
EBB_REMEDY(clip, ClipRemedy, "limits the global norm of the gradient, Pascanu 2013; replaces --clip");

}  // namespace
}  // namespace ebb::app
