#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/studies/compare/compare.hpp>
#include <iterator>

namespace ebb::app::compare {
namespace {

// The words for what --equal names.
struct Words {
  const char *noun, *many, *section, *limit;
};
Words words_of(Equal equal) {
  switch (equal) {
    case Equal::weights:
      return {"trained weights", "Numbers of trained weights", "parameter counts", "the widths allow"};
    case Equal::flops: return {"flops per update", "Flops per update", "flops per update", "the widths allow"};
    case Equal::seconds: break;
  }
  return {"CPU seconds of training", "CPU seconds of training", "training time", "whole updates allow"};
}

// What is to be equal, before training.
double held(const Results& r, const Variant& v) {
  switch (r.equal) {
    case Equal::weights: return static_cast<double>(v.weights.counted);
    case Equal::flops: return v.update.flops;
    case Equal::seconds: break;
  }
  return v.settings.steps * v.update.seconds;
}

double wanted(const Results& r) { return r.equal == Equal::seconds ? r.seconds : static_cast<double>(r.budget); }
bool is_far(const Results& r, const Variant& v) { return std::abs(held(r, v) - wanted(r)) > .1 * wanted(r); }

// Whether the variant is the first of its cell, for which the width was chosen.
bool is_first(const Results& r, const Variant& v) {
  return v.embedding == r.variants.front().embedding && v.direction == r.variants.front().direction;
}

// No width, or number of updates, comes within a tenth, for example because the task's network also uses the cell at a
// fixed width.
bool is_off(const Results& r, const Variant& v) { return is_first(r, v) && is_far(r, v); }

// "7,522", "12.3 M", "4.2"
std::string amount_text(const Results& r, double amount) {
  return r.equal == Equal::weights ? count_text(amount)
         : r.equal == Equal::flops ? flops_text(amount)
                                   : number_text(amount);
}
// "7,522 trained weights", "12.3 Mflops per update"
std::string full_text(const Results& r, double amount) {
  return amount_text(r, amount) + (r.equal == Equal::flops ? "" : " ") + words_of(r.equal).noun;
}

}  // namespace

std::string flops_text(double flops) {
  const char* const prefixes[] = {" ", " k", " M", " G", " T"};
  std::size_t k = 0;
  for (; flops >= 999.5 && k + 1 < std::size(prefixes); ++k) flops /= 1e3;
  return fmt::format("{:.3g}{}", flops, prefixes[k]);
}

bool all_near(const Results& r) {
  return std::none_of(r.variants.begin(), r.variants.end(),
                      [&](const Variant& v) { return !is_first(r, v) && is_far(r, v); });
}

bool first_near(const Results& r) {
  return std::none_of(r.variants.begin(), r.variants.end(), [&](const Variant& v) { return is_off(r, v); });
}

std::string off_text(const Results& r, const Variant& v) {
  if (!is_off(r, v)) return {};
  return r.equal == Equal::seconds ? "no number of updates is closer. "
                                   : fmt::format("no width is closer to {}. ", amount_text(r, wanted(r)));
}

std::string held_name(const Results& r) {
  return r.equal == Equal::weights ? "weights" : r.equal == Equal::flops ? "flops" : "updates";
}

std::string held_entry(const Results& r, const Variant& v) {
  return r.equal == Equal::seconds ? count_text(v.settings.steps) : amount_text(r, held(r, v));
}

std::string section_title(const Results& r) {
  if (!all_near(r)) return "At one width per cell";
  const Words w = words_of(r.equal);
  return first_near(r) ? fmt::format("At equal {}", w.section)
                       : fmt::format("At {} as close as {}", w.section, w.limit);
}

// "About 7,522 trained weights each" if that holds for all; otherwise names the ones for which it does.
std::string held_text(const Results& r) {
  const Variant& first = r.variants.front();
  const Words w = words_of(r.equal);
  if (!all_near(r))
    return fmt::format("Each cell at the width closest to {} with “{}”, for all variants", full_text(r, wanted(r)),
                       first.name.substr(first.cell.size() + 2));
  return first_near(r)
             ? fmt::format("About {} each", full_text(r, wanted(r)))
             : fmt::format("{} as close to {} as {}, but not equal", w.many, amount_text(r, wanted(r)), w.limit);
}

std::string measured_text(const Results& r) {
  const std::string flops =
      "flops per update (matrix products and convolutions of the first batch, forward and "
      "backward, counted where they are computed)";
  switch (r.equal) {
    case Equal::weights:
      return fmt::format(
          "Held equal: trained weights, by the width; updates and batches. Measured: quality, CPU time, "
          "memory, {}.",
          flops);
    case Equal::flops:
      return fmt::format(
          "Held equal: {}, by the width; updates and batches. Measured: quality, weights, CPU time, "
          "memory.",
          flops);
    case Equal::seconds: break;
  }
  return fmt::format(
      "Held equal: CPU seconds of a run's updates, without validation, by the number of updates, from "
      "the median time of an update before training; trained weights, by the width. Measured: quality, "
      "the seconds that these updates took, memory, {}.",
      flops);
}

std::string announcement(const Results& r) {
  const TaskSettings& s = r.variants.front().settings;
  const Words w = words_of(r.equal);
  const char* const which = !all_near(r) ? " for the first of each cell" : first_near(r) ? " each" : "";
  const std::string amount =
      first_near(r) ? fmt::format("about {}{}", full_text(r, wanted(r)), which)
                    : fmt::format("{} as close to {} as {}{},", w.noun, amount_text(r, wanted(r)), w.limit, which);
  const std::string updates = r.equal == Equal::seconds ? "" : count_text(s.steps, "update") + ", ";
  std::string text;
  for (const std::string& line :
       wrapped(fmt::format("{}: T {}, batch {}, {}{}, {}{}", r.task, s.length, s.batch, updates, s.optimizer, amount,
                           r.equal == Equal::flops ? "" : " besides embedding tables"),
               78))
    text += line + "\n";
  for (const Variant& v : r.variants)
    if (r.equal == Equal::seconds)
      text += fmt::format("  {}: {} of {} ms\n", v.name, count_text(v.settings.steps, "update"),
                          number_text(1e3 * v.update.seconds));
    else if (is_first(r, v) && !first_near(r)) text += fmt::format("  {}: {}\n", v.name, amount_text(r, held(r, v)));
  return text;
}

}  // namespace ebb::app::compare
