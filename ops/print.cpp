#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ebb/ops/array.hpp>
#include <ostream>
#include <string>
#include <vector>

namespace ebb {
namespace {

constexpr std::int64_t all_shown = 1000;  // elements; larger arrays are abbreviated
constexpr int edge = 3;                   // entries shown at each end of an abbreviated axis

std::string number(double x) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", x);
  std::string s = buffer;
  if (std::isfinite(x) && s.find_first_of(".e") == std::string::npos) s += '.';
  return s;
}

/// Indices of the entries shown; -1 stands for the ellipsis.
std::vector<int> shown(int extent, bool abbreviate) {
  std::vector<int> list;
  for (int i = 0; i < extent; ++i) {
    if (!abbreviate || extent <= 2 * edge || i < edge || i >= extent - edge) list.push_back(i);
    else if (i == edge) list.push_back(-1);
  }
  return list;
}

/// Writes nested brackets; `cell(flat)` formats an element.
template <class Cell> struct Printer {
  std::ostream& out;
  const Shape& shape;
  Cell cell;
  bool abbreviate;
  std::size_t width = 0;

  template <class F> void visit(int axis, std::int64_t flat, F&& f) const {
    if (axis == shape.rank()) return f(flat);
    for (int i : shown(shape[axis], abbreviate))
      if (i >= 0) visit(axis + 1, flat * shape[axis] + i, f);
  }
  void measure() {
    visit(0, 0, [&](std::int64_t flat) { width = std::max(width, cell(flat).size()); });
  }
  void print(int axis, std::int64_t flat) const {
    if (axis == shape.rank()) {
      const std::string s = cell(flat);
      out << (axis ? std::string(width - s.size(), ' ') : "") << s;
      return;
    }
    const int below = shape.rank() - axis - 1;  // blank lines between matrices, as in NumPy
    const std::string line =
        std::string(static_cast<std::size_t>(below), '\n') + std::string(static_cast<std::size_t>(axis + 1), ' ');
    out << '[';
    bool first = true;
    for (int i : shown(shape[axis], abbreviate)) {
      if (!first) out << (below ? line : " ");
      first = false;
      if (i < 0) out << "...";
      else print(axis + 1, flat * shape[axis] + i);
    }
    out << ']';
  }
};

template <class Cell> std::ostream& print(std::ostream& out, const Shape& shape, Cell cell) {
  Printer<Cell> p{out, shape, cell, shape.size() > all_shown};
  p.measure();
  p.print(0, 0);
  return out;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Array& a) {
  if (!a) return out << "(no array)";
  return print(out, a.shape(), [&](std::int64_t i) { return number(a.at_flat(i)); });
}

std::ostream& operator<<(std::ostream& out, const Tokens& t) {
  if (!t) return out << "(no tokens)";
  return print(out, t.shape(), [&](std::int64_t i) { return std::to_string(t.data()[i]); });
}

}  // namespace ebb
