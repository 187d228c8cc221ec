#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/report/png.hpp>
#include <ebb/experiments/train/event_log.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/task.hpp>
#include <map>
#include <protozero/pbf_reader.hpp>

#include "catch.hpp"
#include "message_of.hpp"
#include "run_ebb.hpp"

namespace event_log_test {

namespace {

using namespace ebb;
using namespace ebb::app;

/// One value of an event file: the fields that this test reads.
struct Value {
  std::int64_t step = 0;
  std::string kind{};  // scalar, histogram, image, tensor
  std::string plugin{}, content{}, text{}, png{};
  float scalar = 0;
  double num = 0, sum = 0;
  std::vector<double> limits{}, counts{};
};

void read_histogram(protozero::pbf_reader in, Value& v) {
  while (in.next()) switch (in.tag()) {
      case 3: v.num = in.get_double(); break;
      case 4: v.sum = in.get_double(); break;
      case 6:
        for (const double x : in.get_packed_double()) v.limits.push_back(x);
        break;
      case 7:
        for (const double x : in.get_packed_double()) v.counts.push_back(x);
        break;
      default: in.skip();
    }
}

std::pair<std::string, Value> read_value(protozero::pbf_reader in, std::int64_t step) {
  std::string tag;
  Value v{.step = step};
  while (in.next()) switch (in.tag()) {
      case 1: tag = in.get_string(); break;
      case 2:
        v.kind = "scalar";
        v.scalar = in.get_float();
        break;
      case 4: {
        v.kind = "image";
        for (auto image = in.get_message(); image.next(4);) v.png = image.get_bytes();
        break;
      }
      case 5:
        v.kind = "histogram";
        read_histogram(in.get_message(), v);
        break;
      case 8:
        if (v.kind.empty()) v.kind = "tensor";
        for (auto tensor = in.get_message(); tensor.next(8);) v.text = tensor.get_bytes();
        break;
      case 9:
        for (auto metadata = in.get_message(); metadata.next(1);)
          for (auto data = metadata.get_message(); data.next();) {
            if (data.tag() == 1) v.plugin = data.get_string();
            else v.content = data.get_bytes();
          }
        break;
      default: in.skip();
    }
  return {tag, v};
}

std::multimap<std::string, Value> values_in(const std::string& file) {
  std::multimap<std::string, Value> all;
  std::size_t bytes = 0;
  for (const StoredEvent& e : stored_events(file)) {
    bytes += e.record.size();
    const std::string message(e.record.substr(12, e.record.size() - 16));
    for (protozero::pbf_reader event(message); event.next();) {
      if (event.tag() != 5) {
        event.skip();
        continue;
      }
      for (auto summary = event.get_message(); summary.next(1);) all.insert(read_value(summary.get_message(), e.step));
    }
  }
  CHECK(bytes == file.size());  // nothing is left over
  return all;
}

std::vector<std::int64_t> steps_of(const std::multimap<std::string, Value>& all, const std::string& tag) {
  std::vector<std::int64_t> steps;
  for (auto [at, end] = all.equal_range(tag); at != end; ++at) steps.push_back(at->second.step);
  return steps;
}

const Value& one(const std::multimap<std::string, Value>& all, const std::string& tag) {
  INFO(tag);
  REQUIRE(all.count(tag) == 1);
  return all.find(tag)->second;
}

}  // namespace

TEST_CASE("a histogram counts every finite value once, in intervals that cover them") {
  const Array x = Array::from({2, 4}, {1, 2, 3, 4, 4, NAN, -INFINITY, 9}, f64);
  const Histogram h = histogram_of(x, 4);
  CHECK((h.least == 1 && h.most == 9 && h.count == 6 && h.sum == 23 && h.squares == 1 + 4 + 9 + 16 + 16 + 81));
  CHECK(h.limits == std::vector<double>{3, 5, 7, 9});
  CHECK(h.counts == std::vector<double>{2, 3, 0, 1});
  const Histogram level = histogram_of(Array::full({3}, 2.5));
  CHECK((level.limits == std::vector<double>{2.5} && level.counts == std::vector<double>{3}));
  CHECK(histogram_of(Array::full({3}, NAN)).count == 0);
}

TEST_CASE("a matrix is a PNG of its shape, blue below zero and red above") {
  const Picture p = matrix_picture(Array::from({2, 3}, {-1, 0, 1, NAN, .5, -.5}));
  CHECK((p.width == 3 * 85 && p.height == 2 * 85));
  CHECK(p.png.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  CHECK(p.png.substr(12, 4) == "IHDR");
  CHECK(p.png.substr(p.png.size() - 8, 4) == "IEND");
  CHECK(matrix_picture(Array::zeros({300, 2})).height == 300);
}

TEST_CASE("an event file has scalars, histograms, texts, pictures and hparams under tags that name their contents") {
  TempFolder f;
  const auto task = make_task("adding");
  const Model model{*task, "rnn", 4, 1};
  TrainRecord record;
  {
    EventLog log(
        f / "a.tfevents", 100, {}, "exact strings",
        {.hparams = {{"lr", .5}, {"quick", true}, {"cell", std::string("rnn")}}, .texts = {{"data", "**made**"}}});
    for (int step = 1; step <= 3; ++step) {
      if (step == 2) {
        const Result r = backward(model.w, {.rows = 1},
                                  [&](Shard& s) { return s.mean_rows(reshape(sum(square(var_of(model.w[0]))), {1})); });
        log.look(model.w, r.grads);
      }
      record.curve.push_back({.step = step, .loss = 1.0 / step, .seconds = .5 * step, .valid = step == 2 ? 7 : NAN});
      log.add(record.curve.back());
    }
    log.end({.training = record,
             .weights = model.w,
             .loss = .25,
             .measures = {{"exact strings", 70, "%", 0}},
             .texts = {{"generated", "abc"}}});
  }
  const auto all = values_in(read_all(f / "a.tfevents"));
  CHECK(steps_of(all, "train/loss") == std::vector<std::int64_t>{1, 2, 3});
  CHECK((one(all, "valid/exact_strings").scalar == 7 && one(all, "test/exact_strings").scalar == 70));
  CHECK((one(all, "test/loss").scalar == .25f && one(all, "test/loss").step == 3));
  const std::string name = model.w[0].name();
  const Value& g = one(all, "gradients/" + name);
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& v) {
    return v.first == "weights/" + name && v.second.kind == "histogram";  // its picture has the same tag
  });
  REQUIRE(found != all.end());
  const Value& w = found->second;
  CHECK((w.step == 2 && g.step == 2 && w.num == double(model.w[0].value().size())));
  CHECK(g.sum == Approx(2 * w.sum));  // of the sum of squares
  CHECK((one(all, "data/text_summary").text == "**made**" && one(all, "data/text_summary").plugin == "text"));
  CHECK(one(all, "generated/text_summary").text == "abc");
  for (const char* tag : {"_hparams_/session_start_info", "_hparams_/session_end_info"})
    CHECK(one(all, tag).plugin == "hparams");
  const std::string& settings = one(all, "_hparams_/session_start_info").content;
  for (const char* part : {"lr", "quick", "cell", "rnn"}) CHECK(test::contains(settings, part));
}

TEST_CASE("a log that is continued keeps the histograms of the updates before, and drops those after") {
  TempFolder f;
  const auto task = make_task("adding");
  const Model model{*task, "rnn", 4, 1};
  std::vector<CurvePoint> curve;
  for (int step = 1; step <= 6; ++step) curve.push_back({.step = step, .loss = 1.0 / step, .seconds = double(step)});
  const auto write = [&](EventLog& log, std::size_t from) {
    for (std::size_t k = from; k < curve.size(); ++k) {
      const Result r = backward(model.w, {.rows = 1},
                                [&](Shard& s) { return s.mean_rows(reshape(sum(square(var_of(model.w[0]))), {1})); });
      if (k % 2 == 1) log.look(model.w, r.grads);
      log.add(curve[k]);
    }
  };
  {
    EventLog log(f / "whole", 5);
    write(log, 0);
  }
  std::filesystem::copy_file(f / "whole", f / "a");
  std::filesystem::resize_file(f / "a", std::filesystem::file_size(f / "a") - 7);  // torn
  {
    EventLog log(f / "a", 5, {curve.begin(), curve.begin() + 3});
    write(log, 3);
  }
  CHECK(read_all(f / "a") == read_all(f / "whole"));
}

}  // namespace event_log_test
