#include <ebb/ops/denormals.hpp>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace ebb {
namespace {

#ifdef __SSE2__
constexpr unsigned flush_results = 0x8000, flush_operands = 0x0040;  // bits of MXCSR

bool get() noexcept { return (_mm_getcsr() & flush_results) != 0; }
// The other bits stay: rounding mode, and which exceptions have occurred.
void set(bool on) noexcept {
  const unsigned both = flush_results | flush_operands;
  _mm_setcsr((_mm_getcsr() & ~both) | (on ? both : 0U));
}
#else
bool get() noexcept { return false; }
void set(bool) noexcept {}
#endif

}  // namespace

bool FlushDenormals::on() noexcept { return get(); }
FlushDenormals::FlushDenormals(bool on) noexcept : before_(FlushDenormals::on()) { set(on); }
FlushDenormals::~FlushDenormals() { set(before_); }

}  // namespace ebb
