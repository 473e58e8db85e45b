# Real brokers for tests, each started once per run of ctest and stopped after the last test that needs it.

# omnibus_needs_broker(<test> <broker>): the broker of scripts/brokers runs while the test does, and no other test uses it then;
# `scripts/brokers run <broker> …` in the test's command gives its URL. The test gets the label `broker`. Nothing is downloaded
# or installed: where the broker is missing the test is skipped, on CI it fails.
function(omnibus_needs_broker test broker)
  set(script ${PROJECT_SOURCE_DIR}/scripts/brokers)
  set(environment "OMNIBUS_INSTALL=no;OMNIBUS_BROKERS_DIR=${PROJECT_BINARY_DIR}/brokers")
  get_property(known GLOBAL PROPERTY OMNIBUS_TEST_BROKERS)
  if(NOT broker IN_LIST known)
    set_property(GLOBAL APPEND PROPERTY OMNIBUS_TEST_BROKERS ${broker})
    # Fresh: thousands of topics of earlier runs make a broker slow to start.
    add_test(NAME broker.${broker}.start COMMAND bash -c "${script} clean ${broker} && ${script} start ${broker}")
    add_test(NAME broker.${broker}.stop COMMAND ${script} stop ${broker})
    set_tests_properties(broker.${broker}.start PROPERTIES FIXTURES_SETUP broker-${broker})
    set_tests_properties(broker.${broker}.stop PROPERTIES FIXTURES_CLEANUP broker-${broker})
    set_tests_properties(broker.${broker}.start broker.${broker}.stop PROPERTIES
      LABELS broker TIMEOUT 300 SKIP_RETURN_CODE 77 ENVIRONMENT "${environment}")
  endif()
  set_property(GLOBAL APPEND PROPERTY OMNIBUS_TESTS_ON_${broker} ${test})
  set_property(TEST ${test} APPEND PROPERTY FIXTURES_REQUIRED broker-${broker})
  set_property(TEST ${test} APPEND PROPERTY RESOURCE_LOCK broker-${broker})
  set_property(TEST ${test} APPEND PROPERTY LABELS broker)
  set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT ${environment})
  set_property(TEST ${test} PROPERTY SKIP_RETURN_CODE 77)
endfunction()
