#pragma once
#include <ebb/autograd/fuse_plan.hpp>
#include <ebb/ops/lane_coefficients.hpp>

/// The kernel templates once for each instruction set, compiled for it by function attributes and not by flags, so that
/// the user's file needs none. g++ asks the attribute of the outermost function, clang of each that touches a wide
/// vector; both give it to what is instantiated later. Internal linkage, or the linker could keep another file's copy,
/// built with flags that this processor lacks.
#if !defined(__clang__)
#pragma GCC diagnostic ignored \
    "-Wpsabi"  // spoken of where templates are instantiated, so it cannot be pushed and popped
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored \
    "-Wmaybe-uninitialized"  // taken for granted of lanes that are written before they are read
#endif

namespace ebb::detail::fused {
namespace {

namespace plain {
#define EBB_LANE_BYTES 16
#include <ebb/ops/vector_lane.inl>
// the kernels use the lanes, so they come second
#include <ebb/autograd/fuse_kernel.inl>
#undef EBB_LANE_BYTES
}  // namespace plain

#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
#define EBB_LANE_BYTES 32
#include <ebb/ops/vector_lane.inl>
// the kernels use the lanes, so they come second
#include <ebb/autograd/fuse_kernel.inl>
#undef EBB_LANE_BYTES
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f,avx512cd,avx512dq,avx512bw,avx512vl,fma"))), \
                             apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512cd,avx512dq,avx512bw,avx512vl,fma")
#endif
namespace avx512 {
#define EBB_LANE_BYTES 64
#include <ebb/ops/vector_lane.inl>
// the kernels use the lanes, so they come second
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
#if defined(__x86_64__)
  table[1][0] = &avx2::Kernel<Program, float>::run;
  table[1][1] = &avx2::Kernel<Program, double>::run;
  table[2][0] = &avx512::Kernel<Program, float>::run;
  table[2][1] = &avx512::Kernel<Program, double>::run;
#endif
  table[0][0] = &plain::Kernel<Program, float>::run;
  table[0][1] = &plain::Kernel<Program, double>::run;
}

}  // namespace
}  // namespace ebb::detail::fused

#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif
