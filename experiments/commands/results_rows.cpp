#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ebb/experiments/commands/results_rows.hpp>
#include <ebb/experiments/train/task.hpp>

namespace ebb::app {

std::string ResultRow::command() const { return fmt::format("ebb {}", fmt::join(words, " ")); }

const std::vector<ResultRow>& result_rows() {
  static const std::vector<ResultRow> rows{
      {.name = "images",
       .shape = "one to one",
       .words = {"train", "images"},
       .goals = {{"accuracy", 88}},
       .minutes = 1},
      {.name = "pixels",
       .shape = "one to one, as a sequence",
       .words = {"train", "pixels"},
       .goals = {{"accuracy", 88}},
       .minutes = 5},
      {.name = "music-lstm",
       .shape = "one to many",
       .words = {"train", "music", "--lr", ".02"},
       .goals = {{"NLL", 8.6, false}},
       .weights = 300e3,
       .known = "Bai 2018, larger: LSTM 8.45, RNN 8.91, TCN 8.10"},
      {.name = "music-gru",
       .shape = "one to many",
       .words = {"train", "music", "--cell", "gru", "--lr", ".02"},
       .goals = {{"NLL", 8.7, false}},
       .weights = 300e3,
       .known = "Bai 2018, larger: GRU 8.43"},
      {.name = "caption", .shape = "one to many", .words = {"train", "caption"}, .goals = {{"exact captions", 90}}},
      {.name = "chars",
       .shape = "one to many",
       .words = {"train", "chars"},
       .goals = {{"cross entropy", 1.55, false}},
       .minutes = 12,
       .weights = 1.5e6,
       .known = "Feng 2024, split 90/10: minGRU 1.548, Transformer 1.547"},
      {.name = "sentiment",
       .shape = "many to one",
       .words = {"train", "sentiment"},
       .goals = {{"accuracy", 74}},
       .minutes = 2,
       .known = "Kim 2014, random vectors: 76.1"},
      {.name = "translate-dates",
       .shape = "many to many",
       .words = {"train", "translate", "--data", "dates"},
       .goals = {{"exact", 99}}},
      {.name = "translate-multi30k",
       .shape = "many to many",
       .words = {"train", "translate", "--data", "multi30k"},
       .goals = {{"BLEU", 40}},
       .seeds = 1,
       .minutes = 30},
      {.name = "speech",
       .shape = "many to many",
       .words = {"train", "speech"},
       .goals = {{"single digits", 96}, {"digit error rate", 6, false}}},
      {.name = "tags", .shape = "many to many, aligned", .words = {"train", "tags"}, .goals = {{"accuracy", 92}}},
      {.name = "series",
       .shape = "series",
       .words = {"train", "series"},
       .goals = {{"NRMSE", 8, false}},
       .minutes = 5,
       .weights = 20e3,
       .known = "Voelker 2019's repository: LSTM 5.87 %, persistence 162 %"},
  };
  return rows;
}

const ResultRow& result_row(const std::string& name) {
  std::vector<std::string> known;
  for (const ResultRow& row : result_rows()) known.push_back(row.name);
  check_name("row", name, known);
  for (const ResultRow& row : result_rows())
    if (row.name == name) return row;
  throw ValueError("no row '" + name + "'");
}

}  // namespace ebb::app
