#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <ebb/experiments/runs/wandb_file.hpp>
#include <nlohmann/json.hpp>
#include <protozero/pbf_writer.hpp>
#include <string_view>

static_assert(std::endian::native == std::endian::little, "lengths and checksums are stored little-endian");

namespace ebb::app::runs {
namespace {

using protozero::pbf_writer;

// Field numbers, from wandb_internal.proto.
namespace record {
enum : protozero::pbf_tag_type { num = 1, history = 2, summary = 3, run = 17, exit = 18, header = 21 };
}
namespace header {
enum : protozero::pbf_tag_type { version_info = 1, producer = 1, min_consumer = 2 };
}
namespace run {
enum : protozero::pbf_tag_type {
  id = 1,
  project = 3,
  config = 4,
  group = 6,
  job_type = 7,
  display_name = 8,
  notes = 9,
  tags = 10,
  host = 13,
  start_time = 17
};
}
namespace item {
enum : protozero::pbf_tag_type { key = 1, value_json = 16, in_history = 1, in_update = 1 };
}
namespace history {
enum : protozero::pbf_tag_type { step = 2, step_num = 1 };
}
namespace exit_of_run {
enum : protozero::pbf_tag_type { code = 1, runtime = 2 };
}
namespace timestamp {
enum : protozero::pbf_tag_type { seconds = 1, nanos = 2 };
}

std::string json_text(const nlohmann::json& x) {
  return x.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_value(const Value& v) {
  if (const auto* number = std::get_if<double>(&v)) return json_text(*number);
  return number_of(v) ? text_of(v) : json_text(text_of(v));
}

/// Records in blocks of 32 KiB: those that do not fit are split.
class Log {
 public:
  Log() {
    bytes_ = ":W&B";
    add(std::uint16_t{0xBEE1});
    bytes_ += '\0';
  }
  void add_record(const std::string& message) {
    if (const std::size_t room = left(); room < head) bytes_.append(room, '\0');
    for (std::size_t at = 0, n; at < message.size() || at == 0; at += n) {
      n = std::min(message.size() - at, left() - head);
      const bool first = at == 0, last = at + n == message.size();
      add_piece(std::string_view(message).substr(at, n), first && last ? 1 : first ? 2 : last ? 4 : 3);
      if (last) break;
    }
  }
  std::string take() { return std::move(bytes_); }

 private:
  static constexpr std::size_t block = 32768, head = 7;
  std::size_t left() const { return block - bytes_.size() % block; }
  template <class T> void add(T x) {
    char raw[sizeof x];
    std::memcpy(raw, &x, sizeof x);
    bytes_.append(raw, sizeof x);
  }
  void add_piece(std::string_view data, std::uint8_t type) {
    const auto bytes = [](const void* p) { return static_cast<const Bytef*>(p); };
    uLong sum = crc32(crc32(0, nullptr, 0), bytes(&type), 1);
    sum = crc32(sum, bytes(data.data()), static_cast<uInt>(data.size()));
    add(static_cast<std::uint32_t>(sum));
    add(static_cast<std::uint16_t>(data.size()));
    add(type);
    bytes_ += data;
  }
  std::string bytes_;
};

void add_item(pbf_writer& to, protozero::pbf_tag_type field, const std::string& key, const std::string& json) {
  pbf_writer one{to, field};
  one.add_string(item::key, key);
  one.add_string(item::value_json, json);
}

/// The records of a run, numbered.
class Records {
 public:
  template <class Fill> void add(protozero::pbf_tag_type kind, const Fill& fill) {
    std::string message;
    {
      pbf_writer w{message};
      w.add_int64(record::num, ++count_);
      pbf_writer content{w, kind};
      fill(content);
    }
    log_.add_record(message);
  }
  std::string take() { return log_.take(); }

 private:
  Log log_;
  std::int64_t count_ = 0;
};

void fill_run(pbf_writer& w, const Trial& t, const std::string& project) {
  w.add_string(run::id, wandb_id(t));
  w.add_string(run::project, project);
  {
    pbf_writer config{w, run::config};
    for (const auto& [key, value] : t.options) add_item(config, item::in_update, key, json_value(value));
    for (const auto& [key, value] : t.about) add_item(config, item::in_update, "ebb." + key, json_value(value));
  }
  w.add_string(run::group, t.run);
  w.add_string(run::job_type, t.command);
  w.add_string(run::display_name, t.name);
  if (!t.note.empty()) w.add_string(run::notes, t.note);
  for (const std::string& tag : t.tags) w.add_string(run::tags, tag);
  w.add_string(run::host, t.host);
  pbf_writer start{w, run::start_time};
  start.add_int64(timestamp::seconds, static_cast<std::int64_t>(t.started));
}

void fill_history(pbf_writer& w, const Trial& t, const CurvePoint& p) {
  for (const auto& [key, value] : scalars_of(t, p)) add_item(w, item::in_history, key, json_text(value));
  add_item(w, item::in_history, "_step", std::to_string(p.step));
  add_item(w, item::in_history, "_runtime", json_text(p.seconds));
  add_item(w, item::in_history, "_timestamp", json_text(t.started + p.seconds));
  pbf_writer step{w, history::step};
  step.add_int64(history::step_num, p.step);
}

}  // namespace

std::string wandb_id(const Trial& t) { return t.id.substr(0, 16); }

std::string wandb_file(const Trial& t, const std::string& project) {
  Records records;
  records.add(record::header, [](pbf_writer& w) {
    pbf_writer version{w, header::version_info};
    version.add_string(header::producer, "0.17.0");  // whose format this is
    version.add_string(header::min_consumer, "0.6.0");
  });
  records.add(record::run, [&](pbf_writer& w) { fill_run(w, t, project); });
  for (const CurvePoint& p : t.curve) records.add(record::history, [&](pbf_writer& w) { fill_history(w, t, p); });
  records.add(record::summary, [&](pbf_writer& w) {
    for (const auto& [key, value] : t.results) add_item(w, item::in_update, key, json_text(value));
    if (!t.curve.empty())
      for (const auto& [key, value] : scalars_of(t, t.curve.back()))
        add_item(w, item::in_update, key, json_text(value));
  });
  if (t.status != "running")
    records.add(record::exit, [&](pbf_writer& w) {
      w.add_int32(exit_of_run::code, t.status == "finished" ? 0 : 1);
      w.add_int32(exit_of_run::runtime, t.curve.empty() ? 0 : static_cast<std::int32_t>(t.curve.back().seconds));
    });
  return records.take();
}

}  // namespace ebb::app::runs
