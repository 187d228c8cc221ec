#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <ebb/data/audio.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/speech/data.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <filesystem>
#include <numbers>
#include <optional>
#include <set>
#include <tuple>

namespace ebb::app {
namespace {

namespace fs = std::filesystem;

constexpr int shortest = speech_rate / 10;
constexpr const char* expected_recordings =
    "recordings named DIGIT_SPEAKER_INDEX.wav, one channel at 8,000 samples per second, of the Free Spoken "
    "Digit Dataset (github.com/Jakobovski/free-spoken-digit-dataset)";

// Parses a name such as 7_theo_12.wav.
std::optional<Recording> recording_named(const std::string& name) {
  const std::size_t first = name.find('_'), last = name.rfind('_'), end = name.size() < 4 ? 0 : name.size() - 4;
  if (first != 1 || last <= first + 1 || name.substr(end) != ".wav" || name[0] < '0' || name[0] > '9')
    return std::nullopt;
  const std::string index = last + 1 < end ? name.substr(last + 1, end - last - 1) : "";
  if (index.empty() || index.size() > 6 || index.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  return Recording{.speaker = name.substr(first + 1, last - first - 1),
                   .digit = name[0] - '0',
                   .index = std::stoi(index),
                   .samples = {}};
}

std::vector<Recording> list(const fs::path& folder) {
  std::vector<Recording> found;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (auto r = recording_named(at->path().filename().string())) found.push_back(std::move(*r));
  std::sort(found.begin(), found.end(), [](const Recording& a, const Recording& b) {
    return std::tie(a.digit, a.speaker, a.index) < std::tie(b.digit, b.speaker, b.index);
  });
  return found;
}

// Each split must have each digit.
void check_digits(const Recordings& r) {
  std::array<std::array<int, 10>, 3> count{};
  for (const Recording& one : r.all)
    ++count[static_cast<std::size_t>(one.split())][static_cast<std::size_t>(one.digit)];
  const std::array<const char*, 3> indices{"10 or more (training)", "5 to 9 (validation)", "0 to 4 (test)"};
  for (std::size_t s = 0; s < 3; ++s)
    for (std::size_t digit = 0; digit < 10; ++digit)
      if (count[s][digit] == 0)
        throw FileError(fmt::format("'{}': no recording of the digit {} with an index of {}; speech expects {}",
                                    r.folder, digit, indices[s], expected_recordings));
}

Recordings read_all(const fs::path& folder, std::vector<Recording> found) {
  Recordings r{std::move(found), fs::absolute(folder).string(), {}};  // weights may be read from another folder
  check_digits(r);
  std::string sums;
  std::set<std::string> speakers;
  for (Recording& one : r.all) {
    one.samples = read_speech((folder / one.name()).string());
    speakers.insert(one.speaker);
    sums += fmt::format("{} {:08x}\n", one.name(),
                        crc32c({static_cast<const char*>(one.samples.raw()), one.samples.bytes()}));
  }
  r.source = fmt::format("{} of {}, CRC-32C {:08x}", count_text(static_cast<double>(r.all.size()), "recording"),
                         count_text(static_cast<double>(speakers.size()), "speaker"), crc32c(sums));
  return r;
}

// Describes the problem of a file and what is expected.
Audio read_expected(const std::string& path) {
  try {
    return read_wav(path);
  } catch (const FileError& e) {
    std::error_code ignored;
    if (!can_read_wav() || !fs::is_regular_file(path, ignored)) throw;
    throw FileError(fmt::format(
        "{}; speech expects a wav file with one channel at 8,000 samples per second, at least a tenth of a second long",
        e.what()));
  }
}

}  // namespace

std::string Recording::name() const { return fmt::format("{}_{}_{}.wav", digit, speaker, index); }

Array read_speech(const std::string& path) {
  const Audio a = read_expected(path);
  const int channels = a.samples.dim(1);
  if (channels != 1)
    throw FileError(fmt::format("'{}': has {}, but speech expects one", path, count_text(channels, "channel")));
  if (a.rate != speech_rate)
    throw FileError(fmt::format(
        "'{}': has a rate of {} samples per second, but speech expects {}; `sox in.wav -r {} out.wav` converts it",
        path, a.rate, speech_rate, speech_rate));
  if (a.samples.dim(0) < shortest)
    throw FileError(fmt::format("'{}': has {}, less than a tenth of a second, which is too short for a digit", path,
                                count_text(a.samples.dim(0), "sample")));
  return a.samples.reshape({a.samples.dim(0)});
}

Recordings read_recordings(const std::string& given) {
  const char* const variable = std::getenv("EBB_DATA");
  const std::string root = !given.empty() ? given : variable ? variable : "";
  const std::vector<std::string> below{"", "recordings", "fsdd", "fsdd/recordings"};
  for (const std::string& name : below)
    if (auto found = list(fs::path(root) / name); !root.empty() && !found.empty())
      return read_all(name.empty() ? fs::path(root) : fs::path(root) / name, std::move(found));
  const std::string at =
      find_data({"speech", {"0_jackson_0.wav"}, below, {}, expected_recordings}, given);  // reports what is missing
  throw FileError(fmt::format("'{}': cannot be listed; speech expects {}", at, expected_recordings));
}

Recordings made_up_recordings() {
  const Key key = Key{1}.named("speech");
  Recordings r{{}, "generated", "generated, 600 tones"};
  for (int digit = 0; digit < 10; ++digit)
    for (int speaker = 0; speaker < 3; ++speaker)
      for (int index = 0; index < 20; ++index) {
        const Key own = key.at(r.all.size());
        const int n = 1100 + own.below(600, 0);
        const double pitch = (.94 + .06 * speaker) * (.98 + .04 * own.uniform(1)), loud = .1 + .2 * own.uniform(2);
        const double begin = pitch * (500 + 350 * (digit % 5)), end = begin * (digit < 5 ? 1.6 : .6);
        Array samples = normal({n}, own.named("noise"), 0, .002);
        double phase = 0;
        for (int k = 0; k < n; ++k) {
          const double at = static_cast<double>(k) / n;
          phase += 2 * std::numbers::pi * (begin + (end - begin) * at) / speech_rate;
          samples.data<float>()[k] += static_cast<float>(loud * std::sin(std::numbers::pi * at) * std::sin(phase));
        }
        r.all.push_back({fmt::format("made-up-{}", speaker), digit, index, samples});
      }
  return r;
}

}  // namespace ebb::app
