# ebb_add_cells(target file...)
#
# Adds files with EBB_CELL (or any other registration) to a target of yours. In a program it is what
# target_sources does; in a static library it also makes sure that the program at the end gets them.
function(ebb_add_cells target)
  get_target_property(type ${target} TYPE)
  if(NOT type STREQUAL STATIC_LIBRARY)
    target_sources(${target} PRIVATE ${ARGN})
    target_link_libraries(${target} PRIVATE ebb::nn)
    return()
  endif()
  string(SHA256 id "${ARGN}")
  string(SUBSTRING ${id} 0 8 id)
  set(cells ${target}_cells_${id})
  add_library(${cells} OBJECT ${ARGN})
  target_link_libraries(${cells} PRIVATE ebb::nn)
  target_sources(${target} INTERFACE $<TARGET_OBJECTS:${cells}>)
  target_link_libraries(${target} PUBLIC ebb::nn)
endfunction()
