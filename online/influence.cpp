#include <ebb/online/eprop.hpp>
#include <ebb/online/influence.hpp>
#include <ebb/online/kf_rtrl.hpp>
#include <ebb/online/rtrl.hpp>
#include <ebb/online/snap1.hpp>
#include <ebb/online/uoro.hpp>
#include <ebb/ops/error.hpp>

namespace ebb {

const std::vector<std::string>& influence_methods() {
  static const std::vector<std::string> all{"rtrl", "snap1", "rflo", "eprop", "uoro", "kf-rtrl"};
  return all;
}

std::unique_ptr<Influence> make_influence(const std::string& method, const StepMap& map, int rows, std::uint64_t seed) {
  if (method == "rtrl") return make_rtrl(map, rows);
  if (method == "snap1") return make_snap1(map, rows);
  if (method == "rflo") return make_rflo(map, rows);
  if (method == "eprop") return make_eprop(map, rows);
  if (method == "uoro") return make_uoro(map, rows, seed);
  if (method == "kf-rtrl") return make_kf_rtrl(map, rows, seed);
  std::string known;
  for (const std::string& name : influence_methods()) known += (known.empty() ? "" : ", ") + name;
  throw ValueError("there is no online gradient '" + method + "'; there are " + known);
}

}  // namespace ebb
