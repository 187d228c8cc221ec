#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>

#include "arrays.hpp"
#include "catch.hpp"

namespace registry_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::string rejection(const std::string& name, CellSizes sizes = {2, 3}) {
  return message_of<ValueError>([&] {
    Params w;
    make_cell(name, w / "cell", sizes);
  });
}

// Two fields with different widths and initial values, and an output that is not the first.
struct TwoStates {
  struct State {
    Var h, m;
  };
  Param W, V;
  int order;
  TwoStates(Builder p, CellSizes s)
      : W(p.matrix("W", s.input, s.hidden)), order(p.whole("order", 5, 1, 100, "width of the memory")) {
    V = p.matrix("V", s.hidden, order);
    p.state("m", &State::m, {order, 2}, .25);  // declared in a different order than the members
    p.state("h", &State::h, {s.hidden}, -1);
  }
  State step(const Var& x, const State& s) const {
    Var m = .5 * s.m + .5 * reshape(tanh(matmul(s.h, V)), {x.dim(0), order, 1});
    return {.h = tanh(matmul(x, W) + s.h), .m = m};
  }
  Var output(const Var&, const State& s) const { return s.h; }
};
EBB_CELL_NAMED(two_states, "test-two-states", TwoStates, "a memory of its own width");

struct Asks {
  Param W;
  Asks(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {
    const int order = p.whole("order", 5, 1, 100, "width of the memory");
    if (p.flag("trained", false, "whether it learns") && order == 7) p.reject("order", "7 does not learn");
  }
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
};
EBB_CELL_NAMED(asks, "test-asks", Asks, "options of every kind");

// Its default does not fit every width, as docs/writing-a-cell.md recommends to say it; `Never` fits none.
struct Grouped {
  Param W;
  Grouped(Builder p, CellSizes s) : W(p.matrix("W", s.input, s.hidden)) {
    if (s.hidden % p.whole("groups", 48, 1, 512, "blocks of W")) p.reject("groups", "must divide the hidden size");
  }
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
};
struct Never {
  Never(Builder p, CellSizes) { p.reject("groups", "fits never"); }
  Hidden step(const Var&, const Hidden& s) const { return s; }
};
struct Square {
  Param W;
  Square(Builder p, CellSizes s) : W(p.matrix("W", s.hidden, s.hidden)) {
    if (s.input != s.hidden) throw ValueError("square: input and hidden must be equal");
    p.option("leak", .5, "of the state");
  }
  Hidden step(const Var& x, const Hidden& s) const { return {tanh(matmul(x, W) + s.h)}; }
};

struct Truncating {
  Truncating(Builder p, CellSizes) { p.whole("n", 2.5, 1, 9, "of something"); }
  Hidden step(const Var&, const Hidden& s) const { return s; }
};
struct TooLong {
  TooLong(Builder p, CellSizes) { p.whole("n", 1, 0, std::int64_t{1} << 40, "of something"); }
  Hidden step(const Var&, const Hidden& s) const { return s; }
};
struct Shouts {
  Shouts(Builder p, CellSizes) { p.option("Leak", .5, "of the state"); }
  Hidden step(const Var&, const Hidden& s) const { return s; }
};
EBB_CELL_NAMED(truncating, "test-truncating", Truncating, "a default that is not an integer");
EBB_CELL_NAMED(too_long, "test-too-long", TooLong, "a limit that an int cannot hold");
EBB_CELL_NAMED(shouts, "test-shouts", Shouts, "an option with a capital letter");

struct Undeclared {
  struct State {
    Var h, c;
  };
  Undeclared(Builder p, CellSizes s) { p.state("h", &State::h, {s.hidden}); }
  State step(const Var&, const State& s) const { return s; }
};
EBB_CELL_NAMED(undeclared, "test-undeclared", Undeclared, "forgets to declare a field");

struct SameNames {
  struct State {
    Var h, c;
  };
  SameNames(Builder p, CellSizes s) {
    p.state("h", &State::h, {s.hidden});
    p.state("h", &State::c, {s.hidden});
  }
  State step(const Var&, const State& s) const { return s; }
};
EBB_CELL_NAMED(same_names, "test-same-names", SameNames, "two fields of one name");

struct Counts {
  struct State {
    Var h, c;
    int steps;
  };
  Counts(Builder p, CellSizes s) {
    p.state("h", &State::h, {s.hidden});
    p.state("c", &State::c, {s.hidden});
  }
  State step(const Var&, const State& s) const { return {s.h, s.c, s.steps + 1}; }
};
EBB_CELL_NAMED(counts, "test-counts", Counts, "a member that the next step does not receive");

}  // namespace

TEST_CASE("The registry lists the shipped cells by name with their descriptions and files") {
  std::vector<std::string> names;
  for (const CellInfo& c : cell_list()) {
    names.push_back(c.name);
    CHECK_FALSE(c.about.empty());
    CHECK(std::filesystem::exists(std::string(EBB_SOURCE_DIR "/") + c.file));  // relative to the tree
  }
  CHECK(std::is_sorted(names.begin(), names.end()));
  for (const char* wanted : {"rnn", "lstm", "gru", "gru-course"})
    CHECK(std::count(names.begin(), names.end(), wanted) == 1);
}

