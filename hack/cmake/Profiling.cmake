# One helper for a library, one for a test. A library target `profiling_<name>` has the alias
# `profiling::<name>`; tests/include_direction_test.py holds its include lines and what it links to the
# dependency table (ARCHITECTURE.md).

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
# Checks make a unit's code three times as long, and optimising that takes longer than the tests save:
# only HOT sources are optimised.
set(PROFILING_HOT_OPTIONS $<$<CONFIG:Release>:-O2>)
if(PROFILING_SANITIZE)
  set(PROFILING_HOT_OPTIONS -O1)
  target_compile_options(profiling_options INTERFACE -fsanitize=${PROFILING_SANITIZE} -fno-sanitize-recover=undefined -g1)
  target_link_options(profiling_options INTERFACE -fsanitize=${PROFILING_SANITIZE})
  if(PROFILING_SANITIZE MATCHES "thread")
    target_compile_options(profiling_options INTERFACE -Wno-tsan)  # asio's fences are not modelled
  endif()
  if(PROFILING_SANITIZE MATCHES "undefined")
    # cpprestsdk's classes come out of a library whose type information the check cannot match.
    target_compile_options(profiling_options INTERFACE -fno-sanitize=vptr)
  endif()
endif()

# The sources of a target, joined: one unit for each folder, because two thirds of a unit's time is
# the parsing of headers. A unit names its sources from the root of the tree, so that it reads the
# same in every clone and the compiler cache finds it. PROFILING_UNITY=OFF compiles each source by
# itself.
option(PROFILING_UNITY "Compile the sources of a folder as one unit" ON)
function(profiling_units OUT)
  cmake_parse_arguments(ARG "" "TARGET" "SRCS;HOT;ALONE" ${ARGN})
  set(units)
  set(folders)
  foreach(source IN LISTS ARG_SRCS)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE path)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE name)
    set(hot "")
    if(name IN_LIST ARG_HOT)
      set(hot "_hot")
    endif()
    if(NOT PROFILING_UNITY OR name IN_LIST ARG_ALONE)
      list(APPEND units ${source})
      if(hot)
        set_property(SOURCE ${source} APPEND PROPERTY COMPILE_OPTIONS ${PROFILING_HOT_OPTIONS})
      endif()
      continue()
    endif()
    cmake_path(GET path PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "${folder}${hot}" id)
    list(APPEND folders ${id})
    string(APPEND text_${id} "#include \"${path}\"\n")
    set(hot_${id} "${hot}")
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(id IN LISTS folders)
    set(unit ${CMAKE_CURRENT_BINARY_DIR}/${ARG_TARGET}.${id}.cc)
    file(CONFIGURE OUTPUT ${unit} CONTENT "${text_${id}}" @ONLY)
    list(APPEND units ${unit})
    if(hot_${id})
      set_property(SOURCE ${unit} APPEND PROPERTY COMPILE_OPTIONS ${PROFILING_HOT_OPTIONS})
    endif()
  endforeach()
  set(${OUT} ${units} PARENT_SCOPE)
endfunction()

# profiling_library(NAME inject SRCS a.cc b.cc [HOT b.cc | HOT ALL] [ALONE a.cc] DEPS profiling::base)
# HOT: those of the sources that every admission or every watched pod passes.
# ALONE: sources that cannot share a unit with their neighbours.
function(profiling_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;HOT;ALONE;DEPS" ${ARGN})
  if(ARG_HOT STREQUAL "ALL")
    set(ARG_HOT ${ARG_SRCS})
  endif()
  if(ARG_SRCS)
    profiling_units(units TARGET ${ARG_NAME} SRCS ${ARG_SRCS} HOT ${ARG_HOT} ALONE ${ARG_ALONE})
    add_library(profiling_${ARG_NAME} STATIC ${units})
    target_link_libraries(profiling_${ARG_NAME} PUBLIC profiling_options ${ARG_DEPS})
  else()
    add_library(profiling_${ARG_NAME} INTERFACE)
    target_link_libraries(profiling_${ARG_NAME} INTERFACE profiling_options ${ARG_DEPS})
  endif()
  add_library(profiling::${ARG_NAME} ALIAS profiling_${ARG_NAME})
endfunction()

# profiling_test(NAME inject_test SRCS … DEPS profiling::inject [LABELS unit] [TIMEOUT 600] [ALONE …])
function(profiling_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS;LABELS;ALONE" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)  # seconds, on a machine that does other things, too
  endif()
  profiling_units(units TARGET ${ARG_NAME} SRCS ${ARG_SRCS} ALONE ${ARG_ALONE})
  add_executable(${ARG_NAME} ${units})
  target_link_libraries(${ARG_NAME} PRIVATE ${ARG_DEPS} profiling_source_dir GTest::gmock GTest::gtest
    GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME})
  set_tests_properties(${ARG_NAME} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
