#include <fmt/format.h>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/train/run_log.hpp>

namespace ebb::app {
namespace {

std::string line_of(const CurvePoint& p) {
  return fmt::format("{},{:.4f},{},{},{},{},{}\n", p.step, p.seconds, csv_text(p.loss), csv_text(p.gradient_norm),
                     p.clipped ? 1 : 0, csv_text(p.lr), !p.validated() ? "" : csv_text(p.valid));
}

}  // namespace

std::string RunLog::csv(const std::vector<CurvePoint>& curve) {
  std::string text = "step,seconds,loss,gradient_norm,clipped,lr,valid\n";
  for (const CurvePoint& p : curve) text += line_of(p);
  return text;
}

RunLog::RunLog(const std::string& csv_path, const std::string& events_path, double started,
               const std::vector<CurvePoint>& before, const std::string& measure, const RunNotes& notes)
    : csv_(csv_path, csv(before)), events_(events_path, started, before, measure, notes) {}

void RunLog::add(const CurvePoint& p) {
  csv_.append(line_of(p));
  events_.add(p);
}

}  // namespace ebb::app
