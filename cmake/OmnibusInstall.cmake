# Install rules: headers, libraries, the exported CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

get_property(omnibus_parts GLOBAL PROPERTY OMNIBUS_PACKAGED_LIBRARIES)

install(TARGETS omnibus ${omnibus_parts} EXPORT omnibusTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/omnibus DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(EXPORT omnibusTargets NAMESPACE omnibus:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omnibus)
if(TARGET omnibus_program)
  install(TARGETS omnibus_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(cmake/omnibusConfig.cmake.in ${PROJECT_BINARY_DIR}/omnibusConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omnibus)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/omnibusConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/omnibusConfig.cmake ${PROJECT_BINARY_DIR}/omnibusConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/omnibus)

# Static archives refer to each other, so pkg-config names them as one group.
list(TRANSFORM omnibus_parts PREPEND "-l" OUTPUT_VARIABLE omnibus_pc_libs)
list(JOIN omnibus_pc_libs " " OMNIBUS_PC_LIBS)
# Boost has no pkg-config file. The versioned package of Debian installs under the plain name.
set(OMNIBUS_PC_DEPENDENCIES "-lboost_json")
if(OMNIBUS_BACKEND_PULSAR)
  string(APPEND OMNIBUS_PC_DEPENDENCIES " -lprotobuf-lite -llz4 -lzstd -lsnappy -lz -lssl -lcrypto")
endif()
configure_file(cmake/omnibus.pc.in ${PROJECT_BINARY_DIR}/omnibus.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/omnibus.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
