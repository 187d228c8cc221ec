#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/log_event.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/observe/drive.hpp>
#include <ebb/experiments/studies/observe/observation.hpp>
#include <ebb/experiments/studies/trial_log.hpp>
#include <iterator>

namespace ebb::app::observe {

bool Observation::fits() const {
  return std::any_of(unfit.begin(), unfit.end(), [](const std::string& why) { return why.empty(); });
}

std::vector<Observed> Observation::observed(const std::vector<Subject>& subjects) const {
  std::vector<Observed> all;
  for (std::size_t k = 0; k < subjects.size(); ++k)
    if (values[k]) all.push_back({subjects[k], *values[k]});
  return all;
}

std::string Observation::unfit_text(const std::vector<Subject>& subjects) const {
  std::string text;
  for (std::size_t k = 0; k < subjects.size(); ++k) {
    const auto first = std::find(unfit.begin(), unfit.end(), unfit[k]);
    if (unfit[k].empty() || first != unfit.begin() + static_cast<std::ptrdiff_t>(k)) continue;
    std::vector<std::string> names;  // of all that this reason is for
    for (std::size_t j = k; j < subjects.size(); ++j)
      if (unfit[j] == unfit[k]) names.push_back(subjects[j].name);
    text +=
        fmt::format("{}{} cannot measure {}: {}", text.empty() ? "" : "; ", entry->name, enumerated(names), unfit[k]);
  }
  return text;
}

namespace {

void add_to_summary(Job& job, const std::vector<Subject>& subjects, const Observation& m) {
  for (std::size_t k = 0; k < subjects.size(); ++k) {
    const auto of = job.summary.under({"subjects", subjects[k].name, m.entry->name});
    if (!m.unfit[k].empty()) of.set({"not measured"}, m.unfit[k]);
    if (!m.values[k]) continue;
    for (const auto& [name, list] : m.values[k]->all())
      if (list.size() == 1) of.set({name}, list[0]);
  }
}

/// The single numbers of a subject's measures for TensorBoard: "lyapunov/sum".
void keep_events(Job& job, const Subject& s, std::size_t at, const std::vector<Observation>& all) {
  const double now = study::seconds_since_1970();
  LogEvent event(now, 0);
  event.hparams({{"cell", s.cell_name}, {"task", s.task().name()}, {"hidden", double(s.hidden)}});
  for (const Observation& m : all)
    if (m.values[at])
      for (const auto& [name, list] : m.values[at]->all())
        if (list.size() == 1 && std::isfinite(list[0]))
          event.scalar(fmt::format("{}/{}", m.entry->name, name), list[0]);
  study::keep_below_tensorboard(job, study::folder_name(s.name), [&](const std::string& path) {
    write_whole(path, event_file_head(now) + event.record());
  });
}

/// Every number of a measure.
std::string csv(const std::vector<Observed>& all) {
  std::string text = "subject,value,index,number\n";
  for (const Observed& o : all)
    for (const auto& [name, list] : o.values.all())
      for (std::size_t k = 0; k < list.size(); ++k)
        text += fmt::format("{},{},{},{}\n", csv_quoted(o.subject.name), csv_quoted(name), k, csv_text(list[k]));
  return text;
}

/// Sentences about the cause, where the decay of the gradient along the data was measured.
void add_why(Job& job, const std::vector<Subject>& subjects, const std::vector<Observation>& all, const Amount& a) {
  std::vector<std::string> texts;
  for (std::size_t k = 0; k < subjects.size(); ++k) {
    study::Evidence e{.name = subjects[k].name, .cell = subjects[k].cell_name, .length = subjects[k].length};
    for (const Observation& m : all)
      if (m.values[k]) m.measure->testify(*m.values[k], e);
    if (a.free || std::isnan(e.decay.value)) continue;
    texts.push_back(study::why_text(e));
    job.summary.set({"subjects", subjects[k].name, "why"}, texts.back());
  }
  if (texts.empty()) return;
  job.report.section("Why");
  for (const std::string& text : texts) job.report.text(text);
  job.report.note(study::why_rules());
  for (const std::string& text : texts)
    for (const std::string& line : wrapped(text, 78)) job.print(line + "\n");
}

}  // namespace

void add_to_page(Job& job, const std::vector<Subject>& subjects, const std::vector<Observation>& all, const Amount& a) {
  for (const Subject& s : subjects) {
    const auto of = job.summary.under({"subjects", s.name});
    of.set({"cell"}, s.cell_name);
    of.set({"task"}, s.task().name());
    of.set({"state_size"}, s.state_size());
    if (s.weights.empty()) of.set({"seed"}, static_cast<double>(s.seed));
    else of.set({"weights"}, s.weights);
    if (!s.remedy.empty()) of.set({"remedy"}, s.remedy);
  }
  add_why(job, subjects, all, a);
  for (std::size_t k = 0; k < subjects.size(); ++k) keep_events(job, subjects[k], k, all);
  for (const Observation& m : all) {
    add_to_summary(job, subjects, m);
    const std::vector<Observed> observed = m.observed(subjects);
    if (!observed.empty()) {
      m.measure->present(job, observed, a);
      job.write(fmt::format("{}.csv", m.entry->name), csv(observed));
      for (const Observed& o : observed)
        if (const std::string text = m.measure->sentence(o); !text.empty())
          for (const std::string& line : wrapped(text, 78)) job.print(line + "\n");
    }
    if (const std::string why = m.unfit_text(subjects); !why.empty()) {
      job.report.note(why);
      for (const std::string& line : wrapped(why, 78)) job.print(line + "\n");
    }
  }
}

}  // namespace ebb::app::observe
