#include <ebb/autograd/gradcheck.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/drop_connect.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/zoneout.hpp>
#include <functional>

#include "catch.hpp"

namespace wrapped_cells_test {

using namespace ebb;

namespace {

constexpr int T = 4, B = 17, I = 2, H = 3;

/// What stands around a cell: makes it of a registered one.
struct Around {
  const char* name;
  std::function<CellPtr(const std::string& cell, Params&)> make;
};

CellPtr plain(const std::string& cell, Params& w) { return make_cell(cell, w / "rnn", {I, H}); }

const std::vector<Around> wrappers{
    {"residual stack",
     [](const std::string& c, Params& w) { return make_stack(c, w / "rnn", {I, H}, 3, {.residual = true}); }},
    {"zoneout", [](const std::string& c, Params& w) { return CellPtr(new Zoneout(plain(c, w), .3)); }},
    {"dropout",
     [](const std::string& c, Params& w) {
       return CellPtr(new DropoutCell(plain(c, w), {.input = .2, .state = .3, .per_sequence = false}));
     }},
    {"variational dropout",
     [](const std::string& c, Params& w) { return CellPtr(new DropoutCell(plain(c, w), {.input = .2, .state = .3})); }},
    {"weight drop",
     [](const std::string& c, Params& w) {
       const CellPtr cell = plain(c, w);
       w.transform(w.find("rnn/Wh") ? "rnn/Wh" : "rnn/U*", drop_connect(.3));
       return cell;
     }},
    {"all of them",
     [](const std::string& c, Params& w) {
       return CellPtr(
           new Zoneout(CellPtr(new DropoutCell(make_stack(c, w / "rnn", {I, H}, 2), {.input = .2, .state = .2})), .2));
     }},
};

/// Packed, both ways, with the wrapped cell on the way forward and a plain one on the way back.
ShardLoss loss_of(const Cell& forward, const Cell& backward, const Array& x, const Lengths& lengths) {
  return [&, lengths](Shard& s) {
    const auto run = bidirectional(forward, backward,
                                   dropout(pack(s.sequence(x), s.rows(lengths)), .2, s.context("in")), s.context());
    return s.mean_tokens(sum(square(run.all.all), -1), lengths) + s.mean_rows(sum(square(run.forward[0]), -1));
  };
}

}  // namespace

TEST_CASE("Every wrapper around RNN, LSTM, GRU and MGU passes the gradient check to second order, packed and both ways",
          "[slow]") {
  const Array x = normal({T, B, I}, Key{1}, 0, 1, f64);
  const Lengths lengths = integers({B}, Key{2}, 1, T + 1);
  for (const char* cell : {"rnn", "lstm", "gru", "mgu"})
    for (const Around& around : wrappers) {
      Params w{{.seed = 3, .dtype = f64}};
      const CellPtr forward = around.make(cell, w), back = make_cell(cell, w / "back", {I, H});
      const GradcheckReport r = gradcheck(w, {.rows = B, .dtype = f64}, loss_of(*forward, *back, x, lengths),
                                          {.order = 2, .most_elements = 4});
      INFO(around.name << " around " << cell << "\n" << r);
      CHECK(r.ok());
    }
}

}  // namespace wrapped_cells_test
