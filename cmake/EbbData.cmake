# Libraries for which CMake has no package, or one whose target has another name in each version: minizip for .npz and, if it is
# installed, libsndfile for wav files, of ebb::data; SQLite for the index of runs, of ebb::app.
# Used in this tree and by the installed package, because users of a static library also link its dependencies.
function(ebb_imported name header library package)
  if(TARGET ${name})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "EBB_${library}" variable)
  find_path(${variable}_INCLUDE_DIR ${header})
  find_library(${variable}_LIBRARY ${library})
  mark_as_advanced(${variable}_INCLUDE_DIR ${variable}_LIBRARY)
  if(NOT ${variable}_INCLUDE_DIR OR NOT ${variable}_LIBRARY)
    message(FATAL_ERROR "Ebb needs <${header}> and its library (Debian: ${package})")
  endif()
  add_library(${name} UNKNOWN IMPORTED)
  set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${${variable}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${${variable}_INCLUDE_DIR})
endfunction()

ebb_imported(ebb::minizip minizip/unzip.h minizip libminizip-dev)
ebb_imported(ebb::sqlite sqlite3.h sqlite3 libsqlite3-dev)
if(EBB_WITH_SNDFILE)
  ebb_imported(ebb::sndfile sndfile.h sndfile libsndfile1-dev)
endif()
