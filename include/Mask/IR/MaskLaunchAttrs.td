//===- MaskLaunchAttrs.td - how a host launches kernels -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_LAUNCH_ATTRS_TD
#define MASK_LAUNCH_ATTRS_TD

include "Mask/IR/MaskAttrs.td"

def Mask_LaunchValueAttr : AttrDef<Mask_Dialect, "LaunchValue"> {
  let mnemonic = "launch_value";
  let summary = "a number or an array that a host computes for a launch";
  let description = [{
    A constant, or a function of values. Of the function whose launches are recorded,
    `argument(i)` is the argument `i` and, for an array, `dim(i, d)` its extent in
    dimension `d`; `workspace(i)` is an array of the record. The other functions
    compute in 64 bits what the ops of `arith` do to an `index`: `addi`, `subi`, `muli`,
    `divsi`, `divui`, `remsi`, `remui`, `ceildivsi`, `ceildivui`, `floordivsi`,
    `minsi`, `minui`, `maxsi`, `maxui`, `andi`, `ori`, `xori`, `shli`, `shrsi`, `shrui`,
    `cmpi_eq` (and `ne`, `slt`, `sle`, `sgt`, `sge`, `ult`, `ule`, `ugt`, `uge`),
    which is 0 or 1, `select`, and `extsi(x, n)` and `extui(x, n)` of the lowest `n`
    bits of `x`. An argument of fewer bits is taken with its sign, but a flag for 0 or 1,
    and a floating-point number is its bits.

    1. A function has as many operands as `arith` gives it.
    2. The operands of `argument`, `workspace` and `dim` are constants of at least 0.

    ```mlir
    #mask.launch_value<muli(dim(0, 0), ceildivui(dim(0, 2), 32))>
    ```
  }];
  let parameters = (ins
    StringRefParameter<"empty for a constant">:$function,
    "int64_t":$constant,
    ArrayRefParameter<"::mlir::mask::LaunchValueAttr">:$operands
  );
  let builders = [
    AttrBuilder<(ins "int64_t":$constant), [{
      return $_get($_ctxt, "", constant, ::llvm::ArrayRef<LaunchValueAttr>());
    }]>,
    AttrBuilder<(ins "::llvm::StringRef":$function,
                     "::llvm::ArrayRef<LaunchValueAttr>":$operands), [{
      return $_get($_ctxt, function, 0, operands);
    }]>
  ];
  let assemblyFormat = [{
    `<` custom<LaunchFunction>($function, $constant, $operands) `>`
  }];
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Whether it is a number that does not depend on anything.
    bool isConstant() const { return getFunction().empty(); }
    /// Whether it is the function `name`.
    bool is(::llvm::StringRef name) const { return getFunction() == name; }
    /// The constant that is operand `i`, of `argument`, `workspace` or `dim`.
    int64_t getIndex(unsigned i = 0) const {
      return getOperands()[i].getConstant();
    }
    /// As it is printed inside of other attributes: without brackets.
    void printFunction(::llvm::raw_ostream &os) const;
  }];
}

def Mask_WorkspaceAttr : AttrDef<Mask_Dialect, "Workspace"> {
  let mnemonic = "workspace";
  let summary = "an array that lives as long as one call";
  let description = [{
    An array on the device, row-major, of a type with one size per dynamic extent. Its
    contents are undefined before a step of the record writes them. It starts at a
    multiple of 16 bytes.

    1. There is one size per dynamic extent.

    ```mlir
    #mask.workspace<memref<?x?x6xindex> sizes (dim(0, 0), ceildivui(dim(0, 2), 32))>
    ```
  }];
  let parameters = (ins "::mlir::MemRefType":$type,
                        ArrayRefParameter<"::mlir::mask::LaunchValueAttr">:$sizes);
  let assemblyFormat = "`<` $type `sizes` custom<LaunchValues>($sizes) `>`";
  let genVerifyDecl = 1;
}

def Mask_LaunchCheckAttr : AttrDef<Mask_Dialect, "LaunchCheck"> {
  let mnemonic = "launch_check";
  let summary = "what must hold of the arguments of a call";
  let description = [{
    A value that must not be 0, and what to say if it is.

    ```mlir
    #mask.launch_check<cmpi_eq(dim(0, 0), dim(1, 0)), "query and key must agree in batch rows">
    ```
  }];
  let parameters = (ins "::mlir::mask::LaunchValueAttr":$condition,
                        StringRefParameter<"said if it is 0">:$message);
  let assemblyFormat = "`<` custom<LaunchValue>($condition) `,` $message `>`";
}

