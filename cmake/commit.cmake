# Writes commit.hpp: the commit that is being built, and whether there are uncommitted changes outside docs/; empty outside of
# git. It runs at each build and changes the file only when its contents differ.
execute_process(COMMAND git describe --always WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE commit ERROR_QUIET
  OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND git status --porcelain -- :/ ":(top,exclude)docs" WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE changes
  ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND git rev-parse --show-toplevel WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE top ERROR_QUIET
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT top STREQUAL SOURCE)  # an archive unpacked inside another repository
  set(commit "")
elseif(changes)
  string(APPEND commit " with changes")
endif()
set(text "#pragma once\n#define EBB_COMMIT \"${commit}\"\n")
if(EXISTS ${HEADER})
  file(READ ${HEADER} before)
endif()
if(NOT text STREQUAL before)
  file(WRITE ${HEADER} "${text}")
endif()
