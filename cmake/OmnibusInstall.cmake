# Install rules: headers, libraries, the exported CMake package and a pkg-config file.
include(CMakePackageConfigHelpers)

# A shared build installs one library, which needs nothing of what it is built on from its users.
if(BUILD_SHARED_LIBS)
  install(TARGETS omnibus EXPORT omnibusTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
else()
  get_property(omnibus_packaged GLOBAL PROPERTY OMNIBUS_PACKAGED_LIBRARIES)
  install(TARGETS omnibus omnibus_parts ${omnibus_packaged} EXPORT omnibusTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
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

if(BUILD_SHARED_LIBS)
  set(OMNIBUS_PC_FLAGS "-DOMNIBUS_SHARED")
  set(OMNIBUS_PC_LIBS "-lomnibus")
else()
  set(OMNIBUS_PC_REQUIRES "Requires.private: spdlog fmt prometheus-cpp-core")
  # Static archives refer to each other, so pkg-config names them as one group.
  list(TRANSFORM omnibus_packaged PREPEND "-l" OUTPUT_VARIABLE archives)
  list(JOIN archives " " archives)
  # Boost has no pkg-config file. The versioned package of Debian installs under the plain name.
  set(dependencies "-lboost_json")
  if(OMNIBUS_BACKEND_PULSAR)
    string(APPEND dependencies " -lprotobuf-lite -llz4 -lzstd -lsnappy -lz -lssl -lcrypto")
  endif()
  set(OMNIBUS_PC_LIBS "-Wl,--start-group ${archives} -Wl,--end-group ${dependencies}")
endif()
configure_file(cmake/omnibus.pc.in ${PROJECT_BINARY_DIR}/omnibus.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/omnibus.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
