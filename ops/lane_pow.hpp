#pragma once
#include <ebb/ops/lane_math.hpp>

namespace ebb::lanes {

#define EBB_INLINE inline
#include <ebb/ops/lane_pow.inl>
#undef EBB_INLINE

}  // namespace ebb::lanes
