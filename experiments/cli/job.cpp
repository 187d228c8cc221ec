#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ebb/experiments/cli/config.hpp>
#include <ebb/experiments/cli/file_pattern.hpp>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/cli/job.hpp>
#include <ebb/experiments/cli/launch.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/cli/version.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/printable.hpp>
#include <ebb/ops/utf8.hpp>
#include <ebb/ranks/gather.hpp>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace ebb::app {

namespace {

// In the form that browsers and terminals accept.
std::string address_of(const std::string& path) {
  std::error_code error;
  const std::string whole = std::filesystem::absolute(path, error).lexically_normal().string();
  std::string address = "file://";
  for (const char c : error ? path : whole) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::strchr("/-_.~", c);
    address += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return address;
}

// Before the work, so that an output that would overwrite an input is not rejected only at the end.
void reject_inputs_in(const std::string& folder) {
  static const FilePattern ours{
      R"((report\.html|(summary|figures|run)\.json|config\.toml|[a-z]+(-[a-z0-9]+)*\.(csv|safetensors)|checkpoint(-[0-9]+)?|events.*)(\.part)?)"};
  std::error_code error;
  const std::filesystem::recursive_directory_iterator end;
  for (std::filesystem::recursive_directory_iterator at(folder, error); !error && at != end; at.increment(error))
    if (ours.matches(at->path().filename().string())) reject_input(at->path().string());
}

constexpr std::size_t most_reasons = 3;  // the page names all of them

/// In alphabetical order, since that of the calls depends on threads.
std::string first_of(std::vector<std::string> reasons) {
  std::sort(reasons.begin(), reasons.end());
  return fmt::format(
      "{}", fmt::join(reasons.begin(),
                      reasons.begin() + static_cast<std::ptrdiff_t>(std::min(reasons.size(), most_reasons)), "; "));
}

/// A build for another processor (EBB_KERNELS=native) may lack the kernels that are fastest here.
void warn_of_missing_kernels(const std::string& command) {
  const char* asked = std::getenv("EBB_ISA");
  if (has_kernels(best_isa()) || (asked && *asked)) return;
  std::fputs(fmt::format("ebb {}: warning: this build has no {} kernels, the fastest on this processor, and uses {}: "
                         "configure it here, or with -DEBB_KERNELS=all\n",
                         command, name_of(best_isa()), name_of(isa()))
                 .c_str(),
             stderr);
}

/// That of a run, {} if it has none.
nlohmann::json summary_in(const std::string& folder) {
  const std::string file = folder + "/summary.json";
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none)) return nlohmann::json::object();
  nlohmann::json recorded = nlohmann::json::parse(read_file(file), nullptr, false);
  return recorded.is_object() ? recorded : nlohmann::json::object();
}

/// "2026-01-31 14:22:33" of the stamp 20260131-142233.
std::string readable_time(const std::string& stamp) {
  std::string text = stamp.substr(0, 4) + "-" + stamp.substr(4, 2) + "-" + stamp.substr(6, 2);
  return text + " " + stamp.substr(9, 2) + ":" + stamp.substr(11, 2) + ":" + stamp.substr(13, 2);
}

RunFolder folder_of_job(const std::string& command, const std::string& started, const SharedOptions& shared) {
  const std::string path = shared.out.empty() ? fmt::format("runs/{}-{}", command, started) : shared.out;
  if (world() && world()->rank() > 0) return RunFolder::of_another(path);
  return shared.out.empty() ? RunFolder::of_its_own(path) : RunFolder(path, shared.force || shared.again);
}

}  // namespace

struct Job::Clock {
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  InterruptGuard guard;
};

Job::Job(const std::string& command, const SharedOptions& shared, const Options& options)
    : report("ebb " + command), command_(command), started_(time_stamp()), shared_(shared), options_(options),
      ranks_(world()), folder_(folder_of_job(command, started_, shared)), clock_(std::make_unique<Clock>()) {
  if (!ebb::detail::is_utf8(shared.out))
    throw ValueError(
        fmt::format("{} is not UTF-8, so it cannot be recorded with the run", shared.again ? "--resume" : "--out"));
  set_threads(shared.threads);
  for (int k = 0; k < shared.seeds; ++k) seeds_.push_back(shared.seed + static_cast<std::uint64_t>(k));
  if (shared.quick) report.badge("QUICK");
  if (shared.again) recall_palette(shared.out);
  if (shared.again) recall_numbers();
  record_job();
}

Job::~Job() {
  try {
    run_file_.end(folder_, RunStatus::failed);  // of a job that could not write its results
  } catch (const std::exception&) {             // nor this
  }
  folder_.discard();
}

