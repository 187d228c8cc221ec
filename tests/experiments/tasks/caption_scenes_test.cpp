#include <algorithm>
#include <cstdlib>
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "catch.hpp"

namespace caption_scenes_test {

using namespace ebb;
using namespace ebb::app;

namespace {

const std::string fashion = "/usr/share/datasets/fashion-mnist";

// What a reader makes of a sentence, who knows nothing of how it was made: pairs of words with what stands between
// them.
struct Claim {
  std::string one, how, other;
};

std::vector<Claim> claims(const std::string& sentence) {
  std::vector<std::string> words;
  std::istringstream in(sentence);
  for (std::string w; in >> w;)
    if (w != "a" && w != "of") words.push_back(w);
  if (words.size() == 5 && words[1] == "between" && words[3] == "and")
    return {{words[0], "right", words[2]}, {words[0], "left", words[4]}};
  std::vector<Claim> all;
  for (std::size_t k = 0; k + 2 < words.size(); k += 2) all.push_back({words[k], words[k + 1], words[k + 2]});
  REQUIRE(words.size() == 2 * all.size() + 1);
  return all;
}

// Boxes apart in the direction that the word names, and overlapping in the other.
bool holds(const std::string& how, const Placed& a, const Placed& b, int side) {
  const bool level = std::abs(a.top - b.top) < side, upright = std::abs(a.left - b.left) < side;
  if (how == "left") return level && a.left + side <= b.left;
  if (how == "right") return level && b.left + side <= a.left;
  if (how == "above") return upright && a.top + side <= b.top;
  if (how == "below") return upright && b.top + side <= a.top;
  return false;
}

void check_scenes(const Scenes& scenes, const std::vector<std::string>& nouns) {
  std::map<std::string, int> seen;
  for (const Split split : {Split::train, Split::valid, Split::test})
    for (std::uint64_t number = 0; number < 500; ++number) {
      Scene scene = scenes.scene(split, 3, number);
      const std::string said = scenes.text(scenes.sentence(scene));
      INFO(said);
      std::map<std::string, Placed> by_name;
      for (const Placed& p : scene) {
        CHECK((p.top >= 0 && p.left >= 0 && p.top + scenes.side() <= scenes.height() &&
               p.left + scenes.side() <= scenes.width()));
        by_name[nouns[static_cast<std::size_t>(p.kind)]] = p;
      }
      REQUIRE(by_name.size() == scene.size());  // kinds are distinct
      const std::vector<Claim> all = claims(said);
      REQUIRE(all.size() == scene.size() - 1);
      std::set<std::string> named;
      for (const Claim& c : all) {
        REQUIRE((by_name.count(c.one) && by_name.count(c.other)));
        CHECK(holds(c.how, by_name[c.one], by_name[c.other], scenes.side()));
        named.insert({c.one, c.other});
        ++seen[c.how];
      }
      CHECK(named.size() == scene.size());
      if (scene.size() == 2) CHECK(all[0].one < all[0].other);
      seen["between"] += said.find("between") != std::string::npos;
      std::reverse(scene.begin(), scene.end());
      CHECK(scenes.text(scenes.sentence(scene)) == said);  // a function of what stands where
    }
  for (const char* how : {"left", "right", "above", "below", "between"}) CHECK(seen[how] > 150);
}

}  // namespace

TEST_CASE("a caption describes the positions of the objects' boxes correctly") {
  check_scenes(Scenes({.data = "generated"}), {"bar", "block", "cross", "plus", "pole", "ring"});
  if (std::filesystem::exists(fashion))
    check_scenes(Scenes({.data = fashion}), {"bag", "boot", "dress", "pullover", "sandal", "trousers"});
  else WARN("skipped: Debian's package dataset-fashion-mnist is not installed");
}

TEST_CASE("a caption that swaps two objects or names the wrong direction is wrong") {
  const Placed a{.kind = 0, .top = 5, .left = 0}, b{.kind = 1, .top = 0, .left = 20};
  CHECK(holds("left", a, b, 14));
  CHECK(!holds("left", b, a, 14));
  CHECK(!holds("above", b, a, 14));
  const Scenes scenes({.data = "generated"});
  CHECK(scenes.text(scenes.sentence({b, a})) == "a bar left of a block");
  const Placed c{.kind = 5, .top = 18, .left = 22};
  CHECK(scenes.text(scenes.sentence({a, b, c})) == "a ring below a block right of a bar");
  CHECK(scenes.text(scenes.sentence({b, {.kind = 2, .top = 3, .left = 34}, a})) == "a block between a bar and a cross");
}

TEST_CASE("a picture has each image at the scene's position, and nothing else") {
  const Scenes scenes({.data = "generated"});
  for (std::uint64_t number = 0; number < 20; ++number) {
    const Scene scene = scenes.scene(Split::train, 1, number);
    const Array picture = scenes.picture(scene);
    REQUIRE(picture.shape() == Shape{scenes.height(), scenes.width()});
    for (int y = 0; y < scenes.height(); ++y)
      for (int x = 0; x < scenes.width(); ++x) {
        double brightest = 0;
        for (const Placed& p : scene)
          if (y >= p.top && y < p.top + 14 && x >= p.left && x < p.left + 14)
            brightest = std::max(brightest, scenes.image(p.item).at({y - p.top, x - p.left}));
        REQUIRE(picture.at({y, x}) == brightest);
      }
  }
}

TEST_CASE("no image of one split is in a scene of another") {
  for (const char* data : {"generated", fashion.c_str()}) {
    if (data == fashion && !std::filesystem::exists(fashion)) continue;
    const Scenes scenes({.data = data});
    std::map<int, std::pair<Split, int>> owner;
    for (const Split split : {Split::train, Split::valid, Split::test})
      for (int kind = 0; kind < Scenes::kinds; ++kind)
        for (const int item : scenes.items(split, kind)) CHECK(owner.emplace(item, std::pair{split, kind}).second);
    for (const Split split : {Split::train, Split::valid, Split::test})
      for (std::uint64_t number = 0; number < 300; ++number)
        for (const Placed& p : scenes.scene(split, 1, number)) CHECK(owner.at(p.item) == std::pair{split, p.kind});
  }
}

}  // namespace caption_scenes_test
