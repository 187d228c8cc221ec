#include <ebb/experiments/train/remedy.hpp>
#include <ebb/nn/sequence/omega.hpp>

namespace ebb::app {
namespace {

/// The regulariser Omega of Pascanu, Mikolov & Bengio 2013, in the form of the authors' code or of the paper
/// (nn/sequence/omega.hpp).
///
/// Options   weight=4; form=code|paper; gradient=form|full|immediate, that of eq. 10; bound=1e-20
class OmegaRemedy final : public Remedy, public PenaltyOnRun {
 public:
  static constexpr const char* first = "weight";
  explicit OmegaRemedy(GivenOptions& given)
      : weight_(given.number("weight", 4, "factor of the penalty")),
        omega_(given.choice("form", "code|paper",
                            "code: squared norms, averaged over steps and rows; paper: norms, summed over steps") == 0
                   ? OmegaOptions::code()
                   : OmegaOptions::paper()) {
    const int gradient = given.choice("gradient", "form|full|immediate",
                                      "immediate: of the Jacobians' explicit use of weights alone (eq. 10); form: "
                                      "immediate for code, full for paper");
    if (gradient > 0) omega_.immediate = gradient == 2;
    omega_.bound = given.number("bound", omega_.bound, "steps whose squared norm of dE/ds is below it are left out");
    if (!(weight_ >= 0)) throw ValueError("omega: the weight must be at least 0");
    if (!(omega_.bound >= 0)) throw ValueError("omega: the bound must be at least 0");
  }
  PartialLoss penalty(Shard& s, const UnrolledRun& run) const override {
    return s.sum(omega(run, omega_) * (omega_.averaged ? weight_ : weight_ / s.batch()));
  }
  int order() const override { return 2; }
  bool whole_batch() const override { return omega_.averaged; }

 private:
  double weight_;
  OmegaOptions omega_;
};
EBB_REMEDY(omega, OmegaRemedy, "keeps the norm of the gradient from step to step, Pascanu 2013");

}  // namespace
}  // namespace ebb::app
