#include <cmath>
#include <ebb/autograd/tape.hpp>
#include <ebb/experiments/tasks/music/meter.hpp>
#include <ebb/experiments/tasks/music/network.hpp>
#include <ebb/experiments/train/architecture.hpp>
#include <ebb/experiments/train/generate.hpp>
#include <ebb/experiments/train/train.hpp>
#include <ebb/nn/cell_list.hpp>
#include <set>

#include "catch.hpp"
#include "goes_on.hpp"
#include "run_ebb.hpp"

namespace music_test {

using namespace ebb;
using namespace ebb::app;
using Catch::Matchers::Contains;

namespace {

std::string why(const std::string& json) {
  try {
    read_pieces("songs.json", json);
  } catch (const FileError& e) { return e.what(); }
  return "nothing";
}

Chord chord_at(const Array& x, int t, int row) {
  Chord chord;
  for (int k = 0; k < piano_keys; ++k)
    if (x.at({t, row, k}) > 0) chord.push_back(k);
  return chord;
}

}  // namespace

TEST_CASE("the chorales agree with the literature, and the baseline with a short Python program") {
  const PieceSet set = bach_chorales();
  CHECK(set.cut[1] == 229);
  CHECK(set.cut[2] - set.cut[1] == 76);
  CHECK(set.cut[3] - set.cut[2] == 77);
  long steps[3] = {};
  for (int k = 0; k < 3; ++k)
    for (int n = set.cut[k]; n < set.cut[k + 1]; ++n)
      steps[k] += static_cast<long>(set.pieces[static_cast<std::size_t>(n)].size());
  CHECK((steps[0] == 13807 && steps[1] == 4602 && steps[2] == 4725));
  const KeyBaseline baseline = KeyBaseline::of(set, Split::train);
  CHECK(baseline.nats(set, Split::test) == Approx(11.092323217932925).epsilon(1e-10));
  CHECK(baseline.nats(set, Split::valid) == Approx(10.985836056387779).epsilon(1e-10));
  const auto task = make_task("music");
  const auto meter = meter_of(*task);
  const TaskSettings s{.hidden = 2, .length = 160, .batch = 20};
  test_loss(Model{*task, "rnn", s, 1}, *task, Split::test, s, 1 << 30, meter.get());
  CHECK(meter->measures()[0].baseline == Approx(10.491885459998384).epsilon(1e-10));
  CHECK(meter->measures()[1].baseline == Approx(22.2045539127787).epsilon(1e-10));
}

TEST_CASE("the NLL is the sum over keys of -log p, averaged over every step but the first") {
  const auto task = make_task("music", {.data = "generated"});
  const PieceSet set = made_up_pieces();
  const TaskSettings s{.hidden = 12, .length = 160, .batch = 5};
  Model m{*task, "lstm", s, 3};
  train(m, *task, {.hidden = 12, .length = 160, .batch = 5, .steps = 20, .lr = 1e-2}, 3);
  const auto& network = dynamic_cast<const MusicNetwork&>(m.network());
  Tape tape;
  const NoGrad off;
  double nats = 0, steps = 0, hit = 0, all = 0;
  for (int n = set.begin(Split::test); n < set.end(Split::test);
       ++n) {  // one piece after the other, without batches or padding
    const Piece& piece = set.pieces[static_cast<std::size_t>(n)];
    State state = network.layer->cell()->initial_state(1);
    for (std::size_t t = 0; t + 1 < piece.size(); ++t, ++steps) {
      Array x = Array::zeros({1, piano_keys}, f32);
      for (const int key : piece[t]) x.data<float>()[key] = 1;
      state = network.layer->cell()->step(constant(x), state, StepContext{});
      const Array z = (matmul(state["h"], network.W) + network.b).value();
      for (int k = 0; k < piano_keys; ++k) {
        const bool came = std::count(piece[t + 1].begin(), piece[t + 1].end(), k) > 0;
        const double p = 1 / (1 + std::exp(-z.at({0, k})));
        nats -= std::log(came ? p : 1 - p);
        hit += p > .5 && came;
        all += p > .5 || came;
      }
    }
  }
  for (const int rows : {1, 5, 100}) {
    const auto meter = meter_of(*task);
    TaskSettings batched = s;
    batched.batch = rows;
    CHECK(test_loss(m, *task, Split::test, batched, 1 << 30, meter.get()) == Approx(nats / steps).epsilon(1e-5));
    CHECK(measure_named("NLL", meter->measures()).value == Approx(nats / steps).epsilon(1e-5));
    CHECK(measure_named("accuracy", meter->measures()).value == Approx(100 * hit / all).epsilon(1e-9));
  }
  CHECK(nats / steps < 88 * std::log(2));
}

TEST_CASE("the targets of a batch of music are the next steps, and no part of a test piece is omitted") {
  const auto task = make_task("music");
  const PieceSet set = bach_chorales();
  double steps = 0;
  std::set<int> seen;
  for (int n = 0; n < task->batches(Split::test, 9, 16); ++n) {
    const auto b = task->batch({.split = Split::test, .length = 9, .rows = 16, .number = static_cast<std::uint64_t>(n)})
                       .get<MusicBatch>();
    steps += b.weight();
    for (int row = 0; row < b.rows(); ++row) {
      const int item = b.items[static_cast<std::size_t>(row)], T = b.lengths.data()[row];
      const Piece& piece = set.pieces[static_cast<std::size_t>(item)];
      CHECK(seen.insert(item).second);
      REQUIRE(T + 1 == static_cast<int>(piece.size()));
      for (int t = 0; t < b.steps(); ++t) {
        CHECK(chord_at(b.x, t, row) == (t < T ? piece[static_cast<std::size_t>(t)] : Chord{}));
        CHECK(chord_at(b.y, t, row) == (t < T ? piece[static_cast<std::size_t>(t) + 1] : Chord{}));
      }
    }
  }
  CHECK(steps == 4648);
  CHECK(seen.size() == 77);
}

TEST_CASE("in training all voices of a piece are transposed together, by a new interval each time") {
  const auto task = make_task("music");
  const PieceSet set = bach_chorales();
  std::set<int> intervals;
  for (std::uint64_t number = 0; number < 40; ++number) {
    const auto b = task->batch({.length = 160, .rows = 16, .number = number, .seed = 7}).get<MusicBatch>();
    for (int row = 0; row < b.rows(); ++row) {
      const Piece& piece = set.pieces[static_cast<std::size_t>(b.items[static_cast<std::size_t>(row)])];
      int by = 100;
      for (int t = 0; t < b.lengths.data()[row]; ++t) {
        Chord chord = piece[static_cast<std::size_t>(t)], got = chord_at(b.x, t, row);
        if (by == 100 && !chord.empty()) by = got.at(0) - chord[0];
        for (int& key : chord) key += by;
        CHECK(got == chord);
      }
      intervals.insert(by);
    }
  }
  CHECK(intervals == std::set<int>{-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6});
  const Batch cut = task->batch({.length = 9, .rows = 4});
  CHECK(cut.steps() == 9);
}

TEST_CASE("transposition never moves a piece off the keyboard") {
  const TempFolder folder;
  write_all(
      folder / "wide.json",
      R"({"train": [[[0, 87], [1], []], [[86], [85]], [[0], [0]]], "valid": [[[1], [2]]], "test": [[[3], [4]]]})");
  const auto task = make_task("music", {.data = folder / "wide.json"});
  std::set<Chord> ends;
  for (std::uint64_t number = 0; number < 150; ++number) {
    const auto b = task->batch({.rows = 3, .number = number}).get<MusicBatch>();
    for (int row = 0; row < b.rows(); ++row) {
      const Chord chord = chord_at(b.x, 0, row);
      if (b.items[static_cast<std::size_t>(row)] == 0) CHECK(chord == Chord{0, 87});
      else CHECK(chord.size() == 1);
      ends.insert(chord);
    }
  }
  CHECK(ends == std::set<Chord>{{0, 87}, {81}, {82}, {83}, {84}, {85}, {86}, {87}, {0}, {1}, {2}, {3}, {4}, {5}, {6}});
}

TEST_CASE("music --quick beats the baseline, and the report shows a piano roll", "[science]") {
  const TempFolder folder;
  const Outcome o = ebb_command({"train", "music", "--quick", "--out", folder / "out"});
  INFO(o.out << o.err);
  REQUIRE(o.code == 0);
  const auto run = summary_of(folder / "out")["runs"]["1"];
  const auto& nll = run["measures"]["NLL"];
  CHECK(nll["value"].get<double>() < 9.4);
  CHECK(nll["value"].get<double>() < nll["baseline"].get<double>() - 1);
  CHECK(run["loss"].get<double>() == Approx(nll["value"].get<double>()).epsilon(1e-5));
  CHECK_THAT(read_all(folder / "out/report.html"),
             Contains("the model's continuation after the line, given 16 steps") && Contains("<svg"));
}

TEST_CASE("every registered cell and layer works with music and continues a piece") {
  const auto task = make_task("music", {.data = "generated"});
  std::vector<std::string> names{"tcn", "transformer"};
  for (const CellInfo& cell : cell_list())
    if (cell.about.find("made by the tests") == std::string::npos) names.push_back(cell.name);
  for (const std::string& cell : names) {
    INFO(cell);
    const TaskSettings s{.hidden = 8, .length = 9, .batch = 5, .steps = 2};
    Model m{*task, cell, s, 1};
    const TrainRecord r = train(m, *task, s, 1);
    CHECK(r.diverged.empty());
    CHECK(r.curve.size() == 2);
    CHECK_THAT(task->as<Generates>()->generate(m, {.prompt = "C4", .length = 3}).text, Contains("\n   4 "));
  }
}

TEST_CASE("a layer without a state continues from the last T steps of a piece of any length") {
  const auto task = make_task("music", {.data = "generated"});
  const Model m{*task, "transformer", TaskSettings{.hidden = 8, .length = 6}, 1};
  const auto& network = dynamic_cast<const MusicNetwork&>(m.network());
  const auto next = [&](const Piece& start) {
    const Tape tape;
    const NoGrad off;
    return network.continue_piece(start, 4, Key{5}, {});
  };
  Piece whole = network.set.pieces[0];
  const Piece end(whole.end() - 6, whole.end());
  CHECK(next(whole) == next(end));
  CHECK(next({end.begin() + 3, end.end()}) != next(end));  // and from no fewer
}

TEST_CASE("resumed runs of music are bitwise identical") {
  goes_on(
      "music", "lstm",
      {.hidden = 6, .length = 20, .batch = 7, .steps = 6, .layers = 2, .dropout = .1, .zoneout = .1, .patience = 30},
      {1, 4}, {.data = "generated"});
}

TEST_CASE("predictions for a piece do not depend on the other pieces or their lengths") {
  const auto task = make_task("music", {.data = "generated"});
  const Model m{*task, "gru", TaskSettings{.hidden = 8}, 3};
  const auto logits = [&](const Batch& b) {
    return evaluate(m.w, {.rows = b.rows(), .training = false}, [&](Shard& shard) { return m.loss(shard, b); })
        .rows(key_logits.name);
  };
  const Batch many = task->batch({.split = Split::test, .rows = 100});
  for (const std::uint64_t number : {0u, 5u, 11u}) {
    const Batch one = task->batch({.split = Split::test, .rows = 1, .number = number});
    int row = 0;
    while (many.items()[static_cast<std::size_t>(row)] != one.items()[0]) ++row;
    const Array alone = logits(one), among = logits(many);
    for (int t = 0; t < one.steps(); ++t)
      for (int k = 0; k < piano_keys; ++k) CHECK(alone.at({0, t, k}) == Approx(among.at({row, t, k})).margin(1e-6));
  }
}

TEST_CASE("pitches are not mistaken for keys: the file declares which they are, or its values show it") {
  const auto file = [](const std::string& numbers, const std::string& first) {
    return "{" + numbers + R"("train": [[[)" + first +
           R"(], [60, 67]]], "valid": [[[62], [64]]], "test": [[[65], [81]]]})";
  };
  const std::string pitches = R"("numbers": "pitches", )", keys = R"("numbers": "keys", )";
  CHECK_THAT(why(file("", "55")), Contains("'songs.json': its numbers, from 55 to 81, could be MIDI pitches or keys"));
  CHECK_THAT(why(file("", "33")), Contains("could be MIDI pitches"));
  CHECK(why(file("", "32")) == "nothing");  // a bass
  CHECK(why(file(keys, "55")) == "nothing");
  CHECK(read_pieces("songs.json", file(keys, "55")).pieces[0][0] == Chord{55});
  CHECK(read_pieces("songs.json", file(pitches, "55")).pieces[0][0] == Chord{55 - lowest_note});
  CHECK(read_pieces("songs.json", file(pitches, "108, 21")).pieces[0][0] == Chord{0, 87});
  CHECK_THAT(why(file(pitches, "20")),
             Contains("train, sequence 1, step 1: 20 is not a pitch of a piano: these go from 21 to 108"));
  CHECK_THAT(why(file(pitches, "109")), Contains("109 is not a pitch of a piano"));
  CHECK_THAT(why(file(keys, "88")), Contains("88 is not a key"));
  CHECK_THAT(why(file(R"("numbers": "notes", )", "1")),
             Contains(R"('songs.json', numbers: "keys" or "pitches" is expected, not "notes")"));
  CHECK_THAT(why(file(R"("numbers": 3, )", "1")), Contains("is expected, not 3"));
}

TEST_CASE("a file without valid piano rolls is rejected with split, sequence and step") {
  const std::string rest = R"(, "valid": [[[1], [2]]], "test": [[[1], [2]]]})";
  CHECK(why(R"({"train": [[[1], [2]]])" + rest) == "nothing");
  CHECK(why(R"({"train": [[[], []]])" + rest) == "nothing");
  CHECK_THAT(why(R"({"train": [[[1], [2]]])"),
             Contains("'songs.json', byte 23: invalid JSON from here on; music expects"));
  CHECK_THAT(why(""), Contains("'songs.json', byte 1: invalid JSON"));
  CHECK_THAT(why("\xff"), Contains("invalid JSON"));
  CHECK_THAT(why("[[1]]"), Contains("'songs.json', train: is missing; music expects"));
  CHECK_THAT(why(R"({"train": [[[1], [2]]], "valid": [[[1], [2]]]})"), Contains("'songs.json', test: is missing"));
  CHECK_THAT(why(R"({"train": [])" + rest), Contains("train: has no sequences"));
  CHECK_THAT(why(R"({"train": 3)" + rest), Contains("train: has no sequences"));
  CHECK_THAT(why(R"({"train": [[[1], [2]], 5])" + rest),
             Contains("train, sequence 2: a list of steps is expected, not 5"));
  CHECK_THAT(why(R"({"train": [[[1], [2]], [[1]]])" + rest), Contains("train, sequence 2: has fewer than two steps"));
  CHECK_THAT(why(R"({"train": [[[1], 7]])" + rest),
             Contains("train, sequence 1, step 2: a list of keys is expected, not 7"));
  CHECK_THAT(
      why(R"({"train": [[[1], [88]]])" + rest),
      Contains(
          "train, sequence 1, step 2: 88 is not a key: these go from 0 to 87; for MIDI pitches, from 21 to 108, add"));
  for (const char* bad : {"-1", "1.0", "\"C4\"", "null", "[1]", "18446744073709551615", "99999999999999999999999"})
    CHECK_THAT(why(R"({"train": [[[)" + std::string(bad) + "], [2]]]" + rest),
               Contains("train, sequence 1, step 1: ") && Contains("is not a key"));
  const std::string deep =
      std::string(300'000, '[') + std::string(300'000, ']');  // too deep to be written out by calls
  CHECK_THAT(why(R"({"train": [[[], [)" + deep + "]]]" + rest), Contains("step 2: a list is not a key"));
  CHECK_THAT(why(R"({"train": [[{"a": )" + deep + "}, []]]" + rest),
             Contains("step 1: a list of keys is expected, not an object"));
  CHECK_THAT(why(R"({"train": [[[4, 3, 4], [2]]])" + rest), Contains("step 1: key 4 occurs twice"));
  CHECK_THAT(why(R"({"train": [[[1e999], [2]]])" + rest),
             Contains("'songs.json': contains a number that is too large"));
  CHECK_THROWS_WITH(make_task("music", {.data = "none.json"}),
                    Contains("music expects chorales, generated or an existing JSON file"));
}

TEST_CASE("every step of a piece longer than T is learnt from, and their number is printed") {
  TempFolder folder;
  std::string piece;  // step t is key t % 88
  for (int t = 0; t < 60; ++t) piece += (t ? ", [" : "[") + std::to_string(t) + "]";
  const std::string file = folder.file(
      "long.json", "{\"train\": [[" + piece + "], [[1], [2]]], \"valid\": [[[1], [2]]], \"test\": [[" + piece + "]]}");
  const auto task = make_task("music", {.data = file});
  std::set<int> seen;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto b = task->batch({.length = 20, .rows = 2, .number = n, .seed = 1}).get<MusicBatch>();
    for (int row = 0; row < b.rows(); ++row) {
      if (b.lengths.data()[row] != 20) continue;
      const int by = chord_at(b.y, 0, row).at(0) - chord_at(b.x, 0, row).at(0);
      CHECK(by == 1);  // the next step of the piece
      for (int t = 1; t < 20; ++t) CHECK(chord_at(b.x, t, row).at(0) == chord_at(b.x, 0, row).at(0) + t);
      seen.insert(chord_at(b.x, 0, row).at(0));
    }
  }
  CHECK(seen.size() > 20);
  CHECK_THAT(task->left_out({.length = 20}), Contains("1 of 2 training pieces is longer than T = 20"));
  CHECK(task->left_out({.length = 59}).empty());
  CHECK(make_task("music")->left_out({.length = 160}).empty());
  const Outcome o = ebb_command(
      {"train", "music", "--quick", "--data", file, "--length", "20", "--steps", "2", "--out", folder / "out"});
  REQUIRE(o.code == 0);
  CHECK_THAT(o.out, Contains("1 of 2 training pieces is longer than T = 20"));
  CHECK_THAT(read_all(folder / "out/report.html"), Contains("1 of 2 training pieces is longer than T = 20"));
}

TEST_CASE("words that training omits are counted") {
  const auto sentiment = make_task("sentiment", {.data = "generated"}), tags = make_task("tags", {.data = "generated"}),
             dates = make_task("translate", {.data = "dates"});
  for (const auto* task : {&sentiment, &tags, &dates}) {
    CHECK((*task)->left_out({.length = 1'000}).empty());
    CHECK_THAT((*task)->left_out({.length = 2}),
               Contains("are longer than T = 2; ") && Contains(" beyond it are not read"));
  }
}

TEST_CASE("dropout of a task's network and the transposition of music are options and are stored in config.toml",
          "[slow]") {
  TempFolder folder;
  const auto config_of = [&](const std::string& task, std::vector<std::string> more) {
    more.insert(more.begin(), {"train", task, "--quick", "--steps", "2", "--data",
                               task == "translate" ? "dates" : "generated", "--out", folder / "out", "--force"});
    const Outcome o = ebb_command(more);
    INFO(o.err);
    REQUIRE(o.code == 0);
    return read_all(folder / "out/config.toml");
  };
  const std::string music = config_of("music", {});
  CHECK_THAT(music, Contains("\noutput-dropout = 0.5\n") && Contains("\ntranspose = \"6\"\n") &&
                        Contains("\ndropout = 0\n") && !Contains("word-dropout"));
  const std::string loss = summary_of(folder / "out")["runs"]["1"]["loss"].dump();
  CHECK(config_of("music", {"--output-dropout", "0.5", "--transpose", "6"}) == music);
  CHECK(summary_of(folder / "out")["runs"]["1"]["loss"].dump() == loss);
  CHECK_THAT(config_of("music", {"--output-dropout", "0", "--transpose", "0"}),
             Contains("\noutput-dropout = 0\n") && Contains("\ntranspose = \"0\"\n"));
  CHECK(summary_of(folder / "out")["runs"]["1"]["loss"].dump() != loss);
  CHECK_THAT(config_of("sentiment", {}), Contains("\ninput-dropout = 0.5\n") && Contains("\noutput-dropout = 0.5\n") &&
                                             Contains("\nword-dropout = 0.1\n"));
  CHECK_THAT(config_of("tags", {"--word-dropout", ".2"}),
             Contains("\ninput-dropout = 0.3\n") && Contains("\nword-dropout = 0.2\n"));
  CHECK_THAT(config_of("images", {}), Contains("\noutput-dropout = 0.25\n"));
  CHECK_THAT(config_of("speech", {}), Contains("\ninput-dropout = 0.1\n") && Contains("\noutput-dropout = 0.3\n"));
  CHECK_THAT(config_of("translate", {}), Contains("\ninput-dropout = 0\n") && Contains("\noutput-dropout = 0\n"));
}

TEST_CASE("dropout and transposition are rejected for tasks without them") {
  TempFolder folder;
  const auto rejected = [&](const char* task, const char* option) {
    const Outcome o = ebb_command({"train", task, "--quick", option, "0", "--out", folder / "out"});
    CHECK(o.code == 2);
    CHECK_THAT(o.err, Contains(std::string(option) + " does not apply to the task '" + task + "'"));
  };
  rejected("adding", "--output-dropout");
  rejected("music", "--input-dropout");
  rejected("speech", "--word-dropout");
  rejected("series", "--transpose");
}

TEST_CASE("transposition stays within its limit in semitones") {
  TempFolder folder;
  const std::string file =
      folder.file("one.json", R"({"train": [[[40], [40]]], "valid": [[[1], [2]]], "test": [[[1], [2]]]})");
  for (const auto& [by, low, high] : {std::tuple{0, 40, 40}, {2, 38, 42}, {6, 35, 46}}) {
    const auto task = make_task("music", {.data = file, .own = {{"transpose", std::to_string(by)}}});
    std::set<int> keys;
    for (std::uint64_t n = 0; n < 200; ++n)
      keys.insert(
          chord_at(task->batch({.length = 20, .rows = 1, .number = n, .seed = 1}).get<MusicBatch>().x, 0, 0).at(0));
    CHECK(*keys.begin() == low);
    CHECK(*keys.rbegin() == high);
    CHECK(static_cast<int>(keys.size()) == high - low + 1);
  }
}

}  // namespace music_test
