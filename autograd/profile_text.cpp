#include <fmt/format.h>
#include <algorithm>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/profile.hpp>

/// A ProfileTable as text and as CSV.
namespace ebb {

namespace {

/// "12.34", at most six characters.
std::string milliseconds(double seconds) {
  const double ms = 1e3 * seconds;
  return fmt::format("{:.{}f}", ms, ms < 10 ? 3 : ms < 100 ? 2 : ms < 10'000 ? 1 : 0);
}

/// "1.5 MB", as large numbers are read; negative if more was freed than allocated.
std::string amount(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t k = 0;
  for (; std::abs(bytes) >= 999.5 && k + 1 < std::size(units); ++k) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, k > 0 && std::abs(bytes) < 9.95 ? 1 : 0, units[k]);
}

/// "12", "12.5": calls are no whole number if divided by updates of different lengths.
std::string number(double n) {
  return n == static_cast<double>(static_cast<std::int64_t>(n)) ? fmt::format("{}", static_cast<std::int64_t>(n))
                                                                : fmt::format("{:.1f}", n);
}

std::string shortened(const std::string& text, int width) {
  const auto most = static_cast<std::size_t>(width);
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

struct Columns {
  int name;
  double total, per;

  std::string row(const std::string& what, const ProfileRow& r) const {
    return line(what, number(static_cast<double>(r.calls) / per), milliseconds(r.forward / per),
                milliseconds(r.backward / per), share(r.seconds()), amount(static_cast<double>(r.forward_bytes) / per),
                amount(static_cast<double>(r.kept_bytes) / per), amount(static_cast<double>(r.backward_bytes) / per));
  }
  std::string share(double seconds) const { return total > 0 ? fmt::format("{:.1f}", 100 * seconds / total) : ""; }
  std::string line(const std::string& what, const std::string& calls, const std::string& forward,
                   const std::string& backward, const std::string& percent, const std::string& made,
                   const std::string& kept, const std::string& adjoints) const {
    std::string text = fmt::format("{:<{}} {:>7} {:>8} {:>8} {:>5} {:>8} {:>8} {:>8}", shortened(what, name), name,
                                   calls, forward, backward, percent, made, kept, adjoints);
    return text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
};

const char* title(ProfileTable::By by) {
  switch (by) {
    case ProfileTable::By::op: return "op";
    case ProfileTable::By::line: return "line";
    case ProfileTable::By::step: return "time step";
    case ProfileTable::By::all: break;
  }
  return "op, line, step";
}

std::string step_text(int step) { return step < 0 ? "outside time" : std::to_string(step); }

std::string name_of(const ProfileRow& r, ProfileTable::By by) {
  switch (by) {
    case ProfileTable::By::op: return r.op;
    case ProfileTable::By::line: return r.line > 0 ? r.place() : "no line";
    case ProfileTable::By::step: return step_text(r.step);
    case ProfileTable::By::all: break;
  }
  return fmt::format("{} {} {}", r.op, r.place(), r.step < 0 ? "" : std::to_string(r.step));
}

ProfileRow sum_of(const std::vector<ProfileRow>& rows, std::size_t first, std::size_t last) {
  ProfileTable part;
  part.rows.assign(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(last));
  return part.sum();
}

/// Time steps in equal ranges, so that at most `most` are shown.
std::string step_rows(const ProfileTable& t, const Columns& c, std::size_t most) {
  std::string text;
  std::size_t k = 0;
  for (; k < t.rows.size() && t.rows[k].step < 0; ++k) text += c.row(step_text(-1), t.rows[k]);
  const std::size_t each = std::max<std::size_t>(1, (t.rows.size() - k + most - 1) / most);
  for (; k < t.rows.size(); k += each) {
    const std::size_t end = std::min(k + each, t.rows.size());
    const int first = t.rows[k].step, last = t.rows[end - 1].step;
    text +=
        c.row(first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last), sum_of(t.rows, k, end));
  }
  return text;
}

}  // namespace

std::string ProfileRow::place() const { return line > 0 ? detail::line_of(file.c_str(), line) : ""; }

std::string ProfileTable::text(int columns, int most, double per) const {
  constexpr int numbers = 59, least = 14, widest = 40;
  const Columns c{std::clamp(columns - numbers, least, widest), seconds, per};
  const auto shown = static_cast<std::size_t>(std::max(1, most));
  std::string text = c.line("", "", "forward", "backward", "", "forward", "kept for", "backward") +
                     c.line(title(by), "calls", "ms", "ms", "%", "bytes", "backward", "bytes");
  if (by == By::step) {
    text += step_rows(*this, c, shown);
  } else {
    const std::size_t end = rows.size() <= shown ? rows.size() : shown - 1;
    for (std::size_t k = 0; k < end; ++k) text += c.row(name_of(rows[k], by), rows[k]);
    if (end < rows.size()) text += c.row(fmt::format("{} more", rows.size() - end), sum_of(rows, end, rows.size()));
  }
  const ProfileRow all = sum();
  text += c.line("tape and rest", "", milliseconds(rest() / per), "", c.share(rest()), "",
                 amount(static_cast<double>(kept_bytes - all.kept_bytes) / per), "");
  text += c.line("measured", number(static_cast<double>(all.calls) / per), milliseconds(seconds / per), "",
                 seconds > 0 ? "100" : "", "", amount(static_cast<double>(kept_bytes) / per), "");
  return text;
}

std::string ProfileTable::csv() const {
  std::string text =
      "op,file,line,step,calls,forward_seconds,backward_seconds,forward_bytes,kept_bytes,backward_bytes\n";
  const auto field = [](const std::string& s) {
    std::string q = "\"";
    for (const char c : s) q += c == '"' ? "\"\"" : std::string(1, c);
    return q + "\"";
  };
  for (const ProfileRow& r : rows)
    text += fmt::format("{},{},{},{},{},{:.9g},{:.9g},{},{},{}\n", field(r.op), field(r.file),
                        r.line > 0 ? std::to_string(r.line) : "", r.step >= 0 ? std::to_string(r.step) : "", r.calls,
                        r.forward, r.backward, r.forward_bytes, r.kept_bytes, r.backward_bytes);
  return text;
}

}  // namespace ebb
