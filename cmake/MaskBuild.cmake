# Build helpers of the project: one function per kind of target.

# MLIR's headers, which take longer to parse than most sources take to compile.
# All libraries share what the first one precompiles. No source relies on it:
# the option is off by default.
set(MASK_PRECOMPILED_HEADER_LIST
  <mlir/Bytecode/BytecodeOpInterface.h>
  <mlir/IR/Builders.h>
  <mlir/IR/BuiltinOps.h>
  <mlir/IR/DialectImplementation.h>
  <mlir/IR/OpImplementation.h>
  <mlir/IR/PatternMatch.h>
  <mlir/Interfaces/DestinationStyleOpInterface.h>
  <mlir/Interfaces/InferTypeOpInterface.h>
  <mlir/Interfaces/SideEffectInterfaces.h>)
function(mask_precompile_headers name)
  if(NOT MASK_PRECOMPILED_HEADERS)
    return()
  endif()
  get_property(owner GLOBAL PROPERTY MASK_PRECOMPILED_HEADER_OWNER)
  if(owner)
    target_precompile_headers(${name} REUSE_FROM ${owner})
  else()
    target_precompile_headers(${name} PRIVATE ${MASK_PRECOMPILED_HEADER_LIST})
    set_property(GLOBAL PROPERTY MASK_PRECOMPILED_HEADER_OWNER ${name})
  endif()
  # ccache compares contents, not times.
  if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# add_mask_library(MaskFoo sources... [DEPENDS targets...] [LINK_LIBS libs...] [MLIR_LIBS libs...])
# A static library. LINK_LIBS are this project's, MLIR_LIBS are upstream's
# (one shared library where the distribution has it).
function(add_mask_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  mask_precompile_headers(${name})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  # MLIR's targets do not pass on LLVM's support library, which everything uses.
  if(LLVM_LINK_LLVM_DYLIB)
    set(support LLVM)
  else()
    set(support LLVMSupport)
  endif()
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} ${support})
  if(ARG_MLIR_LIBS)
    mlir_target_link_libraries(${name} PUBLIC ${ARG_MLIR_LIBS})
  endif()
  mask_install_library(${name})
endfunction()

# add_mask_tool(mask-foo sources... [LINK_LIBS libs...] [MLIR_LIBS libs...])
# `add_mlir_tool` would leave the tool out of `all`.
function(add_mask_tool name)
  cmake_parse_arguments(ARG "" "" "LINK_LIBS;MLIR_LIBS" ${ARGN})
  add_llvm_executable(${name} ${ARG_UNPARSED_ARGUMENTS} PARTIAL_SOURCES_INTENDED)
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS})
  if(ARG_MLIR_LIBS)
    mlir_target_link_libraries(${name} PRIVATE ${ARG_MLIR_LIBS})
  endif()
  install(TARGETS ${name} COMPONENT tools)
endfunction()
