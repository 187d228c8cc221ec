#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/tasks/caption/scenes.hpp>
#include <ebb/experiments/tasks/fashion.hpp>
#include <sstream>

namespace ebb::app {
namespace {

/// Consecutive random numbers of one scene's key.
class Draws {
 public:
  explicit Draws(Key key) : key_(key) {}
  int below(int n) { return key_.below(n, at_++); }
  int from(int low, int high) { return low + below(high - low + 1); }  // both ends included
  int sign() { return below(2) ? 1 : -1; }

 private:
  Key key_;
  std::uint64_t at_ = 0;
};

// Positions relative to the first item, in pixels; u is a fourteenth of an item. Items side by side differ by at most
// 6u in height, items above each other by at most 3u horizontally, and the two ends of a corner are at least 11u apart
// in both directions.
void arrange(Scene& s, Draws& draw, int u) {
  const auto jitter = [&] { return draw.from(-3 * u, 3 * u); };
  if (s.size() == 2 && draw.below(2)) {
    s[1].left = draw.from(14 * u, 24 * u);
    s[1].top = jitter();
  } else if (s.size() == 2) {
    s[1].top = draw.from(14 * u, 18 * u);
    s[1].left = jitter();
  } else if (draw.below(2)) {
    s[1].left = draw.from(14 * u, 17 * u);
    s[1].top = jitter();
    s[2].left = s[1].left + draw.from(14 * u, 17 * u);
    s[2].top = jitter();
  } else {
    s[1].top = draw.sign() * draw.from(14 * u, 15 * u);
    s[1].left = jitter();
    s[2].left = draw.sign() * draw.from(14 * u, 20 * u);
    s[2].top = jitter();
  }
}

// Moves the whole arrangement to a random position on the canvas.
void shift(Scene& s, Draws& draw, int side, int height, int width) {
  const auto place = [&](int Placed::* at, int room) {
    const auto before = [&](const Placed& a, const Placed& b) { return a.*at < b.*at; };
    const auto [low, high] = std::minmax_element(s.begin(), s.end(), before);
    const int first = (*low).*at, last = (*high).*at, begin = draw.from(0, room - side - (last - first));
    for (Placed& p : s) p.*at += begin - first;
  };
  place(&Placed::top, height);
  place(&Placed::left, width);
}

// Six shapes of 14 x 14 that cannot be turned into one another by shifting.
float shape_at(int kind, int y, int x) {
  const double dy = y - 6.5, dx = x - 6.5, r = std::hypot(dy, dx);
  const bool inside = std::abs(dy) < 5.5 && std::abs(dx) < 5.5;
  switch (kind) {
    case 0: return inside && std::abs(dy) < 2;                             // bar
    case 1: return inside && std::abs(dy) < 4 && std::abs(dx) < 4;         // block
    case 2: return inside && std::abs(std::abs(dy) - std::abs(dx)) < 1.5;  // cross
    case 3: return inside && (std::abs(dy) < 1 || std::abs(dx) < 1);       // plus
    case 4: return inside && std::abs(dx) < 2;                             // pole
    default: return r > 3 && r < 6;                                        // ring
  }
}

}  // namespace

Scenes::Scenes(const Task::Inputs& in) : data_(in.quick && in.data.empty() ? "generated" : in.data) {
  if (data_ == "generated") make_up();
  else read(in);
}

Scenes::~Scenes() = default;

void Scenes::read(const Task::Inputs& in) {
  constexpr std::array labels{8, 9, 3, 2, 5, 1};  // of the kinds, in Fashion-MNIST
  fashion_ = std::make_unique<FashionImages>("caption", in);
  data_ = fashion_->data();
  const Partition& parts = fashion_->partition();
  const std::vector<int>* const split[] = {&parts.train, &parts.valid, &parts.test};
  for (std::size_t s = 0; s < 3; ++s)
    for (const int item : *split[s]) {
      const auto kind =
          static_cast<std::size_t>(std::find(labels.begin(), labels.end(), fashion_->label(item)) - labels.begin());
      if (kind < labels.size()) items_[s][kind].push_back(item);
    }
  name({"a bag", "a boot", "a dress", "a pullover", "a sandal", "trousers"});
  source_ = fashion_->source() + "; scenes of six kinds";
}

void Scenes::make_up() {
  constexpr int each = 30, pixels = 14 * 14;
  unit_ = 1;
  made_up_ = uniform({3 * kinds * each, pixels}, Key{1}.named("shapes"), 0, .3);
  for (int item = 0; item < made_up_.dim(0); ++item) {
    const int kind = item % kinds;
    items_[static_cast<std::size_t>(item / (kinds * each))][static_cast<std::size_t>(kind)].push_back(item);
    for (int k = 0; k < pixels; ++k) made_up_.data<float>()[item * pixels + k] += .7F * shape_at(kind, k / 14, k % 14);
  }
  name({"a bar", "a block", "a cross", "a plus", "a pole", "a ring"});
  source_ = "generated, scenes of six shapes";
}

void Scenes::name(const std::array<const char*, kinds>& nouns) {
  words_ = {".", "a", "above", "and", "below", "between", "left", "of", "right"};
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    const std::string phrase = nouns[kind];
    words_.push_back(phrase.substr(phrase.find(' ') + 1));  // the whole phrase if there is no space
    nouns_[kind] = ids(phrase);
  }
}

