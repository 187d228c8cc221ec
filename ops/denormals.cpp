#include <xmmintrin.h>
#include <ebb/ops/denormals.hpp>

namespace ebb {
namespace {

constexpr unsigned flush_results = 0x8000, flush_operands = 0x0040;  // bits of MXCSR

// The other bits stay: rounding mode, and which exceptions have occurred.
void set(bool on) noexcept {
  const unsigned both = flush_results | flush_operands;
  _mm_setcsr((_mm_getcsr() & ~both) | (on ? both : 0U));
}

}  // namespace

bool FlushDenormals::on() noexcept { return (_mm_getcsr() & flush_results) != 0; }
FlushDenormals::FlushDenormals(bool on) noexcept : before_(FlushDenormals::on()) { set(on); }
FlushDenormals::~FlushDenormals() { set(before_); }

}  // namespace ebb
