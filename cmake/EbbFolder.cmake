# ebb_folder(NAME [REGISTERS] [SEES folder...] [THIRD_PARTY target...] [PRIVATE pattern...] [EXCEPT file...])
# One folder of the tree is one target, ebb::NAME: a static library of its *.cpp files, including those in subfolders.
#   SEES         the folders it may include. Each folder has its own include root in the build tree, so
#                including any other folder does not compile.
#   THIRD_PARTY  libraries that its sources use but its users do not see.
#   PRIVATE      headers that are not installed, because they include headers of THIRD_PARTY.
#   EXCEPT       patterns of sources that are not part of the library.
#   REGISTERS    its sources contain static objects that register things. Targets that link it take the whole archive,
#                because a linker would drop unreferenced object files.
function(ebb_folder name)
  cmake_parse_arguments(arg "REGISTERS" "" "SEES;THIRD_PARTY;PRIVATE;EXCEPT" ${ARGN})
  set(target ebb_${name})
  set(root ${PROJECT_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${root}/ebb)
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/ebb/${name} SYMBOLIC)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  foreach(pattern IN LISTS arg_EXCEPT)
    file(GLOB except ${CMAKE_CURRENT_SOURCE_DIR}/${pattern})
    list(REMOVE_ITEM sources ${except})
  endforeach()
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
    list(FILTER sources EXCLUDE REGEX "_(sse2|avx2|avx512)\\.cpp$")
  endif()
  if(NOT sources)  # a library needs one file; an empty folder is still a target
    set(empty ${PROJECT_BINARY_DIR}/empty/${name}.cpp)
    file(CONFIGURE OUTPUT ${empty} CONTENT "namespace ebb {}\n")
    set(sources ${empty})
  endif()

  # Where several sources are compiled as one (CMAKE_UNITY_BUILD), cells are compiled separately: editing a cell should
  # recompile only that file.
  set(alone ${sources})
  list(FILTER alone INCLUDE REGEX "/cells/[^/]*\\.cpp$")
  set_source_files_properties(${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)

  # Sources that include a large third-party header follow one another, so that a unity build parses it once.
  foreach(large IN ITEMS CLI nlohmann)
    foreach(source IN LISTS sources)
      file(STRINGS ${source} includes REGEX "^#include <${large}/" LIMIT_COUNT 1)
      if(includes)
        list(REMOVE_ITEM sources ${source})
        list(PREPEND sources ${source})
      endif()
    endforeach()
  endforeach()

  set(kernels ${sources})
  list(FILTER kernels INCLUDE REGEX "_(sse2|avx2|avx512)\\.cpp$")
  list(REMOVE_ITEM sources ${kernels})

  if(EBB_HEADERS_FIRST)
    foreach(source IN LISTS sources)
      string(REGEX REPLACE "\\.cpp$" ".hpp" header ${source})
      if(EXISTS ${header})
        file(RELATIVE_PATH header ${CMAKE_CURRENT_SOURCE_DIR} ${header})
        set_property(SOURCE ${source} APPEND_STRING PROPERTY COMPILE_FLAGS " -include ebb/${name}/${header}")
      endif()
    endforeach()
  endif()

  add_library(${target} STATIC ${sources})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${root}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  list(TRANSFORM arg_SEES PREPEND ebb::)
  target_link_libraries(${target} PUBLIC ${arg_SEES})
  foreach(library IN LISTS arg_THIRD_PARTY)
    if(library MATCHES "^ebb_")
      set(library $<BUILD_INTERFACE:${library}>)
    endif()
    target_link_libraries(${target} PRIVATE ${library})
  endforeach()
  ebb_target_options(${target})
  ebb_names_paths(${target} PUBLIC ${root})   # headers by their include paths; the last matching map applies
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  ebb_kernels(${target} ${kernels})
  set(targets ${target})

  if(arg_REGISTERS)
    # The build tree uses the exported name too, because an export does not rename targets inside a generator expression.
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name}_archive)
    add_library(ebb::${name}_archive ALIAS ${target})
    add_library(${target}_whole INTERFACE)
    set_target_properties(${target}_whole PROPERTIES EXPORT_NAME ${name})
    target_link_libraries(${target}_whole INTERFACE $<LINK_LIBRARY:WHOLE_ARCHIVE,ebb::${name}_archive>)
    add_library(ebb::${name} ALIAS ${target}_whole)
    list(APPEND targets ${target}_whole)
  else()
    add_library(ebb::${name} ALIAS ${target})
  endif()

  install(TARGETS ${targets} EXPORT ebbTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp ${CMAKE_CURRENT_SOURCE_DIR}/*.inl)
  foreach(pattern IN LISTS arg_PRIVATE)
    file(GLOB private ${CMAKE_CURRENT_SOURCE_DIR}/${pattern})
    list(REMOVE_ITEM headers ${private})
  endforeach()
  foreach(header IN LISTS headers)
    file(RELATIVE_PATH subfolder ${CMAKE_CURRENT_SOURCE_DIR} ${header})
    get_filename_component(subfolder ${subfolder} DIRECTORY)
    install(FILES ${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ebb/${name}/${subfolder})
  endforeach()
endfunction()

# ebb_part(target name OPTIONS option... SOURCES file...): these sources of the target are compiled with further options.
# They are a target of their own, because a unity build joins only sources that have the same options.
function(ebb_part target name)
  cmake_parse_arguments(arg "" "" "OPTIONS;SOURCES" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  set(part ${target}_${name})
  add_library(${part} OBJECT ${arg_SOURCES})
  target_link_libraries(${part} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
  target_include_directories(${part} PRIVATE $<TARGET_PROPERTY:${target},INTERFACE_INCLUDE_DIRECTORIES>)
  target_compile_definitions(${part} PRIVATE $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>)
  ebb_target_options(${part})
  target_compile_options(${part} PRIVATE $<TARGET_PROPERTY:${target},INTERFACE_COMPILE_OPTIONS> ${arg_OPTIONS})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${part}>)
endfunction()

# EBB_KERNELS: which kernels to compile. Those for SSE2 run on every x86-64 processor.
set(EBB_KERNELS all CACHE STRING "Kernels to compile: all, or native (only the best set of this processor)")
set_property(CACHE EBB_KERNELS PROPERTY STRINGS all native)
if(NOT EBB_KERNELS MATCHES "^(all|native)$")
  message(FATAL_ERROR "EBB_KERNELS=${EBB_KERNELS}: expected all or native")
endif()
set(ebb_instruction_sets sse2 avx2 avx512)
if(EBB_KERNELS STREQUAL native AND NOT CMAKE_CROSSCOMPILING AND EXISTS /proc/cpuinfo)
  file(STRINGS /proc/cpuinfo flags REGEX "^flags" LIMIT_COUNT 1)
  set(ebb_instruction_sets sse2)
  if(flags MATCHES " avx2 " AND flags MATCHES " fma ")
    set(ebb_instruction_sets avx2)
    if(flags MATCHES " avx512f " AND flags MATCHES " avx512cd " AND flags MATCHES " avx512dq " AND
       flags MATCHES " avx512bw " AND flags MATCHES " avx512vl ")
      set(ebb_instruction_sets avx512)
    endif()
  endif()
endif()

# ebb_kernels(target file...): files named *_sse2.cpp, *_avx2.cpp, *_avx512.cpp are compiled for that instruction set, if it
# is one of EBB_KERNELS; one of them is chosen at run time. Everything else is compiled for the baseline architecture.
function(ebb_kernels target)
  set(sse2 -msse2)
  set(avx2 -mavx2 -mfma)
  set(avx512 -mavx512f -mavx512cd -mavx512dq -mavx512bw -mavx512vl -mfma -mprefer-vector-width=512)
  foreach(isa IN LISTS ebb_instruction_sets)
    set(sources ${ARGN})
    list(FILTER sources INCLUDE REGEX "_${isa}\\.cpp$")
    ebb_part(${target} ${isa} OPTIONS ${${isa}} $<$<CONFIG:Release,RelWithDebInfo>:-O3> SOURCES ${sources})
    if(sources)
      string(TOUPPER ${isa} name)
      target_compile_definitions(${target} PRIVATE EBB_KERNELS_${name})
    endif()
  endforeach()
  if(ARGN)   # the kernels of fuse, which its callers compile, need no other sets (autograd/fuse_kernels.hpp)
    foreach(isa IN ITEMS sse2 avx2 avx512)
      if(NOT isa IN_LIST ebb_instruction_sets)
        string(TOUPPER ${isa} name)
        target_compile_definitions(${target} PUBLIC $<BUILD_INTERFACE:EBB_WITHOUT_${name}_KERNELS>)
      endif()
    endforeach()
  endif()
endfunction()
