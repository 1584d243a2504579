# What other projects get: `find_package(Mask CONFIG)` defines the libraries by
# the names that they have here, so that a project may as well contain this one.
#
# The component `development` holds libraries, headers and the package, the
# component `tools` the programs and the plugin.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(MASK_INSTALL_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/mask)

# mask_install_library(MaskFoo): exports the library with the headers that its
# users include, MLIR's among them.
function(mask_install_library name)
  target_include_directories(${name} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_include_directories(${name} SYSTEM INTERFACE
    "$<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS};${LLVM_INCLUDE_DIRS}>")
  install(TARGETS ${name} EXPORT MaskTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  set_property(GLOBAL APPEND PROPERTY MASK_LIBRARIES ${name})
endfunction()

# Headers, the .td files that other dialects include, and the package, which can
# also be found in the build directory.
function(mask_install_package)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/Mask ${PROJECT_BINARY_DIR}/include/Mask
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
    FILES_MATCHING PATTERN "*.h" PATTERN "*.td" PATTERN "*.inc" PATTERN CMakeFiles EXCLUDE)

  get_property(MASK_LIBRARIES GLOBAL PROPERTY MASK_LIBRARIES)
  set(built ${PROJECT_BINARY_DIR}/${MASK_INSTALL_CMAKE_DIR})
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/MaskConfig.cmake.in
    ${built}/MaskConfig.cmake INSTALL_DESTINATION ${MASK_INSTALL_CMAKE_DIR}
    NO_SET_AND_CHECK_MACRO)
  write_basic_package_version_file(${built}/MaskConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${built}/MaskConfig.cmake ${built}/MaskConfigVersion.cmake
    DESTINATION ${MASK_INSTALL_CMAKE_DIR} COMPONENT development)
  install(EXPORT MaskTargets DESTINATION ${MASK_INSTALL_CMAKE_DIR} COMPONENT development)
  export(EXPORT MaskTargets FILE ${built}/MaskTargets.cmake)
endfunction()
