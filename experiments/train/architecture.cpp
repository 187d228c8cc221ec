#include <fmt/format.h>
#include <charconv>
#include <ebb/experiments/cli/inputs.hpp>
#include <ebb/experiments/cli/run_folder.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/nn/files/safetensors_file.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/ops/counted.hpp>
#include <ebb/ops/number.hpp>

namespace ebb::app {
namespace {

[[noreturn]] void reject_metadata(const std::string& path, const std::string& why) {
  throw FileError(fmt::format("'{}': {}", path, why));
}

// The metadata of one file, with a check of each value.
class MetadataReader {
 public:
  explicit MetadataReader(const std::string& path) : path_(path), values_(read_safetensors_metadata(path)) {
    if (!has("task"))
      reject_metadata(path, "its metadata do not name a task: these weights were not written by ebb train");
  }

  bool has(const char* key) const { return values_.count(key) > 0; }
  const std::string& text(const char* key) const {
    if (!has(key)) reject_metadata(path_, fmt::format("its metadata have no '{}'", key));
    return values_.at(key);
  }
  std::string value_of(const TaskOption& option) const {
    const std::string& value = text(option.name);
    if (value.empty() && !option.is<AnyText>())  // would be read as the task's default
      reject_metadata(path_, fmt::format("in its metadata, '{}' is empty, but must be {}", option.name, option.rule()));
    try {
      option.check(value);
    } catch (const ValueError& e) {
      reject_metadata(path_, fmt::format("its metadata have a value that the task rejects: {}", e.what()));
    }
    return value;
  }
  template <class T> T number(const char* key, T least, T most) const {
    const std::string& digits = text(key);
    T x{};
    bool read = false;
    if constexpr (std::is_same_v<T, double>) {
      read = ebb::detail::parse_number(digits, x) == ebb::detail::Parsed::finite;
    } else {
      const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), x);
      read = error == std::errc{} && stop == digits.data() + digits.size();
    }
    if (!read || !(x >= least && x <= most))
      reject_metadata(path_, fmt::format("in its metadata, '{}' is '{}', which is not a number from {} to {}", key,
                                         digits, least, most));
    return x;
  }

 private:
  const std::string path_;
  const Metadata values_;
};

// The options declared by the task of a model; none for a task that is not linked in.
std::span<const TaskOption> options_of(const std::string& task) {
  const TaskEntry* const entry = Registry<TaskEntry>::find(task);
  return entry ? entry->options : std::span<const TaskOption>{};
}

}  // namespace

Metadata Architecture::metadata() const {
  Metadata m{{"task", task}, {"cell", cell}, {"text", text}};
  for (const auto& [key, x] : {std::pair{"hidden", settings.hidden},
                               {"layers", settings.layers},
                               {"length", settings.length},
                               {"batch", settings.batch}})
    m[key] = std::to_string(x);
  m["dropout"] = fmt::format("{}", settings.dropout);
  m["zoneout"] = fmt::format("{}", settings.zoneout);
  if (!inputs.data.empty()) m["data"] = inputs.data;
  for (const auto& [key, value] : inputs.own.all())
    if (!value.empty()) m[key] = value;
  if (!settings.remedy.empty()) m["remedy"] = settings.remedy;
  if (!text_sum.empty()) m["text CRC-32C"] = text_sum;
  if (alphabet) {
    m["symbols"] = alphabet->stored();
    m["symbols are"] = alphabet->utf8 ? "characters" : "bytes";
  }
  return m;
}

