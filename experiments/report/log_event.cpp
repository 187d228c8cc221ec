#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/log_event.hpp>
#include <protozero/pbf_writer.hpp>

namespace ebb::app {
namespace {

using Writer = protozero::pbf_writer;
using FieldNumber = protozero::pbf_tag_type;

// Field numbers, from the .proto files.
namespace in_event {
constexpr FieldNumber wall_time = 1, step = 2, summary = 5;
}
namespace in_value {
constexpr FieldNumber tag = 1, simple_value = 2, image = 4, histogram = 5, tensor = 8, metadata = 9;
}
namespace in_image {
constexpr FieldNumber height = 1, width = 2, colorspace = 3, encoded = 4;
}
namespace in_histogram {
constexpr FieldNumber min = 1, max = 2, num = 3, sum = 4, sum_squares = 5, bucket_limit = 6, bucket = 7;
}
namespace in_tensor {
constexpr FieldNumber dtype = 1, shape = 2, float_val = 5, string_val = 8;
constexpr std::int32_t dt_float = 1, dt_string = 7;
}  // namespace in_tensor
namespace in_hparams {
constexpr FieldNumber start = 3, end = 4;              // of HParamsPluginData
constexpr FieldNumber values = 1, start_time = 5;      // of SessionStartInfo
constexpr FieldNumber status = 1, end_time = 2;        // of SessionEndInfo
constexpr FieldNumber number = 2, word = 3, flag = 4;  // of google.protobuf.Value
}  // namespace in_hparams

// A tensor of one element.
std::string tensor_of(std::int32_t type, FieldNumber field, const std::string* bytes) {
  std::string message;
  Writer w{message};
  w.add_enum(in_tensor::dtype, type);
  {
    Writer shape{w, in_tensor::shape};
    Writer dim{shape, 2};
    dim.add_int64(1, 1);
  }
  if (bytes) w.add_bytes(field, *bytes);
  else {
    const float zero = 0;
    w.add_packed_float(field, &zero, &zero + 1);
  }
  return message;
}

std::string hparam_value(const HParam& p) {
  std::string message;
  Writer w{message};
  if (const auto* x = std::get_if<double>(&p.value)) w.add_double(in_hparams::number, *x);
  else if (const auto* yes = std::get_if<bool>(&p.value)) w.add_bool(in_hparams::flag, *yes);
  else w.add_string(in_hparams::word, std::get<std::string>(p.value));
  return message;
}

}  // namespace

Histogram histogram_of(const Array& values, int intervals) {
  Histogram h{.least = INFINITY, .most = -INFINITY};
  for (std::int64_t k = 0; k < values.size(); ++k) {
    const double x = values.at_flat(k);
    if (!std::isfinite(x)) continue;
    h.least = std::min(h.least, x);
    h.most = std::max(h.most, x);
    h.count += 1;
    h.sum += x;
    h.squares += x * x;
  }
  if (h.count == 0) return {};
  const double width = (h.most - h.least) / intervals;
  const auto n = static_cast<std::size_t>(width > 0 ? intervals : 1);
  for (std::size_t k = 1; k <= n; ++k) h.limits.push_back(k == n ? h.most : h.least + width * static_cast<double>(k));
  h.counts.resize(n);
  for (std::int64_t k = 0; k < values.size(); ++k)
    if (const double x = values.at_flat(k); std::isfinite(x)) {
      const double at = width > 0 ? (x - h.least) / width : 0;
      h.counts[std::min(n - 1, static_cast<std::size_t>(at))] += 1;
    }
  return h;
}

void LogEvent::add(const std::string& value) { Writer{values_}.add_message(1, value); }

LogEvent& LogEvent::scalar(const std::string& tag, double x) {
  std::string value;
  Writer w{value};
  w.add_string(in_value::tag, tag);
  w.add_float(in_value::simple_value, static_cast<float>(x));
  add(value);
  return *this;
}

LogEvent& LogEvent::histogram(const std::string& tag, const Histogram& h) {
  if (h.count == 0) return *this;
  std::string value;
  Writer w{value};
  w.add_string(in_value::tag, tag);
  {
    Writer of{w, in_value::histogram};
    for (const auto& [field, x] : {std::pair{in_histogram::min, h.least},
                                   {in_histogram::max, h.most},
                                   {in_histogram::num, h.count},
                                   {in_histogram::sum, h.sum},
                                   {in_histogram::sum_squares, h.squares}})
      of.add_double(field, x);
    of.add_packed_double(in_histogram::bucket_limit, h.limits.begin(), h.limits.end());
    of.add_packed_double(in_histogram::bucket, h.counts.begin(), h.counts.end());
  }
  add(value);
  return *this;
}

void LogEvent::plugin(const std::string& tag, const std::string& name, const std::string& content,
                      const std::string& tensor) {
  std::string value;
  Writer w{value};
  w.add_string(in_value::tag, tag);
  w.add_message(in_value::tensor, tensor);
  {
    Writer metadata{w, in_value::metadata};
    Writer data{metadata, 1};
    data.add_string(1, name);
    if (!content.empty()) data.add_bytes(2, content);
  }
  add(value);
}

LogEvent& LogEvent::text(const std::string& tag, const std::string& markdown) {
  plugin(tag + "/text_summary", "text", "", tensor_of(in_tensor::dt_string, in_tensor::string_val, &markdown));
  return *this;
}

LogEvent& LogEvent::picture(const std::string& tag, const Picture& p) {
  constexpr std::int32_t rgb = 3;
  std::string value;
  Writer w{value};
  w.add_string(in_value::tag, tag);
  {
    Writer image{w, in_value::image};
    image.add_int32(in_image::height, p.height);
    image.add_int32(in_image::width, p.width);
    image.add_int32(in_image::colorspace, rgb);
    image.add_bytes(in_image::encoded, p.png);
  }
  add(value);
  return *this;
}

LogEvent& LogEvent::hparams(const std::vector<HParam>& all) {
  std::string content;
  {
    Writer w{content};
    Writer start{w, in_hparams::start};
    for (const HParam& p : all) {
      Writer entry{start, in_hparams::values};
      entry.add_string(1, p.name);
      entry.add_message(2, hparam_value(p));
    }
    start.add_double(in_hparams::start_time, wall_time_);
  }
  plugin("_hparams_/session_start_info", "hparams", content,
         tensor_of(in_tensor::dt_float, in_tensor::float_val, nullptr));
  return *this;
}

LogEvent& LogEvent::hparams_end(Status status) {
  std::string content;
  {
    Writer w{content};
    Writer end{w, in_hparams::end};
    end.add_enum(in_hparams::status, static_cast<std::int32_t>(status));
    end.add_double(in_hparams::end_time, wall_time_);
  }
  plugin("_hparams_/session_end_info", "hparams", content,
         tensor_of(in_tensor::dt_float, in_tensor::float_val, nullptr));
  return *this;
}

std::string LogEvent::record() const {
  std::string message;
  Writer w{message};
  w.add_double(in_event::wall_time, wall_time_);
  if (step_ != 0) w.add_int64(in_event::step, step_);  // proto3 omits zeros
  w.add_message(in_event::summary, values_);
  return event_record(message);
}

}  // namespace ebb::app
