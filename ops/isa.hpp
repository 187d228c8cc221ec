#pragma once

namespace ebb {

enum class Isa { sse2, avx2, avx512 };

/// The instruction set of the kernels in use: the best that the processor supports and this build contains, or the one
/// named by EBB_ISA=sse2|avx2|avx512.
/// Errors: ValueError if EBB_ISA names an unknown set or one that the processor or the build lacks, or if the processor
/// supports no set of this build.
Isa isa();
const char* name_of(Isa);
bool available(Isa);    ///< whether the processor supports it
bool has_kernels(Isa);  ///< whether this build contains its kernels (EBB_KERNELS)
Isa best_isa();         ///< the best that the processor supports, whether or not this build contains it

}  // namespace ebb