Architecture Architecture::read(const std::string& path) {
  const MetadataReader r{path};
  constexpr int most = 1'000'000;
  Architecture a{.task = r.text("task"),
                 .cell = r.text("cell"),
                 .text = r.text("text"),
                 .alphabet = {},
                 .settings = {},
                 .inputs = {}};
  a.settings.hidden = r.number("hidden", 1, most);
  a.settings.layers = r.number("layers", 1, 8);
  a.settings.length = r.number("length", 1, most);
  a.settings.batch = r.number("batch", 1, most);
  a.settings.dropout = r.number("dropout", 0.0, 1.0);
  a.settings.zoneout = r.number("zoneout", 0.0, 1.0);
  if (r.has("remedy")) a.settings.remedy = r.text("remedy");
  if (r.has("data")) a.inputs.data = r.text("data");
  for (const TaskOption& option : options_of(a.task))
    if (r.has(option.name) && r.value_of(option) != option.none) a.inputs.own[option.name] = r.value_of(option);
  if (r.has("text CRC-32C")) a.text_sum = r.text("text CRC-32C");
  if (!r.has("symbols")) return a;
  try {
    a.alphabet = Alphabet::from_stored(r.text("symbols"), r.text("symbols are") == "characters");
  } catch (const ValueError& e) {
    reject_metadata(path, fmt::format("its metadata have no valid alphabet: {}", e.what()));
  }
  return a;
}

template <class T> std::unique_ptr<Model> Architecture::model(const T& of, const std::string& path) const {
  if (const std::string why = missing_recurrence(cell); !why.empty()) reject_metadata(path, why);
  std::int64_t numbers = 0;
  const ebb::detail::StoredFile file(path);
  for (const ebb::detail::Stored& a : file.table()) numbers += static_cast<std::int64_t>(a.count());
  std::unique_ptr<Model> m;
  try {
    m = std::make_unique<Model>(of, cell, settings, 1, std::max<std::int64_t>(numbers, 1));
  } catch (const FileError&) {  // about another file, which it names
    throw;
  } catch (const Error& e) {
    reject_metadata(path,
                    fmt::format("its metadata (cell {}, hidden {}, layers {}) do not describe a model with the {} "
                                "in the file{}: {}",
                                cell, settings.hidden, settings.layers, ebb::detail::counted(numbers, "value"),
                                inputs.data.empty() ? "" : ", or the data are not those it was trained on", e.what()));
  }
  load_weights(path, m->w);
  return m;
}
template std::unique_ptr<Model> Architecture::model(const Task&, const std::string&) const;
template std::unique_ptr<Model> Architecture::model(const SimpleSizes&, const std::string&) const;

std::string sum_of_text(const std::string& path) {
  return path.empty() ? "" : fmt::format("{:08x}", crc32c(read_file(path)));
}

Trained Trained::read(const std::string& path, const std::string& text, const std::string& data) {
  Trained t{.architecture = Architecture::read(path), .task = {}, .model = {}};
  Architecture& a = t.architecture;
  if (const std::string why = missing_task(a.task); !why.empty()) reject_metadata(path, why);
  if (!text.empty()) a.text = text;
  else if (!a.text_sum.empty() && sum_of_text(a.text) != a.text_sum)
    reject_metadata(
        path,
        fmt::format("its text '{0}' was edited since training (CRC-32C {1}, was {2}); to use it anyway: --text '{0}'",
                    a.text, sum_of_text(a.text), a.text_sum));
  if (!data.empty()) a.inputs.data = data;
  Task::Inputs inputs = a.inputs;
  inputs.text = a.text;
  inputs.alphabet = a.alphabet ? &*a.alphabet : nullptr;
  for (const std::string& read : {a.text, inputs.data}) note_input(read);
  for (const auto& [option, value] : inputs.own.all()) note_input(value);  // a file of word vectors
  try {
    t.task = make_task(a.task, inputs);
  } catch (const ValueError& e) {  // about a value in the metadata, or the data they name
    reject_metadata(
        path, fmt::format("its metadata, or the data given instead of the training data, do not match the task: {}",
                          e.what()));
  }
  reject_unread(a.task, *t.task, {.text = text, .data = data});
  t.model = a.model(*t.task, path);
  return t;
}

}  // namespace ebb::app
