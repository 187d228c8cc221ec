# Everything comes from the distribution. Header-only libraries that only our sources see are wrapped as
# $<BUILD_INTERFACE:...>, so that the installed package does not ask its users for them.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(fmt REQUIRED)
find_package(ZLIB REQUIRED)

function(ebb_header_only name header package)
  find_path(${name}_INCLUDE_DIR ${header})
  mark_as_advanced(${name}_INCLUDE_DIR)
  if(NOT ${name}_INCLUDE_DIR)
    message(FATAL_ERROR "Ebb needs <${header}> (Debian: ${package})")
  endif()
  add_library(${name} INTERFACE)
  target_include_directories(${name} SYSTEM INTERFACE ${${name}_INCLUDE_DIR})
endfunction()

ebb_header_only(ebb_xsimd xsimd/xsimd.hpp libxsimd-dev)
ebb_header_only(ebb_random123 Random123/philox.h librandom123-dev)
ebb_header_only(ebb_cli11 CLI/CLI.hpp libcli11-dev)
ebb_header_only(ebb_nlohmann_json nlohmann/json.hpp nlohmann-json3-dev)

find_path(EBB_DYGRAPHS_DIR dygraph.min.js PATHS /usr/share/javascript/dygraphs)
mark_as_advanced(EBB_DYGRAPHS_DIR)
if(NOT EBB_DYGRAPHS_DIR)
  message(FATAL_ERROR "Ebb needs dygraph.min.js (Debian: libjs-dygraphs)")
endif()
