#include <atomic>
#include <ebb/autograd/observer.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/observe/stop.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::app::observe {
namespace {

/// An Error, which keeps its type on the way through a user's cell.
struct Stopped final : Error {
  Stopped() : Error("stopped by Ctrl-C") {}
};

/// Looks for Ctrl-C at each op.
class StopProbe final : public ebb::detail::Observer, public ebb::detail::Probe {
 public:
  bool stopped() const { return stopped_; }

 private:
  ebb::detail::Probe& probe() override { return *this; }
  ebb::detail::Observer& shard(int) override { return *this; }
  void began(ebb::detail::TapeImpl&, const char*, const Var*, int) override { look(); }
  void recorded(ebb::detail::TapeImpl&, const Var&, const Var*, int) override { look(); }
  void sweep(ebb::detail::Sweep& s, std::uint32_t node) override {
    look();
    s.tape.node(node).op->sweep(s, node);
  }
  void look() {
    if (!interrupted()) return;
    stopped_ = true;
    throw Stopped();
  }

  std::atomic<bool> stopped_ = false;  // by any of the shards
};

}  // namespace

bool until_stopped(const std::function<void()>& f) {
  StopProbe probe;
  try {
    const ebb::detail::Observed observed(&probe);
    f();
  } catch (const Error&) {
    if (!interrupted()) throw;  // after Ctrl-C it may be Stopped, in an error of the cell
    return false;
  }
  return !probe.stopped();  // f may have taken it for an error of the cell
}

void check_stop() {
  if (interrupted()) throw Stopped();
}

}  // namespace ebb::app::observe
