#pragma once
#include <ebb/experiments/cli/fields.hpp>
#include <map>
#include <string>

namespace ebb::app::sweep {

/// What a trial costs: processor time on one thread. A run that ends before its last update costs less.
struct Cost {
  int updates = 0;
  double update = 0;       ///< seconds
  double checking = 0;     ///< seconds of all validations and the tests
  double own_updates = 0;  ///< those that its remedies make themselves, before training and during it
  double own = 0;          ///< seconds of all of these
  double seconds() const { return updates * update + checking + own; }
  bool known() const { return updates > 0; }
};

/// costs.json: those that are known, by the name of a row; `own` is part of `checking` there.
std::string costs_json(const std::map<std::string, Cost>&);
/// Errors    FileError naming `file` if it is not one of these
std::map<std::string, Cost> costs_from(const std::string& json, const std::string& file);

/// "add.gru   2:10 a seed of 300 updates: 4.2 ms an update, 3 s of checking, 1:05 of 150 own updates of remedies\n"
std::string cost_line(const std::string& name, const Cost&);

}  // namespace ebb::app::sweep
