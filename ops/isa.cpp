#include <cstdlib>
#include <cstring>
#include <ebb/ops/error.hpp>
#include <ebb/ops/isa.hpp>

namespace ebb {
namespace {

constexpr Isa all[] = {Isa::sse2, Isa::avx2, Isa::avx512};

Isa best_in_this_build() {
  const Isa* found = nullptr;
  for (const Isa& i : all)
    if (available(i) && has_kernels(i)) found = &i;
  if (!found)
    throw ValueError(
        "this build of Ebb contains only kernels that this processor does not support: configure it here, or with "
        "-DEBB_KERNELS=all");
  return *found;
}

Isa chosen_isa() {
  const char* asked = std::getenv("EBB_ISA");
  if (asked == nullptr || *asked == '\0') return best_in_this_build();
  for (Isa i : all) {
    if (std::strcmp(asked, name_of(i)) != 0) continue;
    if (!available(i)) throw ValueError(std::string("EBB_ISA=") + asked + ": this processor does not support it");
    if (!has_kernels(i))
      throw ValueError(std::string("EBB_ISA=") + asked + ": not in this build; configure it with -DEBB_KERNELS=all");
    return i;
  }
  throw ValueError(std::string("EBB_ISA=") + asked + ": expected sse2, avx2 or avx512");
}

}  // namespace

Isa isa() {
  static const Isa the_one = chosen_isa();
  return the_one;
}

const char* name_of(Isa i) {
  switch (i) {
    case Isa::sse2: return "sse2";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "?";
}

Isa best_isa() {
  Isa found = Isa::sse2;
  for (Isa i : all)
    if (available(i)) found = i;
  return found;
}

bool has_kernels(Isa i) {
#ifdef EBB_KERNELS_AVX512
  if (i == Isa::avx512) return true;
#endif
#ifdef EBB_KERNELS_AVX2
  if (i == Isa::avx2) return true;
#endif
#ifdef EBB_KERNELS_SSE2
  if (i == Isa::sse2) return true;
#endif
  return false;
}

bool available(Isa i) {
  switch (i) {
    case Isa::sse2: return true;
    case Isa::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Isa::avx512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
  }
  return false;
}

}  // namespace ebb
