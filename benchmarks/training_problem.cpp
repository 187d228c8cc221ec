// What benchmarks/train gives to the other frameworks, so that they train what `ebb train` trains: the settings of a
// task, its initial weights, its batches of training and validation, and the loss and gradient to compare with.
//   training_problem chars FILE seed=1 steps=400 dropout=0
//   training_problem sentiment FILE seed=1 steps=400 data=FOLDER
#include <algorithm>
#include <cstdio>
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/experiments/tasks/review_batch.hpp>
#include <ebb/experiments/train/abilities.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/model.hpp>
#include <ebb/experiments/train/task.hpp>
#include <ebb/experiments/train/train.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "peers/row.hpp"

using namespace ebb;
using namespace ebb::app;
using nlohmann::json;

namespace {

/// A JSON object in the first line, then the arrays that its "arrays" lists, one after the other, in native byte order.
class ProblemFile {
 public:
  json head;

  void add(const std::string& name, const Array& values) {
    const Array x = values.compact();
    append(name, "float32", shape_of(x), x.data<float>(), static_cast<std::size_t>(x.size()) * sizeof(float));
  }
  void add(const std::string& name, const Tokens& t) {
    json shape = json::array();
    for (int k = 0; k < t.rank(); ++k) shape.push_back(t.dim(k));
    append(name, "int32", shape, t.data(), static_cast<std::size_t>(t.size()) * sizeof(int));
  }
  /// Zeros and ones, one byte each.
  void add_bits(const std::string& name, const Array& values) {
    const float* x = values.data<float>();
    std::string bytes(static_cast<std::size_t>(values.size()), '\0');
    std::transform(x, x + values.size(), bytes.begin(), [](float bit) { return static_cast<char>(bit != 0); });
    append(name, "uint8", shape_of(values), bytes.data(), bytes.size());
  }
  void write(const std::string& path) const {
    std::ofstream file(path, std::ios::binary);
    file << head.dump() << '\n' << bytes_;
    if (!file.flush()) throw FileError("'" + path + "' cannot be written");
  }

 private:
  static json shape_of(const Array& x) {
    json shape = json::array();
    for (int k = 0; k < x.rank(); ++k) shape.push_back(x.dim(k));
    return shape;
  }
  void append(const std::string& name, const char* type, const json& shape, const void* data, std::size_t size) {
    head["arrays"].push_back({name, type, shape});
    bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

void add_batch(ProblemFile& file, const std::string& task, const std::string& split, const Batch& batch) {
  const std::string name = split + "/" + std::to_string(file.head[split].size()) + "/";
  file.head[split].push_back({{"continues", batch.continues()}, {"weight", batch.weight()}});
  if (task == "sentiment") {
    const auto& b = batch.get<ReviewBatch>();
    file.add(name + "x", b.words);
    file.add(name + "y", b.labels);
    file.add(name + "lengths", b.lengths);
  } else if (task == "music") {
    const auto& b = batch.get<MusicBatch>();
    file.add_bits(name + "x", b.x);
    file.add_bits(name + "y", b.y);
    file.add(name + "lengths", b.lengths);
  } else {
    const auto& b = batch.get<SimpleBatch>();
    file.add(name + "x", std::get<Tokens>(b.inputs));
    file.add(name + "y", std::get<EveryStep>(b.targets).tokens);
  }
}

json settings_of(const Task& task, const TaskSettings& s) {
  const NetworkDropout own = with_own(s.network, task);
  return {{"hidden", s.hidden},
          {"steps", s.steps},
          {"lr", s.lr},
          {"clip", s.clip},
          {"dropout", s.dropout},
          {"optimizer", s.optimizer},
          {"schedule", s.schedule},
          {"input_dropout", own.input.value_or(0)},
          {"output_dropout", own.output.value_or(0)},
          {"word_dropout", own.words.value_or(0)}};
}

/// Of the validation split: the loss in nats, or the error in % if the task validates by its accuracy.
double validated(const Model& model, const Task& task, const TaskSettings& s) {
  const auto name = validation_measure(task);
  const auto meter = name ? meter_of(task) : nullptr;
  const double loss = test_loss(model, task, Split::valid, s, model.task.valid_batches, meter.get());
  if (!name) return loss / model.task.unit_per_loss;
  if (*name != "accuracy") throw ValueError("the task validates by its " + *name);
  return 100 - measure_named(*name, meter->measures()).value;
}

void write_problem(const std::string& name, const std::string& path, const compare::Arguments& a) {
  Task::Inputs inputs;
  if (a.has("data")) inputs.data = a.text("data");
  const auto task = make_task(name, inputs);
  const auto seed = static_cast<std::uint64_t>(a.number("seed"));
  TaskSettings s = task->settings(Size::standard);
  s.steps = a.number("steps");
  if (a.has("dropout")) s.dropout = std::stod(a.text("dropout"));
  const Model model(*task, "lstm", s, seed);

  ProblemFile file;
  file.head = {{"task", name}, {"data", task->data()}, {"settings", settings_of(*task, s)}};
  file.head["arrays"] = file.head["train"] = file.head["valid"] = json::array();
  file.head["unit_per_loss"] = task->info().unit_per_loss;
  for (int k = 0; k < model.w.count(); ++k) file.add(std::string("w/") + model.w[k].name(), model.w[k].value());
  for (int k = 0; k < s.steps; ++k)
    add_batch(
        file, name, "train",
        task->batch({.length = s.length, .rows = s.batch, .number = static_cast<std::uint64_t>(k), .seed = seed}));
  const int valid = std::min(task->info().valid_batches, task->batches(Split::valid, s.length, s.batch));
  for (int k = 0; k < valid; ++k)
    add_batch(file, name, "valid", task->batch({Split::valid, s.length, s.batch, static_cast<std::uint64_t>(k), 0}));

  // Without dropout, so that every framework computes the same.
  const Batch first = task->batch({.length = s.length, .rows = s.batch, .seed = seed});
  const Result r = backward(model.w, {.rows = first.rows(), .training = false},
                            [&](Shard& shard) { return model.loss(shard, first); });
  file.head["first"] = {{"loss", r.loss}, {"norm", r.grads.norm()}, {"valid", validated(model, *task, s)}};
  file.head["measure"] = validation_measure(*task) ? "error, %" : "nats";
  file.write(path);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw ValueError("usage: training_problem chars|sentiment|music FILE [KEY=VALUE...]");
  write_problem(argv[1], argv[2], compare::Arguments(argc - 2, argv + 2));
} catch (const std::exception& e) {
  std::fprintf(stderr, "training_problem: %s\n", e.what());
  return 1;
}
