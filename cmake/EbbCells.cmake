# ebb_cell_docs(target file...): adds the docstrings of the cells in these files to the target (nn/cell_doc.hpp). It does
# not compile anything again unless one of them changes.
function(ebb_cell_docs target)
  set(files "")
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    string(REGEX REPLACE "\\.cpp$" ".hpp" header ${file})   # where the struct is, if it has one
    if(EXISTS ${header})
      list(APPEND files ${header})
    endif()
    list(APPEND files ${file})
  endforeach()
  list(REMOVE_DUPLICATES files)
  string(SHA256 id "${files}")
  string(SUBSTRING ${id} 0 8 id)
  set(docs ${CMAKE_CURRENT_BINARY_DIR}/${target}_cell_docs_${id}.cpp)
  find_program(EBB_AWK awk REQUIRED)
  mark_as_advanced(EBB_AWK)
  add_custom_command(OUTPUT ${docs} VERBATIM DEPENDS ${files} ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/cell_docs.awk
    COMMAND ${EBB_AWK} -v root=${CMAKE_SOURCE_DIR}/ -f ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/cell_docs.awk ${files} > ${docs}.new
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${docs}.new ${docs}
    COMMENT "Docstrings of cells")
  set_source_files_properties(${docs} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${docs})
endfunction()

# ebb_add_cells(target file...)
# Adds files with EBB_CELL (or any other registration) to a target. For an executable it does the same as
# target_sources; for a static library it also ensures that the final executable contains them.
function(ebb_add_cells target)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL STATIC_LIBRARY)
    target_sources(${target} PRIVATE ${ARGN})
    target_link_libraries(${target} PRIVATE ebb::nn)
    ebb_cell_docs(${target} ${ARGN})
    return()
  endif()
  string(SHA256 id "${ARGN}")
  string(SUBSTRING ${id} 0 8 id)
  set(cells ${target}_cells_${id})
  add_library(${cells} OBJECT ${ARGN})
  target_link_libraries(${cells} PRIVATE ebb::nn)
  ebb_cell_docs(${cells} ${ARGN})
  target_sources(${target} INTERFACE $<TARGET_OBJECTS:${cells}>)
  target_link_libraries(${target} PUBLIC ebb::nn)
endfunction()
