#include <ebb/experiments/train/generated.hpp>

namespace ebb::app {

Key batch_key(const BatchRequest& r, const std::string& task) {
  const Key key = r.split == Split::train   ? Key{r.seed}.named(task.c_str())
                  : r.split == Split::valid ? Key{0}.named((task + " valid").c_str())
                                            : Key{0}.named((task + " test").c_str());
  return key.at(r.number);
}

}  // namespace ebb::app
