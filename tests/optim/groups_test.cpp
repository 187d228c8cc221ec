#include <ebb/autograd/grads.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/pattern.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"
#include "temp_folder.hpp"

namespace groups_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

struct Model {
  Params w{{.seed = 2, .dtype = f64}};
  Embedding emb{w / "emb", 5, 3};
  CellPtr cell = make_cell("lstm", w / "rnn", {3, 4});
  Linear out{w / "out", 4, 5};

  Grads gradient(std::uint64_t u) const {
    Grads g;
    g.flat_of(w, f64).assign(normal({static_cast<int>(w.size())}, Key{9}.at(u), 0, 1, f64));
    return g;
  }
  Array operator[](const char* name) const { return w.find(name).value(); }
};

}  // namespace

TEST_CASE("A star in a pattern matches any characters, a question mark any one") {
  const auto fits = [](const char* p, const char* n) { return detail::fits(p, n); };
  CHECK(fits("*", "a/b"));
  CHECK(fits("*/b", "lm/rnn/b"));
  CHECK_FALSE(fits("*/b", "lm/rnn/bn"));
  CHECK(fits("emb*", "emb/W"));
  CHECK(fits("*rnn*W?", "lm/rnn/1/Wx"));
  CHECK(fits("a*b*c", "a1b2b3c"));
  CHECK_FALSE(fits("a*b*c", "a1b2b3"));
  CHECK_FALSE(fits("rnn", "rnn/W"));
  CHECK_FALSE(fits("?", ""));
  CHECK(fits("**", ""));
  CHECK_FALSE(fits("*aaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

TEST_CASE("A group has its own rate and decay with every optimiser, as if it had a separate optimiser") {
  for (const std::string& name : Registry<OptimizerEntry>::names()) {
    CAPTURE(name);
    Model grouped, plain, other;
    const auto optimizer = make_optimizer(name, grouped.w, .01), usual = make_optimizer(name, plain.w, .01);
    const auto slow = make_optimizer(name, other.w, .001);
    optimizer->group("*/b", {.decay = .3, .rate = .1});
    slow->group("*", {.decay = .3});
    for (std::uint64_t u = 0; u < 5; ++u) {
      optimizer->step(grouped.gradient(u));
      slow->step(other.gradient(u));
      usual->step(plain.gradient(u));
    }
    for (const char* p : {"emb/W", "rnn/Wx", "rnn/Wh", "out/W"}) CHECK(test::same_bits(grouped[p], plain[p]));
    for (const char* p : {"rnn/b", "out/b"}) {
      CHECK(test::error_of(grouped[p], other[p]) < 1e-14);  // .01 * .1 is not quite .001
      CHECK(test::error_of(grouped[p], plain[p]) > 1e-4);
    }
  }
}

TEST_CASE("Two optimisers train parts of one set, and frozen parameters keep their values and optimiser state") {
  Model both, adam_alone, sgd_alone;
  const Array start = both["out/W"].copy();
  AdamW adam{both.w, {.lr = .01}}, adam_of_all{adam_alone.w, {.lr = .01}};
  Sgd sgd{both.w, {.lr = .5, .momentum = .9}}, sgd_of_all{sgd_alone.w, {.lr = .5, .momentum = .9}};
  adam.freeze("emb/*");
  adam.freeze("out/?");
  sgd.only({"emb/*"});
  for (std::uint64_t u = 0; u < 4; ++u) {
    const Grads g = both.gradient(u);
    adam.step(g);
    sgd.step(g);
    adam_of_all.step(adam_alone.gradient(u));
    sgd_of_all.step(sgd_alone.gradient(u));
  }
  CHECK(test::same_bits(both["emb/W"], sgd_alone["emb/W"]));
  CHECK(test::same_bits(both["rnn/Wh"], adam_alone["rnn/Wh"]));
  CHECK(test::same_bits(both["rnn/b"], adam_alone["rnn/b"]));
  CHECK(test::same_bits(both["out/W"], start));
}

TEST_CASE("A parameter unfrozen late begins as with a new optimiser, also after loading, while the others continue") {
  const TempFolder folder;
  for (const std::string& name : Registry<OptimizerEntry>::names()) {
    CAPTURE(name);
    Model m, late, all;
    auto optimizer = make_optimizer(name, m.w, .01);
    const auto fresh = make_optimizer(name, late.w, .01), usual = make_optimizer(name, all.w, .01);
    optimizer->freeze("rnn/*");
    for (std::uint64_t u = 0; u < 9; ++u) {
      if (u == 4) optimizer->group("rnn/*", {});
      if (u == 6) {
        save(folder / "run", *optimizer);
        optimizer = make_optimizer(name, m.w, .01);  // without groups, nothing is frozen
        load(folder / "run", *optimizer);
      }
      optimizer->step(m.gradient(u));
      usual->step(all.gradient(u));
      if (u >= 4) fresh->step(late.gradient(u));
    }
    for (const char* p : {"rnn/Wx", "rnn/Wh", "rnn/b"}) CHECK(test::same_bits(m[p], late[p]));
    for (const char* p : {"emb/W", "out/b"}) CHECK(test::same_bits(m[p], all[p]));
  }
}

TEST_CASE("The last matching group counts, also for parameters added later, and can unfreeze") {
  Params w{{.dtype = f64}};
  (w / "a").vector("b", 1, zero_init);
  Sgd sgd{w, {.lr = 1}};
  sgd.only({"a/*"});
  (w / "late").vector("b", 1, zero_init);
  (w / "a").vector("c", 1, zero_init);
  const auto step = [&] {
    Grads g;
    g.flat_of(w, f64).fill(-1);
    sgd.step(g);
  };
  const auto at = [&](const char* name) { return w.find(name).value().item(); };
  step();
  CHECK((at("a/b") == 1 && at("a/c") == 1 && at("late/b") == 0));
  sgd.group("late/*", {.rate = .5});
  sgd.group("*/c", {.rate = 2});
  step();
  CHECK((at("a/b") == 2 && at("a/c") == 3 && at("late/b") == .5));
}

TEST_CASE("A pattern that matches nothing is rejected with the nearest name, and changes nothing") {
  Model m;
  Sgd sgd{m.w, {.lr = 1}};
  CHECK(contains(message_of<ValueError>([&] { sgd.freeze("ebm/W"); }),
                 "sgd: no parameter matches 'ebm/W'; did you mean 'emb/W'?"));
  CHECK(contains(message_of<ValueError>([&] { sgd.freeze("*/bb"); }), "'rnn/b'"));
  CHECK(contains(message_of<ValueError>([&] { sgd.freeze("quite another"); }), "'emb/W'"));
  CHECK(contains(message_of<ValueError>([&] { sgd.only({"emb/*", "rn/*"}); }), "'rn/*'"));
  CHECK(contains(message_of<ValueError>([&] { sgd.group("*", {.rate = -1}); }), "a group's rate"));
  CHECK(contains(message_of<ValueError>([&] { sgd.group("*", {.decay = -1}); }), "a group's decay"));
  const Array before = m["out/W"].copy();
  sgd.step(m.gradient(0));
  CHECK_FALSE(test::same_bits(m["out/W"], before));
}

}  // namespace groups_test
