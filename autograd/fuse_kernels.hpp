#pragma once
#include <ebb/autograd/fuse_plan.hpp>
#include <ebb/ops/lane_coefficients.hpp>

/// The kernel templates once per instruction set, selected by function attributes instead of flags, so that the user's
/// file needs none. g++ needs the attribute on the outermost function, clang on each function that uses a wide vector;
/// both apply it to later instantiations. Internal linkage, since the linker could otherwise keep a copy from a file
/// compiled for another processor.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"  // reported at template instantiation, so push and pop have no effect
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false positives for lanes
#endif

namespace ebb::detail::fused {
namespace {

// A build of Ebb for one processor (EBB_KERNELS=native) leaves out the sets that it never runs.
#if !defined(EBB_WITHOUT_SSE2_KERNELS)
namespace baseline {
#define EBB_LANE_BYTES 16
#include <ebb/ops/vector_lane.inl>
// must follow vector_lane.inl, which it uses
#include <ebb/autograd/fuse_kernel.inl>
#undef EBB_LANE_BYTES
}  // namespace baseline
#endif

#if defined(__x86_64__) && !defined(EBB_WITHOUT_AVX2_KERNELS)
#define EBB_FUSES_AVX2
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
#define EBB_LANE_BYTES 32
#include <ebb/ops/vector_lane.inl>
// must follow vector_lane.inl, which it uses
#include <ebb/autograd/fuse_kernel.inl>
#undef EBB_LANE_BYTES
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#if defined(__x86_64__) && !defined(EBB_WITHOUT_AVX512_KERNELS)
#define EBB_FUSES_AVX512
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512cd,avx512dq,avx512bw,avx512vl,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512cd,avx512dq,avx512bw,avx512vl,fma")
#endif
namespace avx512 {
#define EBB_LANE_BYTES 64
#include <ebb/ops/vector_lane.inl>
// must follow vector_lane.inl, which it uses
#include <ebb/autograd/fuse_kernel.inl>
#undef EBB_LANE_BYTES
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

/// In the order of ebb::Isa.
template <class Program> constexpr void set_kernels(FuseKernel (&table)[3][2]) {
#ifndef EBB_WITHOUT_SSE2_KERNELS
  table[0][0] = &baseline::Kernel<Program, float>::run;
  table[0][1] = &baseline::Kernel<Program, double>::run;
#endif
#ifdef EBB_FUSES_AVX2
  table[1][0] = &avx2::Kernel<Program, float>::run;
  table[1][1] = &avx2::Kernel<Program, double>::run;
#endif
#ifdef EBB_FUSES_AVX512
  table[2][0] = &avx512::Kernel<Program, float>::run;
  table[2][1] = &avx512::Kernel<Program, double>::run;
#endif
}

}  // namespace
}  // namespace ebb::detail::fused

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
