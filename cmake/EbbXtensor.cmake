# xtensor is optional, because only <ebb/ops/xtensor.hpp> needs it. Code that includes this header links ebb::xtensor
# (in this tree ebb::xtensor_headers, in addition to the folder it uses).
find_path(EBB_XTENSOR_INCLUDE_DIR NAMES xtensor/xtensor.hpp xtensor/containers/xtensor.hpp)
mark_as_advanced(EBB_XTENSOR_INCLUDE_DIR)
if(EBB_XTENSOR_INCLUDE_DIR AND NOT TARGET ebb::xtensor_headers)
  add_library(ebb::xtensor_headers INTERFACE IMPORTED)
  target_include_directories(ebb::xtensor_headers INTERFACE ${EBB_XTENSOR_INCLUDE_DIR})
  # Clang 19 implements a rule (CWG 2398) that makes xtensor's rebind_container ambiguous up to xtensor 0.25.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND EXISTS ${EBB_XTENSOR_INCLUDE_DIR}/xtensor/xtensor.hpp)
    include(CheckCXXCompilerFlag)
    set(relaxed -Wno-deprecated-no-relaxed-template-template-args -fno-relaxed-template-template-args)
    check_cxx_compiler_flag("${relaxed}" EBB_CAN_DISABLE_CWG_2398)
    if(EBB_CAN_DISABLE_CWG_2398)
      target_compile_options(ebb::xtensor_headers INTERFACE ${relaxed})
    endif()
  endif()
endif()
