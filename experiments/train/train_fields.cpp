#include <ebb/experiments/train/train_fields.hpp>

namespace ebb::app {
namespace {

struct CurveColumns {
  std::vector<int> step{}, clipped{};
  std::vector<double> loss{}, gradient_norm{}, seconds{}, lr{}, valid{};
  void visit(Fields& f) {
    f("step", step)("loss", loss)("gradient_norm", gradient_norm)("clipped", clipped);
    f("seconds", seconds)("lr", lr)("valid", valid);
  }
};

CurveColumns columns_of(const std::vector<CurvePoint>& curve) {
  CurveColumns c;
  for (const CurvePoint& p : curve) {
    c.step.push_back(p.step);
    c.clipped.push_back(p.clipped);
    c.loss.push_back(p.loss);
    c.gradient_norm.push_back(p.gradient_norm);
    c.seconds.push_back(p.seconds);
    c.lr.push_back(p.lr);
    c.valid.push_back(p.valid);
  }
  return c;
}

std::vector<CurvePoint> points_in(const CurveColumns& c) {
  std::vector<CurvePoint> curve;
  for (std::size_t k = 0; k < c.step.size(); ++k)
    curve.push_back({.step = c.step[k],
                     .loss = c.loss.at(k),
                     .gradient_norm = c.gradient_norm.at(k),
                     .clipped = c.clipped.at(k) != 0,
                     .seconds = c.seconds.at(k),
                     .lr = c.lr.at(k),
                     .valid = c.valid.at(k)});
  return curve;
}

struct RemedyColumns {
  std::vector<int> step{}, remedy{};
  std::vector<double> value{};
  void visit(Fields& f) { f("step", step)("remedy", remedy)("value", value); }
};

}  // namespace

void visit(Fields& f, TrainRecord& r) {
  CurveColumns curve = f.reading() ? CurveColumns{} : columns_of(r.curve);
  RemedyColumns remedies;
  for (const RemedyPoint& p : r.remedies) {
    remedies.step.push_back(p.step);
    remedies.remedy.push_back(p.remedy);
    remedies.value.push_back(p.value);
  }
  f("curve", curve)("clip_events", r.clip_events)("skipped", r.skipped)("seconds", r.seconds)("speed", r.speed);
  f("kept_bytes", r.kept_bytes)("interrupted", r.interrupted)("enough", r.enough)("waited", r.waited)("kept", r.kept);
  f("remedies", remedies)("diverged", r.diverged);
  if (!f.reading()) return;
  r.curve = points_in(curve);
  r.remedies.clear();
  for (std::size_t k = 0; k < remedies.step.size(); ++k)
    r.remedies.push_back({remedies.step[k], remedies.remedy.at(k), remedies.value.at(k)});
}

void visit(Fields& f, Measure& m) {
  f("name", m.name)("value", m.value)("unit", m.unit)("baseline", m.baseline);
  f("baseline_about", m.baseline_about)("rises", m.rises);
}

}  // namespace ebb::app
