#include <ebb/ops/array.hpp>
#include <limits>
#include <sstream>
#include "catch.hpp"

namespace print_test {

using namespace ebb;

namespace {
template <class A> std::string printed(const A& a) {
  std::ostringstream out;
  out << a;
  return out.str();
}
}  // namespace

TEST_CASE("arrays print as in NumPy") {
  CHECK(printed(Array::number(2.5, f32)) == "2.5");
  CHECK(printed(Array::number(3, f64)) == "3.");
  CHECK(printed(Array::from({3}, {1, -2.25, 3})) == "[   1. -2.25    3.]");
  CHECK(printed(Array::from({2, 2}, {1, 2, 3, 4})) == "[[1. 2.]\n [3. 4.]]");
  CHECK(printed(Array::from({2, 1, 2}, {1, 2, 3, 4})) == "[[[1. 2.]]\n\n [[3. 4.]]]");
  CHECK(printed(Array::from({2}, {std::numeric_limits<double>::infinity(), 1e-10}, f64)) == "[  inf 1e-10]");
  CHECK(printed(Array::zeros({0}, f32)) == "[]");
  CHECK(printed(Array()) == "(no array)");
  CHECK(printed(Shape{32, 128}) == "[32, 128]");
}

TEST_CASE("long axes are abbreviated") {
  CHECK(printed(Array::zeros({2000}, f32)) == "[0. 0. 0. ... 0. 0. 0.]");
  const std::string s = printed(Array::zeros({500, 4}, f32));
  CHECK(std::count(s.begin(), s.end(), '\n') == 6);
  CHECK(s.find("\n ...\n") != std::string::npos);
}

TEST_CASE("tokens print as integers") { CHECK(printed(Tokens({2, 2}, {1, 20, 3, 4})) == "[[ 1 20]\n [ 3  4]]"); }

}  // namespace print_test
