# Compile options of every target in this tree. They do not apply to projects that consume the package.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  find_program(EBB_CCACHE ccache)
  mark_as_advanced(EBB_CCACHE)
  if(EBB_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${EBB_CCACHE})
  endif()
endif()

# ebb_names_paths(target VISIBILITY path): removes the path from file names in __FILE__ and std::source_location, so that
# messages say "nn/cells/lstm.cpp" and no binary contains paths of the build machine. Compilers receive absolute paths or, from some
# versions of the Ninja generator and from ccache, paths relative to their working directory. Debug information keeps the real paths.
function(ebb_names_paths target visibility path)
  set(runs_in ${CMAKE_BINARY_DIR})
  if(CMAKE_GENERATOR MATCHES "Makefiles")
    set(runs_in ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  cmake_path(RELATIVE_PATH path BASE_DIRECTORY ${runs_in} OUTPUT_VARIABLE relative)
  target_compile_options(${target} ${visibility}
    $<BUILD_INTERFACE:-fmacro-prefix-map=${path}/=> $<BUILD_INTERFACE:-fmacro-prefix-map=${relative}/=>)
endfunction()

function(ebb_target_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  # Without contraction, results do not depend on the instruction set that a file is compiled for.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  # Our functions are not replaced at load time, so they can be inlined in position-independent code too.
  target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  # Units of many files fill g++'s heap; collecting its garbage before 1 GB takes a tenth of the time.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:--param=ggc-min-heapsize=1048576>)
  ebb_names_paths(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  if(EBB_DEV)
    target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    if(NOT EBB_SANITIZE OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # instrumentation causes false warnings in g++
      target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion $<$<BOOL:${EBB_WERROR}>:-Werror>)
    endif()
  endif()
  if(EBB_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EBB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:Clang>:-Wno-pass-failed>)   # loops with checks are not vectorised
    target_link_options(${target} PUBLIC -fsanitize=${EBB_SANITIZE})
  endif()
endfunction()
