# The package: find_package(ebb) with two targets: ebb::ebb, the library, and ebb::app, the framework of the command, for adding
# tasks, experiments and commands. It contains no absolute paths, so the prefix can be moved.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/ebb)

add_library(ebb_all INTERFACE)
set_target_properties(ebb_all PROPERTIES EXPORT_NAME ebb)
target_link_libraries(ebb_all INTERFACE ebb::optim ebb::online ebb::data)
add_library(ebb::ebb ALIAS ebb_all)

# <ebb/ebb.hpp>, all of the library's headers: for targets that link ebb::ebb, not for the folders of the library.
set(umbrella ${PROJECT_BINARY_DIR}/include/all)
file(MAKE_DIRECTORY ${umbrella}/ebb)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/ebb.hpp ${umbrella}/ebb/ebb.hpp SYMBOLIC)
target_include_directories(ebb_all INTERFACE $<BUILD_INTERFACE:${umbrella}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
install(FILES ${PROJECT_SOURCE_DIR}/ebb.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/ebb)

add_library(ebb_app INTERFACE)
set_target_properties(ebb_app PROPERTIES EXPORT_NAME app)
target_link_libraries(ebb_app INTERFACE ebb::experiments)
add_library(ebb::app ALIAS ebb_app)

install(TARGETS ebb_all ebb_app EXPORT ebbTargets)
install(EXPORT ebbTargets NAMESPACE ebb:: DESTINATION ${package})
configure_package_config_file(cmake/ebbConfig.cmake.in ${PROJECT_BINARY_DIR}/ebbConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ebbConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ebbConfig.cmake ${PROJECT_BINARY_DIR}/ebbConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/EbbCells.cmake ${PROJECT_SOURCE_DIR}/cmake/cell_docs.awk
  ${PROJECT_SOURCE_DIR}/cmake/EbbXtensor.cmake
  ${PROJECT_SOURCE_DIR}/cmake/EbbData.cmake DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICES.md ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN build EXCLUDE)   # beside the README, so that its links work
if(PROJECT_IS_TOP_LEVEL)
  include(EbbPackage)
endif()
