#pragma once
#include <array>
#include <ebb/experiments/train/task.hpp>
#include <memory>
#include <string>
#include <vector>

namespace ebb::app {

class FashionImages;

/// An item in a scene: its class, its image, and the position of the image's upper left corner in pixels.
struct Placed {
  int kind = 0, item = 0;
  int top = 0, left = 0;
};
using Scene = std::vector<Placed>;

/// Scenes of two or three Fashion-MNIST items of different classes, and the sentence that describes each.
///
/// The classes are bags, boots, dresses, pullovers, sandals and trousers. Two items are side by side or one above the
/// other; three are in a row, or one is at a corner with another beside it and a third above or below it. Two, row and
/// corner are equally frequent. Everything is drawn by key: (split, seed, number) determines the scene. Items of
/// training scenes are from the first 55,000 images, of validation scenes from the next 5,000, of test scenes from the
/// publishers' 10,000 test images.
///
/// Shapes    an image is [64, 96], an item in it [28, 28]; half of that for generated images
/// Source    data: Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747
class Scenes {
 public:
  static constexpr int kinds = 6, end = 0;  // the token that ends a sentence and precedes its first word
  static constexpr int longest = 10;        // words of a sentence, including the end token

  /// Errors    FileError as FashionImages
  explicit Scenes(const Task::Inputs&);
  ~Scenes();

  Scene scene(Split, std::uint64_t seed, std::uint64_t number) const;
  /// The scene's sentence, a function of the items and positions, without the end token:
  ///
  ///     two       X R Y, X before Y in the order of the classes, R one of: left of, right of, above, below
  ///     a row     Y between X and Z, from left to right
  ///     a corner  X R C S Z: C the item at the corner, X above or below it, Z left or right of it
  std::vector<int> sentence(const Scene&) const;
  /// [height, width], from 0 to 1; where images overlap, the brighter value.
  Array picture(const Scene&) const;

  int side() const { return 14 * unit_; }  ///< of an item, pixels
  int height() const { return 32 * unit_; }
  int width() const { return 48 * unit_; }
  const std::vector<std::string>& words() const { return words_; }
  /// "a bag left of a boot"
  std::string text(const std::vector<int>& sentence) const;
  const std::vector<int>& items(Split, int kind) const;  ///< indices of the images that show one
  Array image(int item) const;                           ///< [side, side]
  const std::string& source() const { return source_; }
  /// The source of the items: "generated", or a folder.
  const std::string& data() const { return data_; }

 private:
  void read(const Task::Inputs&);
  void make_up();
  void name(const std::array<const char*, kinds>& nouns);
  std::vector<int> relation(const Placed&, const Placed&) const;
  std::vector<int> ids(const std::string& text) const;
  bool beside(const Placed&, const Placed&) const;
  int unit_ = 2;                                              // pixels: a fourteenth of an item
  std::unique_ptr<FashionImages> fashion_;                    // none for generated scenes
  Array made_up_;                                             // [N, 196]
  std::array<std::array<std::vector<int>, kinds>, 3> items_;  // of each split
  std::array<std::vector<int>, kinds> nouns_;                 // words of each kind
  std::vector<std::string> words_;
  std::string source_, data_;
};

}  // namespace ebb::app
