# libtchin, what others embed: the layers that touch no socket, clock or file, as one library.
# User code says #include <sip/message.h>, as ours does; the headers lie in a folder of their own.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
include(CMakePackageConfigHelpers)

set(layers base sip txn)
foreach(layer ${layers})
  list(APPEND objects $<TARGET_OBJECTS:tchin_${layer}>)
endforeach()

function(tchin_library target kind exported_as)
  add_library(${target} ${kind} ${objects})
  add_library(tchin::${exported_as} ALIAS ${target})
  target_link_libraries(${target} PRIVATE OpenSSL::Crypto)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/tchin>)
  set_target_properties(${target} PROPERTIES
    OUTPUT_NAME tchin EXPORT_NAME ${exported_as} LINKER_LANGUAGE C
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
endfunction()
tchin_library(tchin_shared SHARED tchin)
tchin_library(tchin_archive STATIC static)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tchin)
configure_file(cmake/tchin.pc.in tchin.pc @ONLY)
configure_package_config_file(cmake/tchinConfig.cmake.in tchinConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(tchinConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS tchin_shared tchin_archive EXPORT tchinTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libtchin NAMELINK_COMPONENT libtchin
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT libtchin)
foreach(layer ${layers})
  install(DIRECTORY src/${layer} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tchin
    COMPONENT libtchin FILES_MATCHING PATTERN "*.h" PATTERN "txn.h" EXCLUDE)
endforeach()
install(FILES ${PROJECT_BINARY_DIR}/tchin.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libtchin)
install(EXPORT tchinTargets NAMESPACE tchin:: DESTINATION ${package_dir} COMPONENT libtchin)
install(FILES ${PROJECT_BINARY_DIR}/tchinConfig.cmake ${PROJECT_BINARY_DIR}/tchinConfigVersion.cmake
  DESTINATION ${package_dir} COMPONENT libtchin)