std::vector<int> Scenes::ids(const std::string& text) const {
  std::vector<int> numbers;
  std::istringstream in(text);
  for (std::string word; in >> word;)
    numbers.push_back(static_cast<int>(std::find(words_.begin(), words_.end(), word) - words_.begin()));
  return numbers;
}

std::string Scenes::text(const std::vector<int>& sentence) const {
  std::string all;
  for (const int word : sentence) all += (all.empty() ? "" : " ") + words_.at(static_cast<std::size_t>(word));
  return all;
}

const std::vector<int>& Scenes::items(Split s, int kind) const {
  return items_[s == Split::train ? 0 : s == Split::valid ? 1 : 2].at(static_cast<std::size_t>(kind));
}

Array Scenes::image(int item) const {
  return fashion_ ? fashion_->image(item) : made_up_[item].reshape({side(), side()});
}

Scene Scenes::scene(Split split, std::uint64_t seed, std::uint64_t number) const {
  const char* const name = split == Split::train ? "train" : split == Split::valid ? "valid" : "test";
  Draws draw(Key{split == Split::train ? seed : 0}.named("scenes").named(name).at(number));
  Scene s(draw.below(3) == 0 ? 2 : 3);
  std::vector<int> left{0, 1, 2, 3, 4, 5};
  for (Placed& p : s) {
    const int which = draw.below(static_cast<int>(left.size()));
    p.kind = left[static_cast<std::size_t>(which)];
    left.erase(left.begin() + which);
    const std::vector<int>& all = items(split, p.kind);
    p.item = all[static_cast<std::size_t>(draw.below(static_cast<int>(all.size())))];
  }
  arrange(s, draw, unit_);
  shift(s, draw, side(), height(), width());
  return s;
}

bool Scenes::beside(const Placed& a, const Placed& b) const { return std::abs(a.top - b.top) < side() / 2; }

std::vector<int> Scenes::relation(const Placed& a, const Placed& b) const {
  if (beside(a, b)) return ids(a.left < b.left ? "left of" : "right of");
  return ids(a.top < b.top ? "above" : "below");
}

std::vector<int> Scenes::sentence(const Scene& scene) const {
  std::vector<int> said;
  const auto say = [&](const std::vector<int>& words) { said.insert(said.end(), words.begin(), words.end()); };
  const auto noun = [&](const Placed& p) { say(nouns_[static_cast<std::size_t>(p.kind)]); };
  Scene s = scene;
  if (s.size() == 2) {
    if (s[0].kind > s[1].kind) std::swap(s[0], s[1]);
    noun(s[0]);
    say(relation(s[0], s[1]));
    noun(s[1]);
    return said;
  }
  std::sort(s.begin(), s.end(), [](const Placed& a, const Placed& b) { return a.left < b.left; });
  if (beside(s[0], s[1]) && beside(s[1], s[2]) && beside(s[0], s[2])) {
    noun(s[1]);
    say(ids("between"));
    noun(s[0]);
    say(ids("and"));
    noun(s[2]);
    return said;
  }
  // Two of a corner's three items are side by side: the third, and the one at the corner.
  const std::size_t third = beside(s[0], s[1]) ? 2 : beside(s[0], s[2]) ? 1 : 0;
  std::swap(s[0], s[third]);
  if (std::abs(s[0].left - s[1].left) > std::abs(s[0].left - s[2].left)) std::swap(s[1], s[2]);
  noun(s[0]);
  say(relation(s[0], s[1]));
  noun(s[1]);
  say(relation(s[1], s[2]));
  noun(s[2]);
  return said;
}

Array Scenes::picture(const Scene& scene) const {
  Array canvas = Array::zeros({height(), width()}, f32);
  for (const Placed& p : scene) {
    const Array image = this->image(p.item);
    for (int y = 0; y < side(); ++y)
      for (int x = 0; x < side(); ++x) {
        float& pixel = canvas.data<float>()[(p.top + y) * width() + p.left + x];
        pixel = std::max(pixel, image.data<float>()[y * side() + x]);
      }
  }
  return canvas;
}

}  // namespace ebb::app
