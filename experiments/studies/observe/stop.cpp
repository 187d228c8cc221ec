#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/observe/stop.hpp>

namespace ebb::app::observe {
namespace {

class StoppableCell final : public Cell {
 public:
  explicit StoppableCell(const Cell& cell) : cell_(cell) {}
  State step(const Var& x, const State& s, const StepContext& at) const override {
    check_stop();
    return cell_.step(x, s, at);
  }
  Var output(const Var& x, const State& s) const override { return cell_.output(x, s); }
  Drops drops() const override { return cell_.drops(); }
  CellSizes sizes() const override { return cell_.sizes(); }
  const char* name() const override { return cell_.name(); }
  int field_count() const override { return cell_.field_count(); }
  const Field& field(int k) const override { return cell_.field(k); }
  const char* const* field_names() const override { return cell_.field_names(); }

 private:
  const Cell& cell_;
};

}  // namespace

void check_stop() {
  if (interrupted()) throw Stopped();
}

CellPtr stoppable(const Cell& cell) { return CellPtr(new StoppableCell(cell)); }

}  // namespace ebb::app::observe