def Mask_HostCallAttr : AttrDef<Mask_Dialect, "HostCall"> {
  let mnemonic = "host_call";
  let summary = "a step that a host computes";
  let description = [{
    A call of a function of the module, code for a CPU, on arrays in the memory of the
    host: it computes index tables from facts. Arrays that it writes are workspaces.

    1. There is one type per argument.

    ```mlir
    #mask.host_call<@attention_host (argument(4) : memref<?x?xi32>, workspace(0) : memref<?x?x4xi32>)>
    ```
  }];
  let parameters = (ins "::mlir::FlatSymbolRefAttr":$callee,
                        ArrayRefParameter<"::mlir::mask::LaunchValueAttr">:$arguments,
                        ArrayRefParameter<"::mlir::Type">:$types);
  let assemblyFormat = [{
    `<` $callee custom<LaunchArguments>($arguments, $types) `>`
  }];
  let genVerifyDecl = 1;
}

def Mask_LaunchAttr : AttrDef<Mask_Dialect, "Launch"> {
  let mnemonic = "launch";
  let summary = "a step that is the launch of a kernel";
  let description = [{
    A launch of `blocks` workgroups of `threads` threads, both in x. It is left out
    where `blocks` is 0. `shared` are the bytes of dynamic workgroup memory. The types
    are those of the arguments of the kernel's `gpu.func`; docs/GPU.md says what targets
    make of them.

    1. There is one type per argument.
    2. `threads` is at least 1.

    ```mlir
    #mask.launch<@mask_kernels::@attention blocks muli(dim(0, 0), 4) threads 128 shared 0 (argument(0) : memref<?x?x?x?xf32>, dim(0, 1) : index)>
    ```
  }];
  let parameters = (ins "::mlir::SymbolRefAttr":$kernel,
                        "::mlir::mask::LaunchValueAttr":$blocks,
                        "int64_t":$threads,
                        "::mlir::mask::LaunchValueAttr":$shared,
                        ArrayRefParameter<"::mlir::mask::LaunchValueAttr">:$arguments,
                        ArrayRefParameter<"::mlir::Type">:$types);
  let assemblyFormat = [{
    `<` $kernel `blocks` custom<LaunchValue>($blocks) `threads` $threads
        `shared` custom<LaunchValue>($shared)
        custom<LaunchArguments>($arguments, $types) `>`
  }];
  let genVerifyDecl = 1;
}

def Mask_LaunchRecordAttr : AttrDef<Mask_Dialect, "LaunchRecord"> {
  let mnemonic = "launch_record";
  let summary = "how a host calls a function whose work is done by kernels";
  let description = [{
    All that a host needs to do what a function does, without its code: `types` of its
    arguments, whose arrays are row-major, whatever the layout of their type;
    `alignments`, the number that the address of an array must be a multiple of, in bytes,
    since kernels were chosen by it; `outputs`, the arguments that kernels write; `checks` of the
    arguments, made first; `workspaces`; and `steps`, one after the other:
    `#mask.launch` and `#mask.host_call`. `mask-record-launches` attaches it to a
    function as `mask.launch_record`.

    1. There is one alignment per type, a power of two.
    2. Checks, workspaces and steps are such attributes.
    3. What values name exists: arguments, their extents, workspaces.
    4. Outputs are arguments.

    ```mlir
    #mask.launch_record<
      types = [memref<?x?x?x?xf32>, memref<?x?x?x?xf32>],
      alignments = [4, 4], outputs = [1],
      checks = [#mask.launch_check<cmpi_eq(dim(0, 3), dim(1, 3)), "columns must agree">],
      workspaces = [#mask.workspace<memref<?xi32> sizes (dim(0, 2))>],
      steps = [#mask.launch<@kernels::@copy blocks dim(0, 2) threads 32 shared 0
                 (argument(0) : memref<?x?x?x?xf32>, argument(1) : memref<?x?x?x?xf32>, workspace(0) : memref<?xi32>)>]>
    ```
  }];
  let parameters = (ins "::mlir::ArrayAttr":$types,
                        "::mlir::DenseI64ArrayAttr":$alignments,
                        "::mlir::DenseI64ArrayAttr":$outputs,
                        "::mlir::ArrayAttr":$checks,
                        "::mlir::ArrayAttr":$workspaces,
                        "::mlir::ArrayAttr":$steps);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The name under which a function has its record.
    static constexpr ::llvm::StringLiteral getAttrName() {
      return "mask.launch_record";
    }
    /// The type of argument `i` of the function.
    ::mlir::Type getType(unsigned i) const {
      return ::llvm::cast<::mlir::TypeAttr>(getTypes()[i]).getValue();
    }
    /// Workspace `i`.
    WorkspaceAttr getWorkspace(unsigned i) const {
      return ::llvm::cast<WorkspaceAttr>(getWorkspaces()[i]);
    }
  }];
}

#endif // MASK_LAUNCH_ATTRS_TD