void Job::run(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& e) {
    try {
      run_file_.end(folder_, RunStatus::failed, e.what());
    } catch (const FileError&) {  // the reason is still printed
    }
    throw;
  }
}

void Job::record_job() {
  summary.set({"ebb"}, EBB_VERSION);
  summary.set({"build"}, version_line());
  summary.set({"instruction_set"}, name_of(isa()));
  summary.set({"command"}, command_);
  summary.set({"started"}, started_);
  summary.set({"size"}, name_of(size()));
  summary.set({"quick"}, shared_.quick);
  if (ranks_) summary.set({"ranks"}, ranks_->size());
  summary.set({"interrupted"}, false);
  summary.set({"seconds"}, 0.0);
  std::string seeds;
  for (const std::uint64_t s : seeds_) seeds += (seeds.empty() ? "" : ",") + std::to_string(s);
  summary.set_json({"seeds"}, "[" + seeds + "]");
  summary.set_json({"options"}, "{}");  // reserves their position
}

void Job::record_options() {
  settings_.head = {"option", "value", "meaning"};
  for (const auto& e : options_.entries()) {
    if (!e->recorded) continue;
    std::string name = e->name.substr(0, e->name.find(','));
    if (!e->positional) name = name.substr(2);
    summary.set_json({"options", name}, e->record ? e->record() : e->json());
    settings_.rows.push_back({(e->positional ? "" : "--") + name, detail::option_text(e->json()), e->help});
  }
}

void Job::without_seeds() {
  seeds_.clear();
  summary.set_json({"seeds"}, "[]");
}

void Job::recall_palette(const std::string& run_folder) {
  const nlohmann::json recorded = summary_in(run_folder);
  if (recorded.contains("palette")) report.palette().recall(recorded["palette"].dump());
}

void Job::recall_numbers() {
  const nlohmann::json recorded = summary_in(shared_.out);
  for (const auto& [key, value] : recorded.items())
    if (value.is_number()) earlier_[key] = value.get<double>();
}

double Job::earlier(const std::string& key) const {
  const auto at = earlier_.find(key);
  return at == earlier_.end() ? 0 : at->second;
}

bool Job::writes() const { return !ranks_ || ranks_->rank() == 0; }

bool Job::interrupted() const { return ebb::app::interrupted(); }

void Job::create_folder() {
  const std::string config = config_text(command_, options_);  // first: if it throws, no folder remains
  if (writes()) {
    folder_.create();
    folder_.lock();
    reject_inputs_in(folder_.path());
    if (shared_.again) folder_.sweep();
    else
      std::remove(
          (folder_.path() + "/summary.json").c_str());  // of an earlier run, whose results would seem this one's
    write("config.toml", config + fmt::format("# Written by {}\n", version_line()));
    run_file_.begin(folder_, command_, shared_.threads, shared_.again);
  }
  if (ranks_) {
    const std::string path = gather_all(*ranks_, "the start of the job", folder_.path())[0];
    if (!writes()) folder_ = RunFolder::of_another(path);
  }
  record_options();  // now that the job has set the options that the user left open
}

Progress& Job::start(double work) {
  create_folder();
  warn_of_missing_kernels(command_);
  progress_ = std::make_unique<Progress>(work);
  if (ranks_) print(world_text() + "\n");
  // A rank that dies ends all, often without another word than the launcher's.
  if (ranks_ && shared_.resumes && ranks_->rank() == 0)
    print(fmt::format("to resume, should a rank die: ebb {} --resume {}\n", command_,
                      ebb::detail::printable(folder_.path())));
  return *progress_;
}

Progress& Job::progress() {
  if (!progress_) throw Error("job.progress() before job.start()");
  return *progress_;
}

void Job::parallel(int n, const std::function<void(int)>& body) {
  if (n == 1) return body(0);
  std::atomic<int> next{0};
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(n));
  // One worker per thread, each taking the next run, because runs take very different times.
  parallel_for(std::min(n, shared_.threads), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t worker = begin; worker < end; ++worker)
      for (int k; (k = next++) < n;) {
        try {
          body(k);
        } catch (...) { errors[static_cast<std::size_t>(k)] = std::current_exception(); }
      }
  });
  for (const auto& e : errors)
    if (e) std::rethrow_exception(e);
}

void Job::keep(const std::string& name, const std::function<void(const std::string&)>& writer) {
  if (!writes()) return;
  folder_.make_parents(name);
  reject_input(folder_.path() + "/" + name);
  writer(folder_.path() + "/" + name);
  folder_.note(name);
}

void Job::write(const std::string& name, const std::string& content) {
  if (writes()) folder_.write(name, content);
}

void Job::print(const std::string& text) {
  if (silent_) return;
  if (progress_) progress_->clear();
  try_put(text);
}

void Job::fail(const std::string& why) { failure_.others.push_back(why); }

