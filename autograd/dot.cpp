#include <ebb/autograd/dot.hpp>

#include <cstring>
#include <ebb/autograd/leaf_data.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <sstream>

namespace ebb {

using detail::Node;
using detail::TapeImpl;

namespace {

void write_node(std::ostream& s, const Node& n, std::uint32_t id) {
  s << "  n" << id << " [";
  if (n.leaf) s << "shape=box, style=filled, label=\"" << n.leaf->name;
  else if (n.op) s << "label=\"" << n.op->name;
  else s << "shape=box, label=\"" << (n.requires_grad ? "variable" : "constant");
  s << "\\n" << n.shape;
  if (n.time >= 0) s << " t=" << n.time;
  if (n.file && n.op) {
    const char* slash = std::strrchr(n.file, '/');
    s << "\\n" << (slash ? slash + 1 : n.file) << ":" << n.line;
  }
  s << "\"];\n";
}

}  // namespace

std::string to_dot(const Var& y) {
  TapeImpl& t = TapeImpl::current("to_dot");
  t.node(y, "to_dot");
  std::vector<char> wanted(t.top() + 1);
  wanted[y.node()] = 1;
  // A node's inputs may have higher ids (recycled constants), so follow edges until all are visited.
  std::vector<std::uint32_t> open{y.node()};
  std::ostringstream edges;
  while (!open.empty()) {
    const std::uint32_t id = open.back();
    open.pop_back();
    const Node& n = t.node(id);
    for (int k = 0; k < n.input_count; ++k) {
      const std::uint32_t in = n.inputs()[k];
      if (in == 0) continue;
      edges << "  n" << in << " -> n" << id << ";\n";
      if (!wanted[in]) open.push_back(in);
      wanted[in] = 1;
    }
  }
  std::ostringstream s;
  s << "digraph ebb {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=10];\n";
  for (std::uint32_t id = 1; id <= t.top(); ++id)
    if (wanted[id]) write_node(s, t.node(id), id);
  s << edges.str() << "}\n";
  return s.str();
}

}  // namespace ebb
