# What every target of this tree is compiled with. Nothing here reaches those who consume the package.
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

# ebb_names_paths(target VISIBILITY path): files below the path are named without it in __FILE__ and std::source_location, so that
# messages say "nn/cells/lstm.cpp" and no binary shows the machine that built it. Compilers are given the path as it stands or, by some
# versions of Ninja's generator and by ccache, relative to where they run. Debug information keeps the true paths.
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
  # Without contraction the same source gives the same bits whichever instruction set the file is built for.
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  # Nobody replaces our functions at load time, so that they may be inlined in position-independent code too.
  target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  ebb_names_paths(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  if(EBB_DEV)
    target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    if(NOT EBB_SANITIZE)  # whose code makes g++ warn of things that are not there
      target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion $<$<BOOL:${EBB_WERROR}>:-Werror>)
    endif()
  endif()
  if(EBB_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${EBB_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=${EBB_SANITIZE})
  endif()
endfunction()
