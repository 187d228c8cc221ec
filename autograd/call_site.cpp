#include <ebb/autograd/call_site.hpp>

#include <ebb/autograd/tape_impl.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

namespace {

std::string place(const char* file, std::uint32_t line, int time) {
  return " (" + line_of(file, line) + (time >= 0 ? ", time step " + std::to_string(time) : "") + ")";
}

}  // namespace

std::string line_of(const char* path, std::uint32_t line) {
  const std::string whole = path;
  return whole.substr(whole.find_last_of('/') + 1) + ":" + std::to_string(line);
}

std::string place_of(const std::source_location& where) {
  const std::source_location& site = site_of(where);
  const TapeImpl* t = TapeImpl::innermost();
  return place(site.file_name(), site.line(), t ? t->time() : -1);
}

std::string origin_of(const Var& v) {
  TapeImpl* t = v ? TapeImpl::find(v.epoch()) : nullptr;
  if (!t || !t->node(v.node()).file) return {};
  const Node& n = t->node(v.node());
  return place(n.file, n.line, n.time);
}

void rethrow_at(const std::source_location& where) {
  try {
    throw;
  } catch (Error& e) {
    e.with_context(place_of(where));
    throw;
  }
}

}  // namespace ebb::detail
