#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <fstream>
#include <new>

namespace ebb::app::compare {
namespace {

constexpr int made_up_width = 32;
constexpr double of_kept = 2.5;  // peak of a backward pass, including adjoints, relative to what the tape keeps

double seconds_of(const std::function<void()>& f) {
  const double start = thread_seconds();
  f();
  return thread_seconds() - start;
}

// The fastest of a few passes, because the first one warms up caches.
Cost measured(const Params& w, const SequenceLayer& layer, int length, int rows) {
  const Array x = normal({length, rows, made_up_width}, Key{1}.named("compare"), 0, 1);
  const Array y = Array::zeros({length, rows, layer.width()}, f32);
  Cost cost{.length = length};
  const auto pass = [&] {
    const Result r = backward(w, {.rows = rows, .shards = 1}, [&](Shard& s) {
      return s.mean_tokens(squared_error(unroll(layer, s.sequence(x), s.context()).all(), s.sequence(y).all()));
    });
    cost.kept = static_cast<double>(r.kept_bytes);
  };
  double spent = cost.seconds = seconds_of(pass);
  for (int again = 0; again < 5 && spent < .5; ++again) {
    const double seconds = seconds_of(pass);
    spent += seconds;
    cost.seconds = std::min(cost.seconds, seconds);
  }
  return cost;
}

// The memory that a pass of this length will keep, extrapolated by the power law of the last two, with a slightly
// larger exponent because faster-growing terms become dominant.
double extrapolated(const std::vector<Cost>& before, int length) {
  if (before.size() < 2) return 0;
  const Cost &a = before[before.size() - 2], &b = before.back();
  const double power = std::log(b.kept / a.kept) / std::log(static_cast<double>(b.length) / a.length);
  return b.kept * std::pow(static_cast<double>(length) / b.length, std::clamp(power + .25, 1.0, 2.0));
}

// An error's text without the source location.
std::string reason_in(const std::string& text) { return text.ends_with(')') ? text.substr(0, text.rfind(" (")) : text; }

double number_in(const char* path) {
  double x = INFINITY;
  std::ifstream(path) >> x;
  return x > 0 ? x : INFINITY;
}

}  // namespace

CellCost cost_by_length(const std::string& cell, const TaskSettings& settings, const std::vector<int>& lengths,
                        int rows, double most_bytes, const std::function<bool()>& enough,
                        const std::function<void(int)>& done) {
  const OneThread only;
  CellCost result{.cell = cell, .hidden = settings.hidden};
  Params w;
  const LayerPtr layer = Recurrence{cell, settings}.layer(w / "cell", made_up_width);
  std::vector<Cost> seen;  // with two short ones, so that the first of the lengths is extrapolated too
  const auto take = [&](int length) {
    Cost c{.length = length};
    try {
      if (const double most = of_kept * extrapolated(seen, length); most > most_bytes)
        c.skipped = fmt::format("peak about {}", bytes_text(most));
      else seen.push_back(c = measured(w, *layer, length, rows));
    } catch (const std::bad_alloc&) { c.skipped = "there is not enough memory"; } catch (const Error& e) {
      c.skipped = reason_in(e.what());
    }
    return c;
  };
  for (const int part : {8, 4})
    if (lengths.front() / part > 0) take(lengths.front() / part);
  for (const int length : lengths) {
    if (enough()) break;
    result.costs.push_back(take(length));
    done(length);
  }
  return result;
}

double thread_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

double free_memory() {
  double bytes = 4e9;  // if unknown
  std::ifstream info("/proc/meminfo");
  for (std::string word; info >> word;)
    if (word == "MemAvailable:" && info >> bytes) bytes *= 1024;
  const double most = number_in("/sys/fs/cgroup/memory.max"), used = number_in("/sys/fs/cgroup/memory.current");
  return std::isfinite(most) && std::isfinite(used) ? std::min(bytes, std::max(0.0, most - used)) : bytes;
}

}  // namespace ebb::app::compare
