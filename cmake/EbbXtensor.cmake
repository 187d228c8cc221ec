# <ebb/ops/xtensor.hpp> is the one header that needs xtensor, which is why it is optional here: those who include it
# link ebb::xtensor (in this tree ebb::xtensor_headers beside the folder they use).
find_path(EBB_XTENSOR_INCLUDE_DIR NAMES xtensor/xtensor.hpp xtensor/containers/xtensor.hpp)
mark_as_advanced(EBB_XTENSOR_INCLUDE_DIR)
if(EBB_XTENSOR_INCLUDE_DIR AND NOT TARGET ebb::xtensor_headers)
  add_library(ebb::xtensor_headers INTERFACE IMPORTED)
  target_include_directories(ebb::xtensor_headers INTERFACE ${EBB_XTENSOR_INCLUDE_DIR})
  # Clang 19 takes up a rule (CWG 2398) under which xtensor's rebind_container is ambiguous up to xtensor 0.25.
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND EXISTS ${EBB_XTENSOR_INCLUDE_DIR}/xtensor/xtensor.hpp)
    include(CheckCXXCompilerFlag)
    set(relaxed -Wno-deprecated-no-relaxed-template-template-args -fno-relaxed-template-template-args)
    check_cxx_compiler_flag("${relaxed}" EBB_CAN_REFUSE_CWG_2398)
    if(EBB_CAN_REFUSE_CWG_2398)
      target_compile_options(ebb::xtensor_headers INTERFACE ${relaxed})
    endif()
  endif()
endif()
