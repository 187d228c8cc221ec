#include <algorithm>
#include <ebb/experiments/tasks/fashion.hpp>
#include <map>

#include "catch.hpp"

namespace pixels_test {

using namespace ebb;
using namespace ebb::app;

namespace {

ImageBatch images(const std::string& order, const BatchRequest& r) {
  return make_task("pixels", {.data = "generated", .own = {{"order", order}}})->batch(r).get<ImageBatch>();
}

/// The values of one pixel in all rows.
std::vector<double> column(const Array& x, int t) {
  std::vector<double> values;
  for (int row = 0; row < x.dim(1); ++row) values.push_back(x.at({t, row, 0}));
  return values;
}

}  // namespace

TEST_CASE("pixels are read line by line; permuted, in one other order for all images, batches and seeds") {
  std::vector<int> order;
  for (const BatchRequest& r : {BatchRequest{.rows = 40, .number = 0, .seed = 1},
                                {.split = Split::test, .rows = 40, .number = 1},
                                {.rows = 40, .number = 3, .seed = 9}}) {
    const Array rows = images("rows", r).x, plain = images("pixels", r).x, permuted = images("permuted", r).x;
    REQUIRE(plain.shape() == Shape{784, 40, 1});
    std::map<std::vector<double>, int> place;
    for (int t = 0; t < 784; ++t) {
      for (const int row : {0, 17}) CHECK(plain.at({t, row, 0}) == rows.at({t / 28, row, t % 28}));
      place[column(plain, t)] = t;
    }
    REQUIRE(place.size() == 784);  // every pixel differs from the others in some image
    std::vector<int> now;
    for (int t = 0; t < 784; ++t) now.push_back(place.at(column(permuted, t)));
    if (order.empty()) order = now;
    CHECK(now == order);
    CHECK(images("permuted", r).labels.at({5}) == images("rows", r).labels.at({5}));
  }
  int kept = 0;
  for (std::size_t t = 0; t < order.size(); ++t) kept += order[t] == static_cast<int>(t);
  CHECK(kept < 10);
  std::sort(order.begin(), order.end());
  for (int t = 0; t < 784; ++t) CHECK(order[static_cast<std::size_t>(t)] == t);
}

}  // namespace pixels_test
