# A folder of src/ is a static library, and its row of the map is its link line:
#
#   tchin_layer(txn MAY_INCLUDE sip base BUILT_ON OpenSSL::Crypto)
#
# scripts/check-arrows reads the same lines and holds every #include against them.
function(tchin_layer name)
  cmake_parse_arguments(ROW "" "" "MAY_INCLUDE;BUILT_ON" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.c)
  add_library(tchin_${name} STATIC ${sources})
  target_include_directories(tchin_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ROW_MAY_INCLUDE PREPEND tchin_)
  target_link_libraries(tchin_${name} PUBLIC ${ROW_MAY_INCLUDE} ${ROW_BUILT_ON})
endfunction()

# A program: the main of a folder, on top of that folder's library.
function(tchin_program name layer)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE tchin_${layer})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
