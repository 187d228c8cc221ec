#pragma once

namespace ebb {

enum class Isa { sse2, avx2, avx512 };

/// The instruction set whose kernels run: the best of this processor, or EBB_ISA=sse2|avx2|avx512.
/// Errors: ValueError if EBB_ISA names another, or one that the processor lacks.
Isa isa();
const char* name_of(Isa);
bool available(Isa);

}  // namespace ebb
