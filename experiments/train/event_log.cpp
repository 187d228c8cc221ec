#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/png.hpp>
#include <ebb/experiments/train/event_log.hpp>
#include <ebb/ops/lower_case.hpp>
#include <ebb/ops/number.hpp>
#include <filesystem>
#include <map>

namespace ebb::app {
namespace {

std::string tag_of(const std::string& split, const std::string& measure) {
  std::string tag = split + "/" + measure;
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

std::string head_of(double started, const RunNotes& notes) {
  std::string bytes = event_file_head(started);
  LogEvent first(started, 0);
  if (!notes.hparams.empty()) first.hparams(notes.hparams);
  for (const auto& [tag, text] : notes.texts) first.text(tag, text);
  return first.empty() ? bytes : bytes + first.record();
}

// What an earlier process has written that does not follow from the curve: histograms, by update.
std::map<std::int64_t, std::string> histograms_in(const std::string& path, std::size_t updates) {
  std::map<std::int64_t, std::string> kept;
  std::error_code none;
  if (updates == 0 || !std::filesystem::is_regular_file(path, none)) return kept;
  const std::string file = read_file(path);
  for (const StoredEvent& e : stored_events(file))
    if (e.histograms) kept[e.step] = e.record;
  return kept;
}

std::string so_far(const std::string& path, double started, const std::vector<CurvePoint>& before,
                   const std::string& valid, const RunNotes& notes) {
  std::string bytes = head_of(started, notes);
  auto histograms = histograms_in(path, before.size());
  for (const CurvePoint& p : before) bytes += event_of(started, valid, p) + histograms[p.step];
  return bytes;
}

bool is_matrix(const Array& a) {
  constexpr std::int64_t most = 1 << 18;  // values: a larger one is no picture to look at
  return a.shape().rank() == 2 && a.dim(0) > 1 && a.dim(1) > 1 && a.size() <= most;
}

}  // namespace

EventLog::EventLog(const std::string& path, double started, const std::vector<CurvePoint>& before,
                   const std::string& measure, const RunNotes& notes)
    : started_(started), valid_(tag_of("valid", measure)), file_(path, so_far(path, started, before, valid_, notes)) {}

void EventLog::look(const LeafSet& weights, const Grads& grads) {
  pending_.clear();
  for (int k = 0; k < weights.count(); ++k) {
    const Leaf leaf = weights[k];
    if (!leaf.trained()) continue;
    pending_.emplace_back(fmt::format("weights/{}", leaf.name()), histogram_of(leaf.value()));
    pending_.emplace_back(fmt::format("gradients/{}", leaf.name()), histogram_of(grads[leaf]));
  }
}

void EventLog::add(const CurvePoint& p) {
  LogEvent histograms(started_ + p.seconds, p.step);
  for (const auto& [tag, h] : pending_) histograms.histogram(tag, h);
  pending_.clear();
  file_.append(event_of(started_, valid_, p) + (histograms.empty() ? "" : histograms.record()));
}

void EventLog::end(const End& e) {
  const TrainRecord& r = e.training;
  LogEvent last(started_ + r.seconds, static_cast<std::int64_t>(r.curve.size()));
  if (std::isfinite(e.loss)) last.scalar("test/loss", e.loss);
  for (const Measure& m : e.measures) last.scalar(tag_of("test", m.name), m.value);
  for (int k = 0; k < e.weights.count(); ++k)
    if (const Leaf leaf = e.weights[k]; leaf.trained() && is_matrix(leaf.value()))
      last.picture(fmt::format("weights/{}", leaf.name()), matrix_picture(leaf.value()));
  for (const auto& [tag, text] : e.texts) last.text(tag, text);
  last.hparams_end(r.diverged.empty() ? LogEvent::Status::success : LogEvent::Status::failure);
  file_.append(last.record());
}

std::string EventLog::events(double started, const std::vector<CurvePoint>& curve, const std::string& measure) {
  return so_far("", started, curve, tag_of("valid", measure), {});
}

void watch_gradients(TrainKeeper& keeper, const TaskSettings& s, std::function<void(const Grads&)> look) {
  keeper.look_every = std::max(1, s.steps / 20);
  keeper.look = std::move(look);
}

std::vector<HParam> hparams_of(const TaskSettings& s) {
  return {{"hidden", double(s.hidden)},
          {"length", double(s.length)},
          {"batch", double(s.batch)},
          {"steps", double(s.steps)},
          {"lr", s.lr},
          {"clip", s.clip},
          {"layers", double(s.layers)},
          {"dropout", s.dropout},
          {"zoneout", s.zoneout},
          {"optimizer", s.optimizer},
          {"schedule", s.schedule},
          {"remedy", s.remedy.empty() ? "none" : s.remedy},
          {"patience", double(s.patience)}};
}

std::vector<HParam> hparams_of(const Options& options) {
  std::vector<HParam> all;
  for (const auto& e : options.entries()) {
    const std::vector<std::string> words = detail::option_words(e->json());
    const std::string name =
        e->positional ? ebb::detail::lower_case(e->name) : e->name.substr(2, e->name.find(',') - 2);
    if (!e->kept || words.empty() || name == "threads") continue;
    const std::string text = fmt::format("{}", fmt::join(words, ","));
    double number = 0;
    if (e->flag) all.push_back({name, text == "true"});
    else if (e->number && ebb::detail::parse_number(text, number) == ebb::detail::Parsed::finite)
      all.push_back({name, number});
    else all.push_back({name, text});
  }
  return all;
}

}  // namespace ebb::app
