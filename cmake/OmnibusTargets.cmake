# Helpers that every folder uses: one folder is one target.
include_guard()
find_package(Threads REQUIRED)

add_library(omnibus_options INTERFACE)
target_compile_options(omnibus_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  # GCC 12 sees errors in the inlined insides of std::string and std::optional where there are none.
  "$<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-restrict;-Wno-stringop-overflow>"
  $<$<BOOL:${OMNIBUS_WERROR}>:-Werror>)
if(OMNIBUS_SANITIZE)
  target_compile_options(omnibus_options INTERFACE -fsanitize=${OMNIBUS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  if(OMNIBUS_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns of every fence in Asio's headers that the thread sanitizer does not see through.
    target_compile_options(omnibus_options INTERFACE -Wno-tsan)
  endif()
  target_link_options(omnibus_options INTERFACE -fsanitize=${OMNIBUS_SANITIZE})
endif()

# omnibus_usage(<target>): what a user of the installed headers needs.
function(omnibus_usage target)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} PUBLIC cxx_std_20)
  if(BUILD_SHARED_LIBS)
    target_compile_definitions(${target} PUBLIC OMNIBUS_SHARED)
  endif()
endfunction()

# omnibus_library(<part> SOURCES … [PUBLIC libs…] [PRIVATE libs…]): target omnibus_<part>, alias omnibus::<part>.
# Private headers are included as "<folder>/<file>.hpp" relative to src/.
# Part of the installed package, unless the folder sets OMNIBUS_PACKAGED to OFF: then it serves this tree's programs.
set(OMNIBUS_PACKAGED ON)
function(omnibus_library part)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  # Always static, so that parts may use each other's internals. A shared build makes one library of them all.
  add_library(omnibus_${part} STATIC ${arg_SOURCES})
  add_library(omnibus::${part} ALIAS omnibus_${part})
  omnibus_usage(omnibus_${part})
  target_include_directories(omnibus_${part} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  if(BUILD_SHARED_LIBS)
    # Nobody replaces our functions one by one, so calls between them may be inlined although they are exported.
    target_compile_options(omnibus_${part} PRIVATE -fno-semantic-interposition)
  endif()
  target_link_libraries(omnibus_${part} PUBLIC ${arg_PUBLIC}
    PRIVATE ${arg_PRIVATE} $<BUILD_INTERFACE:omnibus_options> Threads::Threads)
  set_target_properties(omnibus_${part} PROPERTIES EXPORT_NAME ${part})
  if(OMNIBUS_PACKAGED)
    set_property(GLOBAL APPEND PROPERTY OMNIBUS_PACKAGED_LIBRARIES omnibus_${part})
  endif()
endfunction()

# omnibus_test(<name> SOURCES … [LIBS …] [LABELS …] [TIMEOUT seconds]): a GoogleTest program, one ctest entry per case.
function(omnibus_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT OMNIBUS_BUILD_TESTS)
    return()
  endif()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE OMNIBUS_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  target_link_libraries(${name} PRIVATE ${arg_LIBS} omnibus_options GTest::gtest_main GTest::gmock Threads::Threads)
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
