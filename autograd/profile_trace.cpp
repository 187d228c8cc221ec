#include <fmt/format.h>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/profile_lane.hpp>
#include <ebb/ops/error.hpp>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

/// Chrome's trace event format: duration events B and E, which nest by the order in the file, metadata M, counters C.
/// Times are in microseconds.
namespace ebb {

namespace {

using detail::ProfileEvent;
using detail::ProfileLane;

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const char* name_of(ProfileEvent::Pass pass) { return pass == ProfileEvent::Pass::forward ? "forward" : "backward"; }

/// Without arguments, which speedscope would append to the name, so that equal ops have equal names.
std::string name_of(const ProfileEvent& e) {
  std::string name = e.site.op;
  if (e.pass == ProfileEvent::Pass::deferred) name += ", deferred gradient";
  if (e.site.file) name += " (" + detail::line_of(e.site.file, e.site.line) + ")";
  return name;
}

/// Writes one track: the ops in the order of their beginnings, in the spans of passes and time steps.
class Track {
 public:
  Track(std::string& to, int number, std::int64_t origin) : to_(to), number_(number), origin_(origin) {}

  void write(const std::string& name, const std::vector<ProfileEvent>& events) {
    metadata("thread_name", fmt::format("{{\"name\":{}}}", json_text(name)));
    metadata("thread_sort_index", fmt::format("{{\"sort_index\":{}}}", number_));
    std::vector<std::size_t> order(events.size());
    for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {  // a parent is stored after its children
      return std::tie(events[a].begin, events[b].end) < std::tie(events[b].begin, events[a].end);
    });
    for (const std::size_t k : order) op(events[k], fmt::format("bytes in use, {}", name));
    close_all();
  }

 private:
  struct Open {
    std::string name;
    std::int64_t end;  // of an op; of a span, that of its last op so far
    bool span;
    int step = -1;
  };

  void op(const ProfileEvent& e, const std::string& counter) {
    while (!open_.empty() && !open_.back().span && open_.back().end <= e.begin) close();
    const bool inside = !open_.empty() && !open_.back().span;
    if (!inside) {
      const char* pass = name_of(e.pass);
      if (open_.empty() || open_.front().name != pass) {
        close_all();
        begin({pass, e.begin, true}, e.begin);
      }
      if (open_.size() > 1 && open_.back().step != e.site.step) close();
      if (open_.size() == 1 && e.site.step >= 0)
        begin({fmt::format("time step {}", e.site.step), e.begin, true, e.site.step}, e.begin);
    }
    begin({name_of(e), e.end, false}, e.begin);
    for (Open& o : open_)
      if (o.span) o.end = std::max(o.end, e.end);
    if (inside || e.in_use == in_use_) return;
    in_use_ = e.in_use;
    event(fmt::format("\"ph\":\"C\",\"name\":{},\"ts\":{},\"args\":{{\"bytes\":{}}}", json_text(counter), time(e.begin),
                      e.in_use));
  }
  void begin(Open o, std::int64_t at) {
    event(fmt::format("\"ph\":\"B\",\"name\":{},\"cat\":\"{}\",\"ts\":{}", json_text(o.name), o.span ? "span" : "op",
                      time(at)));
    open_.push_back(std::move(o));
  }
  void close() {
    const Open& o = open_.back();
    event(fmt::format("\"ph\":\"E\",\"name\":{},\"ts\":{}", json_text(o.name), time(o.end)));
    open_.pop_back();
  }
  void close_all() {
    while (!open_.empty()) close();
  }
  void metadata(const char* what, const std::string& arguments) {
    event(fmt::format("\"ph\":\"M\",\"name\":\"{}\",\"args\":{}", what, arguments));
  }
  void event(const std::string& members) {
    to_ += fmt::format("{}{{\"pid\":1,\"tid\":{},{}}}", to_.back() == '[' ? "\n" : ",\n", number_, members);
  }
  std::string time(std::int64_t ns) const {
    return fmt::format("{}.{:03}", (ns - origin_) / 1000, (ns - origin_) % 1000);
  }

  std::string& to_;
  const int number_;
  const std::int64_t origin_;
  std::vector<Open> open_;
  std::optional<std::size_t> in_use_;
};

}  // namespace

std::string Profile::trace() const {
  std::int64_t origin = std::numeric_limits<std::int64_t>::max(), left = left_out();
  lane_->each([&](const ProfileLane& l) {
    for (const ProfileEvent& e : l.events()) origin = std::min(origin, e.begin);
  });
  std::string text = "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"program\":\"ebb\"";
  if (left > 0) text += fmt::format(",\"ops left out\":\"{}\"", left);
  text += "},\"traceEvents\":[";
  int number = 0;
  lane_->each([&](const ProfileLane& l) {
    ++number;
    if (!l.events().empty()) Track(text, number, origin).write(l.name(), l.events());
  });
  return text + "\n]}\n";
}

void Profile::write_trace(const std::string& path) const {
  std::ofstream file(path, std::ios::binary);
  if (!file) throw FileError("profile: cannot write '" + path + "'");
  file << trace();
  file.close();
  if (!file) throw FileError("profile: writing '" + path + "' failed");
}

}  // namespace ebb