TEST_CASE("An unknown cell is rejected with the nearest name") {
  CHECK(contains(rejection("lstn"), "did you mean 'lstm'?"));
  CHECK(contains(rejection("LSTM"), "did you mean 'lstm'?"));
  CHECK(contains(rejection("gru_course:update_bias=1"), "did you mean 'gru-course'?"));
  CHECK(contains(rejection("gur"), "did you mean 'gru'?"));
  CHECK_FALSE(contains(rejection("transformer"), "did you mean"));
  CHECK(contains(rejection("transformer"), "lstm"));
  CHECK(contains(rejection(""), "the cells are"));
}

TEST_CASE("Invalid options are rejected with the list of options") {
  CHECK(contains(rejection("rnn:activatoin=relu"), "did you mean 'activation'?"));
  CHECK(contains(rejection("rnn:width=3"), "activation=tanh|relu|sigmoid|linear"));
  CHECK(contains(rejection("rnn:activation=reul"), "did you mean 'relu'?"));
  CHECK(contains(rejection("rnn:activation="), "none of tanh|relu|sigmoid|linear"));
  CHECK(contains(rejection("lstm:forget_bias=much"), "'much' is not a number"));
  CHECK(contains(rejection("lstm:forget_bias=1e999"), "is not a number"));
  CHECK(contains(rejection("lstm:forget_bias=0x10"), "'0x10' is not a number"));  // as everywhere else
  CHECK(rejection("lstm:forget_bias=1e-400") == "(nothing was thrown)");
  CHECK(contains(rejection("lstm:forget_bias=1,forget_bias=2"), "given twice"));
  CHECK(contains(rejection("lstm:"), "the name of an option is missing in 'lstm:'"));
  CHECK(contains(rejection("lstm:=1"), "the name of an option is missing in 'lstm:=1'"));
  CHECK(contains(rejection("lstm:forget_bias"), "option 'forget_bias' has no value"));
}

TEST_CASE("An option may be an integer, a flag or a word, and a cell rejects other invalid values by name") {
  CHECK(rejection("test-asks:order=2.5") == "test-asks: option order: '2.5' is not an integer from 1 to 100");
  CHECK(contains(rejection("test-asks:order=101"), "from 1 to 100"));
  CHECK(contains(rejection("test-asks:trained=yes"), "option trained: 'yes' is neither true nor false"));
  CHECK(rejection("test-asks:order=7,trained=true") == "test-asks: option order: 7 does not learn");
  CHECK(rejection("test-asks:order=1e1,trained=1") == "(nothing was thrown)");
  CHECK(rejection("slstm:heads=3", {2, 8}) == "slstm: option heads: must divide the hidden size");
  CHECK(contains(rejection("slstm:heads=2.5", {2, 8}), "option heads: '2.5' is not an integer from 1 to 8"));
  CHECK(contains(rejection("lstm:chrono=1"), "lstm: option chrono: the longest dependency"));
  CHECK(cell_options("test-asks")[1].default_value == "false");
}

TEST_CASE("Sizes below one are rejected") {
  CHECK(contains(rejection("gru", {2, 0}), "hidden is 0"));
  CHECK(contains(rejection("gru", {0, 2}), "input is 0"));
  CHECK(contains(rejection("gru", {2, -4}), "hidden is -4"));
}

TEST_CASE("Options reach the constructor, and cell_options lists them") {
  Params w{{.dtype = f64}};
  make_cell("lstm: forget_bias = 2", w / "a", {2, 3});
  make_cell("lstm:forget_bias=0", w / "b", {2, 3});
  make_cell("gru:update_bias=1", w / "c", {2, 3});
  make_cell("gru-course:update_bias=1", w / "d", {2, 3});
  make_cell("lstm", w / "e", {2, 3});
  for (int j = 3; j < 6; ++j) {
    CHECK(w.find("a/b").value().at({j}) == 2);
    CHECK(std::abs(w.find("b/b").value().at({j})) < 1 / std::sqrt(3.));
    CHECK(w.find("c/b").value().at({j}) == 1);
    CHECK(w.find("d/b").value().at({j}) == -1);
    CHECK(w.find("e/b").value().at({j}) == 1);
  }
  CHECK(std::abs(w.find("a/b").value().at({2})) < 1 / std::sqrt(3.));
  CHECK(std::abs(w.find("a/b").value().at({6})) < 1 / std::sqrt(3.));
  const std::vector<OptionInfo> options = cell_options("lstm");
  REQUIRE(options.size() == 2);
  CHECK(options[0].name == "forget_bias");
  CHECK(options[1].name == "chrono");
  CHECK(options[0].default_value == "1");
  CHECK_FALSE(options[0].help.empty());
}

