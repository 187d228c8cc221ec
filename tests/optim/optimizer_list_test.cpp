#include <ebb/nn/params.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/optim/lion.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/sgd.hpp>

#include "catch.hpp"
#include "nn/arrays.hpp"

namespace optimizer_list_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

/// A user's optimiser: a matrix steps along its gradient divided by the largest entry, unless its name excludes it, and
/// a vector along its gradient.
struct PeakOptions {
  double lr = .1, decay = 0;
  int power = 1;
  std::string still = "none";
  void declare(GivenOptions& given) {
    given("decay", decay, "weight decay")("power", power, "of the scale")("still", still, "a name that stays");
  }
};
class Peak final : public Optimizer {
 public:
  using Options = PeakOptions;
  explicit Peak(const LeafSet& set, PeakOptions o = {}) : Optimizer("test-peak", set, o.lr, o.decay, 0), o_(o) {
    check("power", o.power, 1, 3);
  }

 private:
  void update(const Slice<float>& s) override { run(s); }
  void update(const Slice<double>& s) override { run(s); }
  template <class T> void run(const Slice<T>& s) const {
    if (s.name == o_.still) return;
    T peak = s.shape.rank() == 2 ? 0 : 1;
    for (std::int64_t i = 0; i < s.size && s.shape.rank() == 2; ++i) peak = std::max(peak, std::abs(s.g[i]));
    const T rate = static_cast<T>(s.lr / std::pow(peak, o_.power)), decay = static_cast<T>(s.lr * s.decay);
    for (std::int64_t i = 0; i < s.size; ++i) s.w[i] -= rate * s.g[i] + decay * s.w[i];
  }
  PeakOptions o_;
};
EBB_OPTIMIZER_NAMED(test_peak, "test-peak", Peak, "steps of one size per matrix");

/// It cannot be made without parameters, and declares an option twice.
struct PickyOptions {
  double lr = .1, decay = 0;
  void declare(GivenOptions& given) { given("decay", decay, "weight decay"); }
};
class Picky final : public Optimizer {
 public:
  using Options = PickyOptions;
  Picky(const LeafSet& set, PickyOptions o) : Optimizer("test-picky", set, o.lr, o.decay, 0) {
    if (set.count() == 0) throw ValueError("test-picky: needs a parameter");
  }

 private:
  void update(const Slice<float>&) override {}
  void update(const Slice<double>&) override {}
};
struct TwiceOptions {
  double lr = .1, power = 1, other = 2;
  void declare(GivenOptions& given) { given("power", power, "of a step")("power", other, "of another"); }
};
class Twice final : public Optimizer {
 public:
  using Options = TwiceOptions;
  Twice(const LeafSet& set, TwiceOptions o) : Optimizer("test-twice", set, o.lr, 0, 0) {}

 private:
  void update(const Slice<float>&) override {}
  void update(const Slice<double>&) override {}
};

std::string rejection(const std::string& text) {
  return message_of<ValueError>([&] { make_optimizer(text, LeafSet{}, 1e-3); });
}

}  // namespace

TEST_CASE("Every optimiser is listed with its options, and created with its defaults") {
  const std::vector<std::string> names = Registry<OptimizerEntry>::names();
  for (const char* wanted : {"adam", "adamw", "lion", "muon", "sgd", "test-peak"})
    CHECK(std::count(names.begin(), names.end(), wanted) == 1);
  CHECK(names.size() >= 12);
  for (const OptimizerEntry* e : Registry<OptimizerEntry>::list()) {
    CAPTURE(e->name);
    CHECK(std::string(e->about).size() > 10);
    CHECK(make_optimizer(e->name, LeafSet{}, .25)->lr() == .25);
    bool decays = false;
    for (const OptionInfo& o : optimizer_options(e->name)) {
      CHECK_FALSE(o.help.empty());
      CHECK(o.name != "lr");
      decays = decays || o.name == "decay";
      make_optimizer(std::string(e->name) + ":" + o.name + "=" + (o.name == "nesterov" ? "false" : o.default_value),
                     LeafSet{}, .1);  // the default is a valid value
    }
    CHECK(decays);
  }
}

