#include <sys/wait.h>
#include <unistd.h>

#include <ebb/nn/given_options.hpp>
#include <ebb/nn/registry.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace registry_of_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

struct Thing : Registered<Thing> {
  static constexpr const char* kind = "thing";
  Thing(const char* n, const char* a, const char* f, int v) : Registered(n, a, f), value(v) {}
  int value;
};
const Thing second{"second", "the other", "../../things/second.cpp", 2};
const Thing first{"first", "one of them", "things/first.cpp", 1};

struct None : Registered<None> {
  static constexpr const char* kind = "thing of another kind";
};

// Entries cannot be removed, so tests register them in a separate process.
bool in_child(const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(holds() ? 0 : 1);
  int status = -1;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string rejection(const std::string& text) {
  return message_of<ValueError>([&] { GivenOptions::after_name(text); });
}

}  // namespace

TEST_CASE("A registry lists by name, finds, and keeps kinds apart") {
  CHECK(Registry<Thing>::names() == std::vector<std::string>{"first", "second"});
  CHECK(Registry<Thing>::get("second").value == 2);
  CHECK(Registry<Thing>::find("secon") == nullptr);
  CHECK(Registry<None>::list().empty());
}

TEST_CASE("An unknown name is rejected with the nearest and all registered names") {
  CHECK(message_of<ValueError>([] { Registry<Thing>::get("secnod"); }) ==
        "there is no thing 'secnod'; did you mean 'second'?; the things are first, second");
}

TEST_CASE("Two different things with one name are rejected with the files of both, relative to the tree") {
  CHECK(in_child([] {
    static const Thing another{"second", "quite another", "/home/someone/build/mine/second.cpp", 3};
    const auto wanted = [](const std::string& m) {
      return contains(m, "two things are registered as 'second', in ") && contains(m, " mine/second.cpp") &&
             contains(m, " things/second.cpp") && !contains(m, "someone");
    };
    return wanted(message_of<ValueError>([] { Registry<Thing>::get("second"); })) &&
           wanted(message_of<ValueError>([] { Registry<Thing>::list(); })) && Registry<Thing>::get("first").value == 1;
  }));
}

TEST_CASE("A thing registered twice, by two copies of one library, counts once") {
  CHECK(in_child([] {
    static const Thing again{"second", "the other", "/elsewhere/things/second.cpp", 2};
    return Registry<Thing>::list().size() == 2 && Registry<Thing>::get("second").value == 2;
  }));
}

TEST_CASE("Options after a name are numbers, integers, flags, choices and words") {
  GivenOptions o = GivenOptions::after_name("thing: scale = 2e-1 , order=12,on=true,way=back,pattern=a*|b");
  double scale = 1;
  bool on = false, off = false;
  std::int64_t order = 4, kept = 7;
  std::string pattern = "c";
  o("scale", scale, "how large")("order", order, "how many")("on", on, "whether")("off", off, "whether not")(
      "pattern", pattern, "which")("kept", kept, "as it is");
  CHECK(o.choice("way", "forth|back", "where") == 1);
  o.reject_unknown();
  CHECK(o.owner() == "thing");
  CHECK((scale == .2 && order == 12 && on && !off && pattern == "a*|b" && kept == 7));
  REQUIRE(o.known().size() == 7);
  CHECK(o.known()[1].name == "order");
  CHECK(o.known()[1].default_value == "4");
  CHECK(o.known()[2].default_value == "false");
}

TEST_CASE("An option value is a double in every expression, and not an integer") {
  GivenOptions o = GivenOptions::after_name("thing:x=2.5");
  const OptionValue x = o.number("x", 1, "");
  const double y = x;
  const float z = static_cast<float>(x);
  CHECK((y == 2.5 && z == 2.5F));
  CHECK((x + 1 == 3.5 && 1 - x == -1.5 && 2 * x == 5. && 5 / x == 2. && -x == -2.5 && x * x == 6.25));
  CHECK((x > 2 && 2 < x && x <= 2.5 && x == 2.5 && x != 2 && x == x));
  CHECK(std::pow(2, x - .5) == 4);
  CHECK(std::sqrt(x) == std::sqrt(2.5));
  CHECK((x > 0 ? x : 1.) == 2.5);
}

