# One helper for a library, one for a test. Every folder of the tree is one library target
# `profiling_<name>` with the alias `profiling::<name>`, linking exactly its row of the dependency
# table (ARCHITECTURE.md); tests/unit/include_direction_test.py holds the include lines to it.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# Most of the resident set of an idle process is code that ran once. So what ships is built for size,
# and only what meets every pod (HOT of profiling_library) for speed.
set(CMAKE_CXX_FLAGS_RELEASE "-Os -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The checkout's own path is not part of the key, so that a second clone finds what the first built.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=true ${CCACHE})
endif()

add_library(profiling_options INTERFACE)
target_include_directories(profiling_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(profiling_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow=local
  -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer -fstack-protector-strong)
target_compile_definitions(profiling_options INTERFACE
  _TURN_OFF_PLATFORM_STRING          # cpprest's one-letter U() macro breaks fmt and gtest
  SPDLOG_NO_EXCEPTIONS
  PROFILING_VERSION="${PROJECT_VERSION}")
target_link_options(profiling_options INTERFACE -Wl,--as-needed -Wl,-z,relro,-z,now)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(profiling_options INTERFACE _FORTIFY_SOURCE=2)
  target_compile_options(profiling_options INTERFACE -ffunction-sections -fdata-sections)
  target_link_options(profiling_options INTERFACE -Wl,--gc-sections)
endif()
if(PROFILING_WERROR)
  target_compile_options(profiling_options INTERFACE -Werror)
endif()
if(PROFILING_SANITIZE)
  target_compile_options(profiling_options INTERFACE -fsanitize=${PROFILING_SANITIZE} -fno-sanitize-recover=undefined -O1 -g1)
  target_link_options(profiling_options INTERFACE -fsanitize=${PROFILING_SANITIZE})
  if(PROFILING_SANITIZE MATCHES "thread")
    target_compile_options(profiling_options INTERFACE -Wno-tsan)  # asio's fences are not modelled
  endif()
  if(PROFILING_SANITIZE MATCHES "undefined")
    # cpprestsdk's classes come out of a library whose type information the check cannot match.
    target_compile_options(profiling_options INTERFACE -fno-sanitize=vptr)
  endif()
endif()

# profiling_library(NAME inject SRCS a.cc b.cc [HOT b.cc | HOT ALL] DEPS profiling::base OpenSSL::Crypto)
# HOT: those of the sources that are on the way of every admission or every watched pod.
function(profiling_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;HOT;DEPS" ${ARGN})
  if(ARG_HOT STREQUAL "ALL")
    set(ARG_HOT ${ARG_SRCS})
  endif()
  if(ARG_HOT)
    set_property(SOURCE ${ARG_HOT} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O2>)
  endif()
  if(ARG_SRCS)
    add_library(profiling_${ARG_NAME} STATIC ${ARG_SRCS})
    target_link_libraries(profiling_${ARG_NAME} PUBLIC profiling_options ${ARG_DEPS})
  else()
    add_library(profiling_${ARG_NAME} INTERFACE)
    target_link_libraries(profiling_${ARG_NAME} INTERFACE profiling_options ${ARG_DEPS})
  endif()
  add_library(profiling::${ARG_NAME} ALIAS profiling_${ARG_NAME})
endfunction()

# profiling_test(NAME inject_test SRCS … DEPS profiling::inject [LABELS unit] [TIMEOUT 60])
function(profiling_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  target_compile_definitions(${ARG_NAME} PRIVATE PROFILING_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
