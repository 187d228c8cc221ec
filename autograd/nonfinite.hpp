#pragma once
#include <ebb/autograd/probe.hpp>
#include <string>

namespace ebb::detail {

/// Describes the first value, or adjoint, on a tape that is not finite: "log has the first value that is not finite,
/// time step 12 (my_cell.cpp:31)". What it finds stays empty while all are finite.
class NonfiniteProbe final : public Probe {
 public:
  void recorded(TapeImpl& t, const Var& y, const Var*, int) override { look(t, y.node(), false); }
  void swept(TapeImpl& t, std::uint32_t node) override { look(t, node, true); }
  const std::string& found() const { return found_; }

 private:
  void look(TapeImpl&, std::uint32_t node, bool swept);
  std::string found_;
};

}  // namespace ebb::detail