void Job::fail_run(const std::string& why, std::size_t runs) {
  failure_.of_runs.push_back(why);
  failure_.runs = runs;
}

std::string Job::failed_runs_text() const {
  const std::size_t failed = failure_.of_runs.size(), runs = failure_.runs;
  const std::string why = first_of(failure_.of_runs);
  if (failed == 0 || runs == 1) return why;
  if (failed == runs) return why + "; no run was completed";
  const std::string count = failed == 1 ? "" : fmt::format("; {} of {} runs failed", failed, runs);
  if (interrupted()) return why + count;  // some of the others were not completed either
  return why + (failed == 1 ? "; the other runs were completed" : count + ", the others were completed");
}

std::string Job::failure_text() const {
  const std::string runs = failed_runs_text(), others = first_of(failure_.others);
  const std::string text = runs + (runs.empty() || others.empty() ? "" : "; ") + others;
  const std::size_t n = failure_.others.size();
  return n <= most_reasons ? text : text + fmt::format("; {} more failed", n - most_reasons);
}

double Job::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - clock_->start).count();
}

void Job::run_ended(const std::function<void()>& take, const std::function<void()>& fill) {
  const std::lock_guard lock(ended_);
  take();
  constexpr double share = 20;  // at most a twentieth of the time is spent on intermediate results
  if (interrupted() || seconds() - written_at_ < share * writing_took_) return;
  const double begin = seconds();
  try {
    write_so_far(fill);
  } catch (const FileError&) {  // a full disk may have space later; if not, finish() reports it
  }
  written_at_ = seconds();
  writing_took_ = written_at_ - begin;
}

void Job::write_so_far(const std::function<void()>& fill) {
  const Report kept_report = report;
  const std::string kept_summary = summary.json();
  const Failure kept_failure = failure_;
  const auto restore = [&] {
    report = kept_report;
    summary.set_json({}, kept_summary);
    failure_ = kept_failure;
    silent_ = false;
  };
  silent_ = true;
  try {
    report.badge("UNFINISHED");
    fill();
    summary.set({"interrupted"}, true);
    write_results();
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

int Job::finish() {
  if (progress_) progress_->clear();
  else create_folder();
  const bool stopped = interrupted();  // a signal from here on stops no work
  if (stopped) report.badge("INTERRUPTED");
  summary.set({"interrupted"}, stopped);
  write_results();
  std::string files;
  for (const std::string& f : folder_.written()) files += (files.empty() ? "" : ", ") + f;
  std::string end = "\n";
  if (stopped && shared_.resumes)
    end = fmt::format("to resume: ebb {} --resume {}\n\n", command_, ebb::detail::printable(folder_.path()));
  for (const std::string& line :
       wrapped(fmt::format("{} after {}; in {}: {}", stopped ? "interrupted" : "done", duration_text(seconds()),
                           ebb::detail::printable(folder_.path()), files),
               78))
    end += line + "\n";
  print(end + address_of(folder_.path() + "/report.html") + "\n");
  const std::string failure = ebb::detail::printable(failure_text());
  const bool paused = nlohmann::json::parse(summary.json()).value("paused", false);  // by the command's own results
  run_file_.end(folder_,
                stopped            ? RunStatus::stopped
                : !failure.empty() ? RunStatus::failed
                : paused           ? RunStatus::paused
                                   : RunStatus::finished,
                failure);
  if (!failure.empty()) std::fputs(fmt::format("ebb {}: {}\n", command_, failure).c_str(), stderr);
  return interrupted() ? 130 : failure.empty() ? 0 : 1;
}

void Job::write_results() {
  if (!writes()) return;
  const double all_seconds = earlier("seconds") + seconds();
  summary.set({"seconds"}, all_seconds);
  report.section("About this run",
                 fmt::format("ebb {} {}, started {}, {} on {}{}.", EBB_VERSION, command_, readable_time(started_),
                             duration_text(all_seconds), ranks_ ? world_text() : count_text(threads(), "thread"),
                             seeds_.empty()       ? ""
                             : seeds_.size() == 1 ? fmt::format(", seed {}", seeds_.front())
                                                  : fmt::format(", seeds {} to {}", seeds_.front(), seeds_.back())));
  report.details("All options and their values", settings_);
  write("report.html", report.html());
  write("figures.json", report.figures_json());
  if (!report.figures().empty()) folder_.make_parents("figures/");
  for (const Figure& f : report.figures()) write_whole(folder_.path() + "/figures/" + f.id + ".csv", f.csv);
  if (!report.figures().empty()) folder_.note("figures/");
  summary.set_json({"palette"}, report.palette().recorded());
  write("summary.json", summary.json());
}

}  // namespace ebb::app
