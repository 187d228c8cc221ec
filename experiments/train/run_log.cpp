#include <fmt/format.h>
#include <algorithm>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/run_log.hpp>

namespace ebb::app {
namespace {

std::string line_of(const CurvePoint& p) {
  return fmt::format("{},{:.4f},{},{},{},{},{}\n", p.step, p.seconds, csv_text(p.loss), csv_text(p.gradient_norm),
                     p.clipped ? 1 : 0, csv_text(p.lr), !p.validated() ? "" : csv_text(p.valid));
}

std::string tag_of(const std::string& measure) {
  std::string tag = "valid/" + measure;
  std::replace(tag.begin(), tag.end(), ' ', '_');
  return tag;
}

std::string event_of(double started, const std::string& valid, const CurvePoint& p) {
  std::vector<Scalar> scalars{{"train/loss", p.loss},
                              {"train/gradient_norm", p.gradient_norm},
                              {"train/clipped", p.clipped ? 1.0 : 0.0},
                              {"train/lr", p.lr}};
  if (p.validated()) scalars.push_back({valid.c_str(), p.valid});
  return scalars_event(started + p.seconds, p.step, scalars);
}

}  // namespace

std::string RunLog::csv(const std::vector<CurvePoint>& curve) {
  std::string text = "step,seconds,loss,gradient_norm,clipped,lr,valid\n";
  for (const CurvePoint& p : curve) text += line_of(p);
  return text;
}

std::string RunLog::events(double started, const std::vector<CurvePoint>& curve, const std::string& measure) {
  std::string bytes = event_file_head(started);
  for (const CurvePoint& p : curve) bytes += event_of(started, tag_of(measure), p);
  return bytes;
}

RunLog::RunLog(const std::string& csv_path, const std::string& events_path, double started,
               const std::vector<CurvePoint>& before, const std::string& measure)
    : started_(started), valid_(tag_of(measure)), csv_(csv_path, csv(before)),
      events_(events_path, events(started, before, measure)) {}

void RunLog::add(const CurvePoint& p) {
  csv_.append(line_of(p));
  events_.append(event_of(started_, valid_, p));
}

}  // namespace ebb::app
