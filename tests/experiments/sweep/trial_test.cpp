#include <ebb/experiments/sweep/trial.hpp>

#include "catch.hpp"
#include "temp_folder.hpp"

namespace trial_test {

using namespace ebb::app::sweep;
using State = TrialRecord::State;

namespace {

constexpr const char* curve =
    "step,seconds,loss,gradient_norm,clipped,lr,valid\n"
    "1,0.1,3.5,1,0,0.01,\n2,0.2,3.25,1,0,0.01,3.4\n3,0.3,3.1,1,0,0.01,\n4,0.4,3.0,1,0,0.01,3.1\n6,0.5,3.0,1,0,0.01,3."
    "2\n";

std::string summary(const std::string& run, int patience = 0) {
  return R"({"options": {"patience": )" + std::to_string(patience) + R"(}, "runs": {"5": {)" + run + "}}}";
}

}  // namespace

TEST_CASE("a trial's folder tells how far it is") {
  const TempFolder f;
  CHECK(read_trial(f.path(), 5).state == State::none);
  f.file("config.toml", "task = \"adding\"\n");
  CHECK(read_trial(f.path(), 5).state == State::begun);
  f.file("curve.csv", curve);
  f.file("summary.json", summary(R"("updates": 4, "interrupted": true, "loss": 3.5, "diverged": "")"));
  const TrialRecord paused = read_trial(f.path(), 5);
  CHECK(paused.state == State::begun);
  CHECK(paused.reached(4));
  CHECK(!paused.reached(5));
  CHECK(std::isnan(paused.test));
  f.file(
      "summary.json",
      summary(R"("updates": 6, "interrupted": false, "loss": 2.5, "unit": "bits", "diverged": "", "kept_update": 4)"));
  const TrialRecord ended = read_trial(f.path(), 5);
  CHECK(ended.state == State::ended);
  CHECK(ended.reached(1000));
  CHECK(ended.test == 2.5);
  CHECK(ended.test_unit == "bits");
  CHECK(read_trial(f.path(), 6).state == State::begun);  // of another seed
  f.file("summary.json", summary(R"("updates": 3, "interrupted": false, "loss": null, "diverged": "step 3")"));
  CHECK(read_trial(f.path(), 5).state == State::diverged);
  for (const char* damaged : {"", "{", "[]", R"({"runs": 3})", R"({"runs": {"5": []}})"}) {
    f.file("summary.json", damaged);
    CHECK(read_trial(f.path(), 5).state == State::begun);
  }
}

TEST_CASE("the validation at an update is that of the weights that would be kept there") {
  const TempFolder f;
  const Validation loss, accuracy{.measure = "accuracy", .unit = "%", .rises = true};
  f.file("config.toml", "");
  f.file("curve.csv", curve);
  for (const int patience : {0, 3}) {
    f.file("summary.json", summary(R"("updates": 6, "interrupted": false, "diverged": "")", patience));
    const TrialRecord r = read_trial(f.path(), 5);
    CHECK(std::isnan(r.valid_at(1, loss)));
    CHECK(r.valid_at(2, loss) == 3.4);
    CHECK(r.valid_at(5, loss) == 3.1);
    CHECK(r.valid_at(1000, loss) == (patience ? 3.1 : 3.2));
    CHECK(r.valid_at(1000, accuracy) == (patience ? 3.4 : 3.2));
  }
}

TEST_CASE("how far a trial is can be read while its curve is written") {
  const TempFolder f;
  CHECK(progress_of(f.path()).update == 0);
  f.file("curve.csv", std::string(curve) + "7,0.6,2.");
  const Progressing p = progress_of(f.path());
  CHECK(p.update == 6);
  CHECK(p.loss == 3);
  CHECK(p.valid == 3.2);
}

TEST_CASE("better is lower for a loss and higher for an accuracy; a number is better than none") {
  const Validation loss, accuracy{.measure = "accuracy", .unit = "%", .rises = true};
  CHECK(loss.better(1, 2));
  CHECK(!loss.better(2, 1));
  CHECK(!loss.better(1, 1));
  CHECK(accuracy.better(2, 1));
  CHECK(loss.better(1, NAN));
  CHECK(!loss.better(NAN, 1));
  CHECK(!loss.better(NAN, NAN));
  CHECK(loss.text() == "loss");
  CHECK(accuracy.text() == "accuracy, %");
}

}  // namespace trial_test
