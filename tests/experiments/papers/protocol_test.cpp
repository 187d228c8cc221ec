#include <ebb/experiments/papers/papers.hpp>
#include <ebb/experiments/papers/row_training.hpp>
#include <map>

#include "catch.hpp"
#include "message_of.hpp"

namespace protocol_test {

using namespace ebb::app;
using namespace ebb::app::papers;
using Catch::Matchers::Contains;

namespace {

const std::string head =
    "title = \"Toy\"\nauthors = \"Roe, Doe\"\nyear = 2020\nsource = \"nowhere\"\n[add]\nquestion = \"Is it learned?\"\n"
    "train = \"adding --hidden 4 --length 10\"\nreduced = \"--length 8 --steps 20\"\n";
const std::string row = "[add.gru]\noptions = \"--cell gru --hidden 5\"\npaper = 0.16\nagrees = \"within 5 %\"\n";

template <class F> std::string message(F&& f) { return test::message_of<ebb::Error>(f); }

Protocol toy(const std::string& text) { return protocol_of("toy", "toy.toml", text); }
std::string error_of(const std::string& text) {
  return message([&] { toy(text); });
}
std::string training_error(const std::string& text) {
  const Protocol p = toy(text);
  return message([&] { RowTraining{p, p.experiments[0], p.experiments[0].rows[0], Size::standard}; });
}

}  // namespace

TEST_CASE("a rule holds on its bounds and within its distance, and never for what is not a number") {
  CHECK(rule_of("<= 0.01").holds(.01, 5));
  CHECK(!rule_of("<= 0.01").holds(.011, 5));
  CHECK(rule_of(">= 99").holds(99, 5));
  CHECK(!rule_of(">= 99").holds(98.9, 5));
  CHECK(rule_of("0.9 to 1.1").holds(1.1, 5));
  CHECK(!rule_of("0.9 to 1.1").holds(.89, 1));
  CHECK(rule_of("within 0.5").holds(4.5, 5));
  CHECK(!rule_of("within 0.5").holds(4.4, 5));
  CHECK(rule_of("within 10 %").holds(-5.5, -5));
  CHECK(!rule_of("within 10 %").holds(5.6, 5));
  for (const char* text : {"<= 1", ">= 1", "0 to 1", "within 1", "within 1 %"}) CHECK(!rule_of(text).holds(NAN, 1));
  for (const char* text : {"", "1", "< 1", "<= x", "2 to 1", "within -1", "within 5%", "about 3"})
    CHECK_THAT(message([&] { rule_of(text); }), Contains("is no rule: write \"<= X\""));
}

TEST_CASE("a protocol is read with its numbers, rules and words") {
  const Protocol p = toy("about = [\"One.\",  # a remark\n  \"Two, # three.\"]\n" + head +
                         "solved = \"<= 0.01\"\n[add.lstm]\nname = \"LSTM\"\npaper = [1, 2, 6]\nspread = .5\n" + row);
  CHECK(p.short_title() == "Roe & Doe 2020");
  CHECK(p.about == std::vector<std::string>{"One.", "Two, # three."});
  REQUIRE(p.experiments.size() == 1);
  const Experiment& e = p.experiments[0];
  CHECK(e.train == Words{"adding", "--hidden", "4", "--length", "10"});
  CHECK(e.quantity() == "% of seeds with loss <= 0.01");
  REQUIRE(e.rows.size() == 2);
  CHECK(e.rows[0].label == "LSTM");
  CHECK(e.rows[0].paper == "1, 2, 6");
  CHECK(e.rows[0].number == 3);
  CHECK(e.rows[0].spread == .5);
  CHECK(!e.rows[0].agrees);
  CHECK(e.rows[1].label == "gru");
  CHECK(e.rows[1].number == .16);
  CHECK(e.rows[1].agrees->text == "within 5 %");
  CHECK(words_of(e, e.rows[1], true) == Words{"adding", "--length", "10", "--cell", "gru", "--hidden", "5"});
  CHECK(words_of(e, e.rows[1], false) ==
        Words{"adding", "--cell", "gru", "--hidden", "5", "--length", "8", "--steps", "20"});
}

TEST_CASE("a number may be the best of several rates, and the mean over lengths beyond training") {
  const std::string more = "lengths = \"beyond\"\nnumber = \"highest\"\nrates = [1e-3, 0.01]\n";
  const Experiment e = toy(head + "measure = \"accuracy\"\n" + more + row).experiments[0];
  CHECK(e.beyond);
  CHECK(e.pick == Pick::highest);
  CHECK(e.quantity() == "highest accuracy beyond training");
  CHECK(e.rates_of(true) == Words{"1e-3", "0.01"});
  CHECK(e.rates_of(false).empty());
  CHECK(words_of(e, e.rows[0], true, "0.01") ==
        Words{"adding", "--length", "10", "--cell", "gru", "--hidden", "5", "--lr", "0.01"});
  CHECK(toy(head + "number = \"lowest\"\n" + row).experiments[0].quantity() == "lowest loss");
}

TEST_CASE("lengths beyond training are those of --test-lengths above --length") {
  const auto parity = [](const std::string& options, const std::string& keys) {
    return toy("title = \"Toy\"\nauthors = \"Roe\"\nyear = 2020\nsource = \"nowhere\"\n[odd]\nquestion = \"Is it?\"\n" +
               ("train = \"parity --hidden 4 --length 10 " + options + "\"\n") + keys +
               "[odd.gru]\noptions = \"--cell gru\"\npaper = 100\n");
  };
  const auto beyond = [&](const std::string& options) {
    const Protocol p = parity(options, "measure = \"accuracy\"\nlengths = \"beyond\"\n");
    return RowTraining{p, p.experiments[0], p.experiments[0].rows[0], Size::full}.lengths();
  };
  CHECK(beyond("--test-lengths 5,10,11,20") == std::vector<int>{11, 20});
  CHECK(beyond("") == std::vector<int>{20, 40, 80, 160});
  CHECK_THAT(message([&] { beyond("--test-lengths 5,10"); }), Contains("--test-lengths has none above --length 10"));
  CHECK_THAT(message([&] { beyond("--test-lengths 5,5"); }), Contains("--test-lengths names 5 twice"));
  const Protocol p = parity("", "lengths = \"trained\"\n");
  const RowTraining trained{p, p.experiments[0], p.experiments[0].rows[0], Size::full};
  CHECK(trained.lengths().empty());
  CHECK_THAT(training_error(head + "lengths = \"beyond\"\n" + row),
             Contains("lengths: its task has no test at other lengths"));
}

TEST_CASE("an error in a protocol names the file, the line and the cure") {
  CHECK_THAT(error_of(head + "[add.gru]\noption = \"--cell gru\"\n"),
             Contains("'toy.toml', line 10: a row has no key 'option'; did you mean 'options'?"));
  CHECK_THAT(error_of("titel = \"x\"\n" + head), Contains("line 1: a paper has no key 'titel'; did you mean 'title'?"));
  CHECK_THAT(error_of(head + "mesure = \"loss\"\n" + row), Contains("line 9: an experiment has no key 'mesure'"));
  CHECK_THAT(error_of(head), Contains("line 6: the experiment [add] has no row: [add.ROW]"));
  CHECK_THAT(error_of(head + "[add.gru]\n"), Contains("line 9: the section [add.gru] has no keys"));
  CHECK_THAT(error_of(head + row + "[add.gru]\nnote = \"again\"\n"),
             Contains("line 13: the section [add.gru] occurs twice"));
  CHECK_THAT(error_of(head + "[sub.gru]\npaper = 1\n"), Contains("belongs to the experiment [sub]"));
  CHECK_THAT(error_of(head + "[add.gru]\npaper = 1\nagrees = \"about\"\n"),
             Contains("line 11: agrees: 'about' is no rule"));
  CHECK_THAT(error_of(head + "[add.gru]\npaper = \"not solved\"\nagrees = \"within 5 %\"\n"),
             Contains("'within 5 %' needs a number of the paper, which has 'not solved'"));
  CHECK_THAT(error_of(head + "[add.gru]\noptions = \"--cell gru\"\n"), Contains("line 10: 'paper' is missing"));
  CHECK_THAT(error_of(head + "[add.gru]\noptions = \"copy\"\n"),
             Contains("line 10: 'options' must begin with an option of `ebb train`, not with 'copy'"));
  CHECK_THAT(error_of("seeds = 0\n" + head + row), Contains("line 1: 'seeds' takes a whole number from 1 to 1000"));
  CHECK_THAT(error_of(head + "lengths = \"all\"\n" + row), Contains("line 9: 'lengths' takes trained or beyond"));
  CHECK_THAT(error_of(head + "number = 3\n" + row), Contains("'number' takes mean or highest or lowest"));
  CHECK_THAT(error_of(head + "number = \"highest\"\nrates = [0]\n" + row),
             Contains("line 10: 'rates' takes learning rates above 0"));
  CHECK_THAT(error_of(head + "number = \"highest\"\nrates = []\n" + row),
             Contains("line 10: 'rates' takes at least one learning rate"));
  CHECK_THAT(error_of(head + "[add.gru]\npaper = inf\n"), Contains("'paper' takes a finite number, not 'inf'"));
  CHECK_THAT(error_of(head + "[add.gru]\npaper = []\n"), Contains("'paper' is missing"));
  CHECK_THAT(error_of(head + row + "spread = -1\n"), Contains("'spread' takes a number from 0 on, not -1"));
  CHECK_THAT(error_of(head + row + "spread = inf\n"), Contains("'spread' takes a finite number, not 'inf'"));
  CHECK_THAT(error_of("year = \"soon\"\n"), Contains("line 1: 'year' takes a finite number, not 'soon'"));
  CHECK_THAT(error_of(head + "rates = [1e-3, 1e-2]\n" + row),
             Contains("line 6: [add]: with several rates, 'number' must be highest or lowest"));
  CHECK_THAT(error_of(head + "number = \"lowest\"\nsolved = \"<= 1\"\n" + row),
             Contains("line 6: [add]: 'solved' counts seeds, and 'number' takes one of them"));
  CHECK_THAT(error_of("[[add]]\nname = 1\n"), Contains("line 1: '[[add]]': an array of tables cannot be read"));
  CHECK_THAT(error_of("title = \"x\"\n"), Contains("'source' is missing"));
  CHECK_THAT(message([] { find_protocol("bai2019"); }), Contains("did you mean 'bai2018'?"));
}

TEST_CASE("an option that ebb train would reject is an error of the protocol, with its line") {
  const auto with = [](const std::string& options, const std::string& measure = "loss") {
    return training_error(head + "measure = \"" + measure + "\"\n[add.x]\npaper = 1\noptions = \"" + options + "\"\n");
  };
  CHECK_THAT(with("--hiden 4"), Contains("'toy.toml', line 11: [add.x]: --hiden: `ebb train` has no such option; did "
                                         "you mean '--hidden'?"));
  CHECK_THAT(with("--cell grv"), Contains("did you mean 'gru'?"));
  CHECK_THAT(with("--lr -1"), Contains("--lr must be above 0"));
  CHECK_THAT(with("--lr"), Contains("--lr has no value"));
  CHECK_THAT(with("--seed 3"), Contains("a protocol cannot set this option"));
  CHECK_THAT(with("--gap 5"), Contains("--gap"));
  CHECK_THAT(with("--length 1", "accuracy"), Contains("[add.x]"));
  CHECK_THAT(with("--cell gru", "accuracy"), Contains("unknown measure 'accuracy'; there are loss"));
}

TEST_CASE("the cost of a row grows with its updates") {
  const Protocol p = toy(head + row);
  const Experiment& e = p.experiments[0];
  const Cost c = RowTraining{p, e, e.rows[0], Size::standard}.cost();
  CHECK(c.updates == 20);
  CHECK(c.update > 0);
  CHECK(c.checking > 0);
  CHECK(c.own == 0);
  CHECK(c.seconds() == Approx(20 * c.update + c.checking));
}

TEST_CASE("the cost of a row has its remedy's own updates, before training and during it, which are not made") {
  const auto cost_with = [&](const std::string& remedy) {
    Protocol p = toy(head + row);
    Row r = p.experiments[0].rows[0];
    r.options.insert(r.options.end(), {"--length", "30", "--remedy", remedy});
    return RowTraining{p, p.experiments[0], r, Size::standard}.cost();
  };
  const std::string few = "flossing:horizon=20,warmup=4,exponents=2";
  for (const auto& [more, updates] : std::map<std::string, double>{{",before=3", 3},
                                                                   {",before=0,every=6,times=2", 100},
                                                                   {",before=4,every=6,updates=7", 18},
                                                                   {",before=1000000", 1e6},
                                                                   {"+clip:1", 50}}) {
    CAPTURE(more);
    const Cost c = cost_with(few + more);
    CHECK(c.own_updates == updates);
    CHECK(c.own > 0);
    CHECK(c.update > 0);
    CHECK(c.seconds() == Approx(20 * c.update + c.checking + c.own));
    CHECK_THAT(sweep::cost_line("add.x", c),
               Contains(updates == 3 ? " of 3 own updates of remedies" : " own updates of remedies"));
  }
  CHECK(cost_with(few + ",before=0").own == 0);
  CHECK(cost_with(few + ",before=0,every=20").own == 0);  // before the update after the last
  CHECK(cost_with("clip:1").own == 0);
  CHECK(cost_with("omega:4").own == 0);
}

TEST_CASE("known costs are stored and read, with what remedies cost among the rest") {
  const std::map<std::string, Cost> all{{"a.x", {.updates = 30, .update = .1, .checking = 2, .own = 7}}, {"a.y", {}}};
  const auto read = sweep::costs_from(sweep::costs_json(all), "costs.json");
  REQUIRE(read.size() == 1);
  CHECK(read.at("a.x").seconds() == Approx(all.at("a.x").seconds()));
  CHECK_THROWS_WITH(sweep::costs_from("{\"rows\": 3}", "costs.json"), Contains("costs.json"));
}

TEST_CASE("ebb train accepts every row of the protocols that are built in, reduced and as published", "[slow]") {
  CHECK(built_in_protocols().size() >= 2);
  for (const BuiltIn& b : built_in_protocols()) {
    const Protocol p = find_protocol(b.name);
    for (const Experiment& e : p.experiments)
      for (const Row& r : e.rows)
        for (const Size size : {Size::standard, Size::full}) {
          CAPTURE(b.name, e.name, r.name, name_of(size));
          CHECK(RowTraining{p, e, r, size}.updates() >= 1);
        }
  }
}

}  // namespace protocol_test
