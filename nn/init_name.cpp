#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/init_name.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/number.hpp>

namespace ebb {

namespace {

struct Named {
  const char* name;
  double default_value;  // of the number that may follow the name
  Init (*make)(double);
};

constexpr Named initialisers[] = {
    {"zeros", 0, [](double) { return zero_init; }},
    {"constant", 1, constant_init},
    {"uniform", 1, [](double x) { return uniform_init(-x, x); }},
    {"normal", 1, [](double x) { return normal_init(0, x); }},
    {"xavier-uniform", 1, xavier_uniform},
    {"xavier-normal", 1, xavier_normal},
    {"kaiming-uniform", 1.4142135623730951, kaiming_uniform},
    {"kaiming-normal", 1.4142135623730951, kaiming_normal},
    {"lecun-uniform", 0, [](double) { return lecun_uniform; }},
    {"lecun-normal", 0, [](double) { return lecun_normal; }},
    {"orthogonal", 1, orthogonal},
    {"identity", 1, identity_init},
    {"orthogonal-gates", 1, orthogonal_gates},
    {"identity-gates", 1, identity_gates},
};

}  // namespace

Init init_named(const std::string& text) {
  const std::size_t star = text.find('*');
  const std::string name = text.substr(0, star);
  std::vector<std::string> known;
  for (const Named& r : initialisers) {
    known.emplace_back(r.name);
    if (name != r.name) continue;
    if (star == std::string::npos) return r.make(r.default_value);
    const std::string number = text.substr(star + 1);
    double x = 0;
    if (const auto parsed = detail::parse_number(number, x); parsed != detail::Parsed::finite)
      throw ValueError("initialiser " + name + ": '" + number + "' is not a " +
                       (parsed == detail::Parsed::none ? "number" : "finite number"));
    return r.make(x);
  }
  const std::string near = nearest(name, known);
  throw ValueError("there is no initialiser '" + name + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

}  // namespace ebb
