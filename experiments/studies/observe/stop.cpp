#include <ebb/autograd/observer.hpp>
#include <ebb/autograd/tape_impl.hpp>
#include <ebb/experiments/cli/interrupt.hpp>
#include <ebb/experiments/studies/observe/stop.hpp>

namespace ebb::app::observe {
namespace {

/// Not an Error: nothing is wrong with the subject.
struct Stopped {};

/// Looks for Ctrl-C at each op. Has no state, so that one serves all shards.
class StopProbe final : public detail::Observer, public detail::Probe {
  Probe& probe() override { return *this; }
  Observer& shard(int) override { return *this; }
  void began(detail::TapeImpl&, const char*, const Var*, int) override { check_stop(); }
  void recorded(detail::TapeImpl&, const Var&, const Var*, int) override { check_stop(); }
  void sweep(detail::Sweep& s, std::uint32_t node) override {
    check_stop();
    s.tape.node(node).op->sweep(s, node);
  }
};

}  // namespace

bool until_stopped(const std::function<void()>& f) try {
  StopProbe probe;
  const detail::Observed observed(&probe);
  f();
  return true;
} catch (const Stopped&) { return false; }

void check_stop() {
  if (interrupted()) throw Stopped();
}

}  // namespace ebb::app::observe