TEST_CASE("An option value of the wrong kind is rejected, naming owner and option") {
  const auto asked = [](const std::string& text, auto ask) {
    GivenOptions o = GivenOptions::after_name(text);
    return message_of<ValueError>([&] { ask(o); });
  };
  CHECK(asked("a:x=1e999", [](auto& o) { o.number("x", 0, ""); }) == "a: option x: '1e999' is not a number");
  CHECK(asked("a:x=0x10", [](auto& o) { o.number("x", 0, ""); }) ==
        "a: option x: '0x10' is not a number");  // as everywhere else
  CHECK(asked("a:x=1e-400", [](auto& o) { o.number("x", 1, ""); }) == "(nothing was thrown)");
  CHECK(asked("a:x=", [](auto& o) { o.number("x", 0, ""); }) == "a: option x: '' is not a number");
  CHECK(asked("a:x=1.5", [](auto& o) { o.whole("x", 1, 0, 9, ""); }) ==
        "a: option x: '1.5' is not an integer from 0 to 9");
  CHECK(contains(asked("a:x=10", [](auto& o) { o.whole("x", 1, 0, 9, ""); }), "from 0 to 9"));
  CHECK(contains(asked("a:x=1e300",
                       [](auto& o) {
                         int x = 0;
                         o("x", x, "");
                       }),
                 "not an integer"));
  CHECK(asked("a:x=yes", [](auto& o) { o.flag("x", false, ""); }) == "a: option x: 'yes' is neither true nor false");
  CHECK(asked("a:x=bakc", [](auto& o) { o.choice("x", "forth|back", ""); }) ==
        "a: option x: 'bakc' is none of forth|back; did you mean 'back'?");
  CHECK(asked("a:xs=1", [](auto& o) {
          o.number("x", 0, "help");
          o.reject_unknown();
        }) == "a: there is no option 'xs'; did you mean 'x'?; the options are x=0 (help)");
  CHECK(asked("a", [](auto& o) {
          double x = 1;
          bool y = false;
          o("x", x, "help")("y", y, "help")("x", x, "help");
        }) == "a: option 'x' is declared twice");
  CHECK(asked("a", [](auto& o) {
          o.whole("x", 1, 0, 9, "help");
          o.whole("x", 1, 0, 9, "help");
        }) == "(nothing was thrown)");  // two parts of one kind
  CHECK(asked("a", [](auto& o) {
          o.whole("x", 1, 0, 9, "help");
          o.number("x", 2, "help");
        }) == "a: option 'x' is declared twice, as x=1 (help) and as x=2 (help)");
  CHECK(asked("a:x=1", [](auto& o) { o.reject_unknown(); }) == "a: there is no option 'x'; it has none");
}

TEST_CASE("A default or limit that an integer option does not allow is rejected, naming owner, option and value") {
  const auto asked = [](const std::string& text, auto ask) {
    GivenOptions o = GivenOptions::after_name(text);
    return message_of<ValueError>([&] { ask(o); });
  };
  for (const char* text : {"a", "a:x=3"})  // nor is it truncated where another value is given
    CHECK(asked(text, [](auto& o) { o.whole("x", 2.5, 1, 9, ""); }) ==
          "a: option x: the default 2.5 is not an integer from 1 to 9");
  CHECK(asked("a", [](auto& o) { o.whole("x", NAN, 1, 9, ""); }) ==
        "a: option x: the default nan is not an integer from 1 to 9");
  CHECK(asked("a", [](auto& o) { o.whole("x", 1e300, 1, 9, ""); }) ==
        "a: option x: the default 1e+300 is not an integer from 1 to 9");
  CHECK(asked("a", [](auto& o) { o.whole("x", 10, 1, 9, ""); }) ==
        "a: option x: the default 10 is not an integer from 1 to 9");
  CHECK(asked("a", [](auto& o) { o.whole("x", 0, 1, 9, ""); }) ==
        "a: option x: the default 0 is not an integer from 1 to 9");
  CHECK(asked("a", [](auto& o) { o.whole("x", 1, .5, 9, ""); }) ==
        "a: option x: the lower limit 0.5 is not an integer");
  CHECK(asked("a", [](auto& o) { o.whole("x", 1, 0, 9.5, ""); }) ==
        "a: option x: the upper limit 9.5 is not an integer");
  CHECK(asked("a", [](auto& o) { o.whole("x", 2., 1, 9, ""); }) == "(nothing was thrown)");
}

TEST_CASE("An option has a name that can be given: lower-case letters, digits, dashes and underscores") {
  const auto named = [](const std::string& name) {
    return message_of<ValueError>([&] {
      GivenOptions o("mine", "x=1");
      o.number(name, 1, "");
    });
  };
  for (const char* name : {"", "a:b", "a=b", "a,b", "a b", "a\t", "Beta", "betA", "-a", "init.W"})
    CHECK(named(name) == "mine declares the option '" + std::string(name) +
                             "': a name consists of lower-case letters, digits, dashes and underscores");
  for (const char* name : {"beta", "beta-1", "beta_2", "2d"}) CHECK(named(name) == "(nothing was thrown)");
  CHECK(message_of<ValueError>([] {
          GivenOptions o("mine", "x=1");
          bool on = false;
          o("On", on, "");
        }).find("mine declares the option 'On'") == 0);
}

TEST_CASE("Text that is not a list of options is rejected, and a value alone belongs to the first option") {
  CHECK(rejection("a:x") == "a: option 'x' has no value; options are written a:x=value");
  CHECK(rejection("a:y=1, groups") == "a: option 'groups' has no value; options are written a:groups=value");
  for (const char* text : {"a:", "a:=1", "a:x=1,", "a:x=1,,y=2"})
    CHECK(contains(rejection(text), std::string("a: the name of an option is missing in '") + text + "'; options are"));
  CHECK(contains(rejection("a:x=1,x=2"), "'x' is given twice"));
  GivenOptions o = GivenOptions::after_name("a:500,y=2", "x");
  CHECK(o.whole("x", 0, 0, 1000, "") == 500);
  CHECK(o.number("y", 0, "") == 2);
  CHECK(contains(message_of<ValueError>([] { GivenOptions::after_name("a:500,x=2", "x"); }), "given twice"));
}

}  // namespace registry_of_test
