#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <set>

#include "catch.hpp"

namespace caller_lines_test {

using namespace ebb;

namespace {

constexpr int T = 5, B = 4, I = 3, H = 4;

/// The files of all lines that called an op.
std::set<std::string> files_of(const Profile& p) {
  std::set<std::string> files;
  for (const ProfileRow& r : p.by_line().rows)
    if (r.calls > 0) files.insert(r.place().substr(0, r.place().find(':')));
  return files;
}

template <class Loss> std::set<std::string> files_of_update(const Params& w, const Loss& loss) {
  Profile p;
  const Profile::Scope on(p);
  backward(w, {.rows = B, .dtype = f64, .shards = 1}, loss);
  return files_of(p);
}

using Files = std::set<std::string>;

}  // namespace

TEST_CASE("What functions of nn/ compute has the line of the network that calls them, else of the cell") {
  const char* const here = "caller_lines_test.cpp";
  Params w{{.seed = 3, .dtype = f64}};
  const CellPtr plain = make_cell("gru", w / "plain", {I, H}), back = make_cell("gru", w / "back", {I, H});
  const CellPtr dropped(new DropoutCell(make_cell("gru", w / "dropped", {I, H}), {.state = .2}));
  const CellPtr candidate(new RecurrentDropout(make_cell("lstm", w / "candidate", {I, H}), .2));
  const LayerPtr layer = layer_of(make_cell("gru", w / "layer", {I, H}), H);
  const Embedding table(w / "table", 7, I);
  const Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
  const Lengths lengths({B}, {2, 5, 0, 3});
  const Tokens tokens = integers({T, B}, Key{2}, 0, 7);

  CHECK(files_of_update(w, [&](Shard& s) {
          const Sequence in =
              dropout(Sequence(table(word_dropout(s.sequence(tokens), .2, 0, s.context()))), .1, s.context("in"));
          const Run run = unroll(*plain, in, s.context());
          return s.sum(run.last()) + s.sum(run.all()) + s.sum(run[1]) + s.sum(run.states("h")[2]);
        }) == Files{here, "gru.cpp"});
  CHECK(files_of_update(w, [&](Shard& s) {
          const Packed in = dropout(pack(s.sequence(x), s.rows(lengths)), .1, s.context("in"));
          const Run ahead = unroll(*dropped, in, s.context()),
                    behind = unroll(*back, in, {}, s.context(), Direction::backward);
          const auto both = bidirectional(*plain, *back, in, s.context("both"), Join::sum);
          return s.sum(ahead.last()) + s.sum(behind.end()[0]) + s.sum(behind.states("h")[1]) + s.sum(ahead[2]) +
                 s.sum(unpack(both.all).all()) + s.mean_tokens(sum(ahead.packed().all, {1}), lengths);
        }) == Files{here, "gru.cpp", "gru_dropping.cpp"});
  CHECK(files_of_update(w, [&](Shard& s) {
          const Reading read = unroll(*layer, pack(s.sequence(x), s.rows(lengths)), s.context("layer"));
          const Run run = unroll(*candidate, s.sequence(x), s.context("candidate"));
          return s.sum(read.last()) + s.sum(read.all()) + s.sum(run.last());
        }) == Files{here, "gru.cpp", "lstm_dropping.cpp"});
}

}  // namespace caller_lines_test
