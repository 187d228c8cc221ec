#pragma once
#include <ebb/online/step_map.hpp>
#include <optional>
#include <vector>

namespace ebb {

/// Which derivatives of one step can be other than zero, whatever the values: found from derivatives at random
/// parameters, states and inputs, two draws of eight rows, half of them around the initial state. (IRNN's Jacobian is
/// diagonal initially, but not in general.)
struct StepStructure {
  StepPaths paths = StepPaths::all;
  std::vector<char> recurrence;  ///< [S, S]
  std::vector<char> immediate;   ///< [S, N]
  bool constant = true;          ///< J was the same in all rows and draws
};
StepStructure structure_of(const StepMap&, StepPaths);

/// The fields of a state as F values of each of H units, and the unit to which a parameter contributes: the form in
/// which an influence takes F N values per row instead of S N.
struct Units {
  int fields = 1, units = 0;  ///< F, H; value f of unit u is number f H + u of the state
  /// By parameter, the unit of each of its M columns.
  std::vector<std::vector<int>> of_column{};
  /// By parameter, [F, M]: whether the field's value of that unit depends on the column within one step.
  std::vector<std::vector<char>> reached{};
};
/// Empty, with the reason in `why`, if a field is not a vector [H], if a parameter has uses other than in products and
/// elementwise, or if a column of a parameter contributes to several units, or, by all paths, to none.
std::optional<Units> units_of(const StepMap&, const StepStructure&, std::string& why);
/// Whether each unit's next values depend on its own values only.
bool is_diagonal(const StepMap&, const StepStructure&);

}  // namespace ebb