TEST_CASE("The options of a cell are listed for whatever widths it accepts, with the reason if it accepts none") {
  const auto in_child = [](auto f) {  // an entry stays for good, and the other tests build every cell
    const pid_t child = ::fork();
    if (child == 0) {
      set_threads(1);  // the child has none of the parent's OpenMP threads
      ::_exit(f() ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  };
  CHECK(in_child([] {
    static const CellEntry entry("test-grouped", "", "", &detail::make_adapter<Grouped>);
    const std::vector<OptionInfo> o = cell_options("test-grouped");
    return o.size() == 1 && o[0].name == "groups" && o[0].default_value == "48";
  }));
  CHECK(in_child([] {
    static const CellEntry entry("test-square", "", "", &detail::make_adapter<Square>);
    return cell_options("test-square").at(0).name == "leak";
  }));
  CHECK(contains(message_of<ValueError>([] { cell_options("lstm:typo=1"); }), "lstm: there is no option 'typo'"));
  CHECK(in_child([] {
    static const CellEntry entry("test-never", "", "", &detail::make_adapter<Never>);
    return contains(message_of<ValueError>([] { cell_options("test-never"); }),
                    "test-never: option groups: fits never");
  }));
}

TEST_CASE("A cell's own state keeps its names, widths and initial values") {
  Params w{{.dtype = f64}};
  const CellPtr cell = make_cell("test-two-states:order=4", w / "cell", {2, 3});
  REQUIRE(cell->field_count() == 2);
  CHECK(std::string(cell->field(0).name) == "m");
  Tape tape{{.dtype = f64}};
  State s = cell->initial_state(7);
  CHECK(s["m"].shape() == Shape{7, 4, 2});
  CHECK(s["h"].shape() == Shape{7, 3});
  CHECK(s["m"].value().at({6, 3, 1}) == .25);
  CHECK(s["h"].value().at({6, 2}) == -1);
  const Var x = constant(uniform({7, 2}, Key{1}, -1, 1, f64));
  s = cell->step(x, s, StepContext{});
  CHECK(s["m"].shape() == Shape{7, 4, 2});
  CHECK(test::same_bits(cell->output(x, s).value(), s["h"].value()));
  CHECK(contains(message_of<ValueError>([&] { s["memory"]; }), "memory"));
}

TEST_CASE("A field of the state that was not declared is rejected when the cell is created") {
  CHECK(contains(rejection("test-undeclared"),
                 "State has the size of 2 Vars, of which 1 was declared by p.state(...): h;"));
}

TEST_CASE(
    "Two fields with one name, and a state with members that are not Vars, are rejected when the cell is created") {
  CHECK(contains(rejection("test-same-names"), "test-same-names: two fields of its state are named h"));
  CHECK(contains(rejection("test-counts"),
                 "test-counts: State has the size of 3 Vars, of which 2 were declared by p.state(...): h, c; each "
                 "needs a name and "
                 "a width, and no member can be anything but a Var"));
}

TEST_CASE("Two cells with one name are rejected, with the files of both") {
  // In a separate process, since entries cannot be removed.
  const pid_t child = ::fork();
  if (child == 0) {
    static const CellEntry again("lstm", "another", "elsewhere.cpp", &detail::make_adapter<TwoStates>);
    const std::string message = rejection("lstm");
    const bool listed = contains(message_of<ValueError>([] { cell_list(); }), "elsewhere.cpp");
    ::_exit(listed && contains(message, "elsewhere.cpp") && contains(message, "lstm.cpp") ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE(
    "The nearest word is found by edit distance, with swaps counting as one, and none is returned if all are far") {
  const std::vector<std::string> words = {"adding", "chars", "vanish"};
  CHECK(nearest("adidng", words) == "adding");
  CHECK(nearest("char", words) == "chars");
  CHECK(nearest("VANISH", words) == "vanish");
  CHECK(nearest("x", words) == "");
  CHECK(nearest("", words) == "");
  CHECK(nearest(std::string(100'000, 'a'), words) == "");
}

TEST_CASE("A cell whose options are declared wrong is rejected, naming the cell, the option and the value") {
  CHECK(rejection("test-truncating") == "test-truncating: option n: the default 2.5 is not an integer from 1 to 9");
  CHECK(rejection("test-truncating:n=3") == rejection("test-truncating"));
  CHECK(rejection("test-too-long") == "(nothing was thrown)");
  CHECK(rejection("test-too-long:n=5e9") == "test-too-long: option n: 5000000000 is out of the range of int");
  CHECK(rejection("test-shouts") ==
        "test-shouts declares the option 'Leak': a name consists of lower-case letters, "
        "digits, dashes and underscores");
  Params w;
  CHECK(message_of<ValueError>([&] { Truncating(w / "alone", {2, 3}); }) ==
        "option n: the default 2.5 is not an integer from 1 to 9");
}

}  // namespace registry_test
