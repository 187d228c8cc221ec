#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <ebb/experiments/tasks/music/midi.hpp>
#include <ebb/ops/error.hpp>
#include <tuple>

namespace ebb::app {
namespace {

constexpr long longest_pause = 0x0FFFFFFF;  // longest time between two events in a file, in ticks

// Numbers are stored in big-endian order.
std::string big(unsigned long x, int bytes) {
  std::string text;
  for (int k = bytes - 1; k >= 0; --k) text += static_cast<char>(x >> (8 * k) & 255U);
  return text;
}

// Seven bits per byte, the highest first; all but the last byte have their eighth bit set.
std::string variable(long x) {
  std::string text(1, static_cast<char>(x & 127));
  while (x >>= 7) text.insert(text.begin(), static_cast<char>((x & 127) | 128));
  return text;
}

struct Event {
  long tick;
  bool begins;
  int note;
  bool operator<(const Event& o) const { return std::tuple(tick, begins, note) < std::tuple(o.tick, o.begins, o.note); }
};

void check(const MidiOptions& o) {
  const auto reject = [](const std::string& what) { throw ValueError("MIDI: " + what); };
  if (o.ticks < 1 || o.ticks > 0x7FFF)
    reject(fmt::format("{} ticks per quarter note, but a file allows 1 to 32767", o.ticks));
  if (!(o.tempo >= 4 && o.tempo <= 1000))
    reject(fmt::format("a tempo of {} quarter notes per minute; 4 to 1000 are possible", o.tempo));
  if (o.program < 0 || o.program > 127) reject(fmt::format("program {} is outside 0 to 127", o.program));
  if (o.velocity < 1 || o.velocity > 127) reject(fmt::format("velocity {} is outside 1 to 127", o.velocity));
  if (o.end < 0 || o.end > longest_pause) reject(fmt::format("an end at tick {}", o.end));
}

std::vector<Event> events_of(const std::vector<MidiNote>& notes) {
  std::array<std::vector<MidiNote>, 128> of_key;
  std::vector<Event> events;
  for (const MidiNote& n : notes) {
    if (n.note < 0 || n.note > 127) throw ValueError(fmt::format("MIDI: note {} is outside 0 to 127", n.note));
    if (n.begin < 0 || n.end <= n.begin || n.end > longest_pause)
      throw ValueError(fmt::format("MIDI: note {} from tick {} to {}", n.note, n.begin, n.end));
    of_key[static_cast<std::size_t>(n.note)].push_back(n);
    events.push_back({n.begin, true, n.note});
    events.push_back({n.end, false, n.note});
  }
  for (auto& same : of_key) {
    std::sort(same.begin(), same.end(), [](const MidiNote& a, const MidiNote& b) { return a.begin < b.begin; });
    for (std::size_t k = 1; k < same.size(); ++k)
      if (same[k].begin < same[k - 1].end)
        throw ValueError(fmt::format("MIDI: note {} begins at tick {}, before it ends at {}", same[k].note,
                                     same[k].begin, same[k - 1].end));
  }
  std::sort(events.begin(), events.end());
  return events;
}

}  // namespace

std::string midi_file(const std::vector<MidiNote>& notes, const MidiOptions& o) {
  check(o);
  std::string track = variable(0) + "\xFF\x51\x03" + big(static_cast<unsigned long>(std::lround(60e6 / o.tempo)), 3);
  track += variable(0) + "\xFF\x58\x04" + big(0x04021808, 4);  // 4/4, one click per quarter note
  track += variable(0) + "\xC0" + static_cast<char>(o.program);
  long now = 0;
  bool running = false;
  for (const Event& e : events_of(notes)) {
    track += variable(e.tick - now);
    if (!running) track += '\x90';
    track += static_cast<char>(e.note);
    track += static_cast<char>(e.begins ? o.velocity : 0);
    running = true;
    now = e.tick;
  }
  track += variable(std::max(0L, o.end - now)) + std::string("\xFF\x2F\x00", 3);
  return "MThd" + big(6, 4) + big(0, 2) + big(1, 2) + big(static_cast<unsigned long>(o.ticks), 2) + "MTrk" +
         big(track.size(), 4) + track;
}

std::vector<MidiNote> held_notes(const std::vector<std::vector<int>>& steps, long ticks_a_step) {
  std::vector<MidiNote> notes;
  std::vector<std::size_t> sounding;  // indices into notes: those of the previous step
  for (std::size_t t = 0; t < steps.size(); ++t) {
    std::vector<std::size_t> now;
    for (const int note : steps[t]) {
      const auto held =
          std::find_if(sounding.begin(), sounding.end(), [&](std::size_t k) { return notes[k].note == note; });
      now.push_back(held == sounding.end() ? notes.size() : *held);
      if (held == sounding.end()) notes.push_back({note, static_cast<long>(t) * ticks_a_step, 0});
      notes[now.back()].end = static_cast<long>(t + 1) * ticks_a_step;
    }
    sounding = std::move(now);
  }
  return notes;
}

}  // namespace ebb::app