TEST_CASE("Options after the name reach the optimiser: the same bits as with options given in C++") {
  Params text{{.seed = 4}}, code{{.seed = 4}};
  for (Params* w : {&text, &code}) {
    (*w / "a").matrix("W", 3, 4);
    (*w / "a").vector("b", 4);
  }
  const auto by_name = make_optimizer("lion:beta2=.5,decay=.25", text, .01);
  Lion by_type{code, {.lr = .01, .beta2 = .5, .decay = .25}};
  for (std::uint64_t u = 0; u < 4; ++u) {
    Grads g, h;
    g.flat_of(text, f32).assign(normal({static_cast<int>(text.size())}, Key{1}.at(u), 0, 1, f32));
    h.flat_of(code, f32).assign(normal({static_cast<int>(code.size())}, Key{1}.at(u), 0, 1, f32));
    by_name->step(g);
    by_type.step(h);
  }
  CHECK(test::same_bits(text.flat(), code.flat()));
}

TEST_CASE("An unknown optimiser or option and a value out of range are rejected by name") {
  CHECK(contains(rejection("adma"),
                 "there is no optimiser 'adma'; did you mean 'adam'?; the optimisers are adadelta, adagrad, adam,"));
  CHECK(contains(rejection("lion:beta3=.5"),
                 "lion: there is no option 'beta3'; did you mean 'beta1'?; the options are beta1=0.9 ("));
  CHECK(contains(rejection("lion:lr=.5"), "the learning rate is given separately"));
  CHECK(contains(rejection("lion:beta2=2"), "lion: beta2 must be at least 0 and less than 1, but is 2"));
  CHECK(contains(rejection("rmsprop:centered=yes"), "rmsprop: option centered: 'yes' is neither true nor false"));
  CHECK(contains(rejection("sgd:nesterov=true"), "nesterov requires momentum"));
  CHECK(contains(rejection("muon:iterations=0"), "muon: option iterations: '0' is not an integer from 1 to 100"));
  CHECK(contains(rejection("test-peak:power=5"), "test-peak: power must be"));
}

TEST_CASE("The options of an optimiser are listed without constructing it, and each is declared once") {
  GivenOptions made("test-picky", "decay=1"), given("test-picky", "decay=1"), twice("test-twice", "power=1");
  CHECK_THROWS_AS(detail::OptimizerMaker<Picky>::make(LeafSet{}, 1, made), ValueError);
  detail::OptimizerMaker<Picky>::declare(given);
  REQUIRE(given.known().size() == 1);
  CHECK(given.known()[0].name == "decay");
  CHECK(message_of<ValueError>([&] { detail::OptimizerMaker<Twice>::make(LeafSet{}, 1, twice); }) ==
        "test-twice: option 'power' is declared twice");
}

TEST_CASE("An optimiser's options have names that can be given, and its class passes the registered name") {
  const auto named = [](const char* option) {
    return message_of<ValueError>([&] { detail::check_option_names("mine", {{option, "1", "help"}}); });
  };
  CHECK(named("lr") == "mine: an option cannot be named 'lr': the learning rate is given separately");
  CHECK_NOTHROW(detail::check_option_names("mine", {{"beta-1", "1", "help"}}));
  const Peak peak{LeafSet{}};
  CHECK_NOTHROW(detail::check_passed_name("test-peak", peak));
  CHECK(message_of<ValueError>([&] { detail::check_passed_name("twomem", peak); }) ==
        "twomem: its constructor passes the name 'test-peak' to Optimizer");
}

TEST_CASE("An optimiser receives the name and the shape of each parameter") {
  Params w{{.dtype = f64}};
  (w / "a").matrix("W", 2, 3, constant_init(1));
  (w / "a").matrix("V", 2, 3, constant_init(1));
  (w / "a").vector("b", 3, constant_init(1));
  Grads g;
  g.flat_of(w, f64);
  for (int k = 0; k < w.count(); ++k) g[w[k]].fill(-4);
  make_optimizer("test-peak:still=a/V,power=2", w, .5)->step(g);
  CHECK(w.find("a/W").value().at({1, 2}) == 1.125);
  CHECK(w.find("a/V").value().at({0, 0}) == 1);
  CHECK(w.find("a/b").value().at({0}) == 3);
}

}  // namespace optimizer_list_test
