# The package: find_package(ebb), target ebb::ebb. It holds no absolute path, so the prefix may be moved.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/ebb)

add_library(ebb_all INTERFACE)
set_target_properties(ebb_all PROPERTIES EXPORT_NAME ebb)
target_link_libraries(ebb_all INTERFACE ebb::experiments)
add_library(ebb::ebb ALIAS ebb_all)

install(TARGETS ebb_all EXPORT ebbTargets)
install(EXPORT ebbTargets NAMESPACE ebb:: DESTINATION ${package})
configure_package_config_file(cmake/ebbConfig.cmake.in ${PROJECT_BINARY_DIR}/ebbConfig.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ebbConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ebbConfig.cmake ${PROJECT_BINARY_DIR}/ebbConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/EbbCells.cmake ${PROJECT_SOURCE_DIR}/cmake/EbbXtensor.cmake
  ${PROJECT_SOURCE_DIR}/cmake/EbbData.cmake DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/NOTICES.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
