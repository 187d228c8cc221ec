#pragma once

namespace ebb {

enum class Isa { sse2, avx2, avx512 };

/// The instruction set of the kernels in use: the processor's best, or the one named by EBB_ISA=sse2|avx2|avx512.
/// Errors: ValueError if EBB_ISA names an unknown set or one that the processor lacks.
Isa isa();
const char* name_of(Isa);
bool available(Isa);

}  // namespace ebb
