//===- Passes.td - passes from masks to loops and vectors -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_CONVERSION_PASSES_TD
#define MASK_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertMaskToTiles : Pass<"convert-mask-to-tiles"> {
  let summary = "turn closed attention on memrefs into loops over tiles";
  let description = [{
    Replaces every closed `mask.attention` on memrefs by an `scf.parallel` over batch
    rows, heads and tiles of queries. A tile may hold several heads that share their
    keys: its rows are all pairs of one of `heads` heads and one of its queries, and "all
    its rows" are those of each head. Its body computes, from the row
    intervals of the predicate, which keys the tile can see and which of them all
    its rows see, and runs a `mask.tile_for` over exactly these. Index tables that
    the predicate's leaves carry (`mask-build-tables`) are used; a leaf that needs a
    table and has none is not bounded.

    The kernel keeps rows in vector lanes: with `S^T = K Q^T` and
    `O^T = V^T P^T` the keys and values are read as they lie, Q is transposed once per
    tile of queries and O once at its end, and no reduction is horizontal. A register
    tile is `rows` keys (or value columns) by two vectors of `lanes` rows, or half as
    many by four where all rows see all keys and that reads less. All
    sizes may be dynamic; nothing is read out of bounds: the missing rows of a tile's
    last vectors repeat the last row, the missing keys of an interval's last tile are
    never computed. A row without visible keys yields zeros and a log-sum-exp of
    minus infinity (law 3).

    Scores, weights and sums are f32, of f64 data f64. A tile of f16 or bf16 keys and
    values is widened before it is multiplied, once for all rows; with `bf16-dot`, or a
    schedule that says `pairs`, bf16 is multiplied in pairs (`x86vector.avx512.dot`),
    values of two keys lie side by side, and weights are rounded to bf16. With `amx`
    tiles of 16 rows by 16 pairs are multiplied (`amx.tile_mulf`), unless columns lie in
    lanes.

    Edge tiles are masked by row bounds, where the predicate is exactly one interval
    per row. Otherwise the tile is classified first, where the analysis can: one
    without visible elements is skipped, and of a conjunction only those operands
    are evaluated that hide some element of the tile. Keys and values that no query
    sees may hold anything, NaN included.

    With `observer=NAME`, `@NAME(batch, head, query, key, queries, keys, masked)` is
    called for every tile whose scores are computed, with indices into the arrays,
    sizes, and whether the tile is masked: a way to count or draw what the code does.
    The function must exist and take six `index` and one `i1`.

    Remarks tell, for each interval of a row, the keys that it sees, that a tile visits,
    and that a tile does not mask (`Bounds`); that the loop over tiles is split into
    several (`TileLoopSplit`); and of every op that has no exact bounds, why
    (`InexactBounds`): an index table is missing, or only the data decide.

    What the predicate's region computes out of its captures (loads, divisions, any
    code that only reads) is computed once, in front of the loops. What writes memory
    or has unknown effects is an error.

    What verifiers cannot know of a call is checked once, before the loops, by
    `cf.assert`: sizes that must agree, key heads that must divide the heads, window
    bounds of at least zero, chunk sizes, strides and divisors of at least one, heads of
    a tile that divide the query heads of a key head. The
    message names the op, its location and the rule. What is static is not checked
    again.

    The schedule of an attention is its `schedule` attribute, a `#mask.cpu_schedule`
    here. Where it has none, one is chosen for the target that `vector-bits`,
    `vector-registers`, `bf16-dot` and `amx` describe: vectors as wide as the registers,
    register tiles that fit them with their operands, pairs of bf16 where the target has the
    instruction, tiles where it has AMX. A schedule with pairs, or with AMX, is an error
    for a target that has not. Where the number of queries is static and less than 64, a
    tile has all of them, of as many heads of a group as make at most 64 rows, and if
    `cores` share the work, there are four parts of the keys for each. The other options
    give parts of it instead.

    With `decode` an attention whose number of queries is dynamic becomes two sets of
    loops, and each call chooses: for few queries the schedule of one query, for more that
    of many. Few are as many as leave half of 64 rows free, all heads of the group
    counted, and three at most. Not where the attention carries a schedule or has its
    keys as queries, nor where rows are given (`query-tile`, `heads`, `lanes`), or a
    `key-tile` that is no multiple of 16. Remarks are on tiles of many queries.

    ```mlir
    // before
    mask.attention ins(%q, %k, %v : ...) outs(%o : ...) predicate {
      %p = mask.window left 1023 right 0
      mask.yield %p : !mask.predicate
    }
    // after
    scf.parallel (%b, %h, %q0) = (%c0, %c0, %c0) to (%B, %H, %N) step (%c1, %c1, %c64) {
      %last = affine.min affine_map<(d0)[s0] -> (d0 + 63, s0 - 1)>(%q0)[%N]
      %hull_lower = affine.max affine_map<(d0) -> (d0 - 1023, 0)>(%q0)
      %core_lower = affine.max affine_map<(d0) -> (d0 - 1023, 0)>(%last)
      ...
      mask.tile_for [%hull_lower, %core_lower, %core_upper, %hull_upper] step 64 { ... }
    }
    ```
  }];
  let options = [
    Option<"vectorBits", "vector-bits", "int64_t", "512",
           "size of the target's vector registers">,
    Option<"vectorRegisters", "vector-registers", "int64_t", "32",
           "number of the target's vector registers">,
    Option<"bf16Dot", "bf16-dot", "bool", "false",
           "the target multiplies bf16 in pairs (AVX-512 BF16)">,
    Option<"amx", "amx", "bool", "false",
           "the target multiplies tiles of bf16 (AMX)">,
    Option<"cores", "cores", "int64_t", "1", "processors that share the work">,
    Option<"queryTile", "query-tile", "int64_t", "0", "queries per tile; 0: chosen">,
    Option<"keyTile", "key-tile", "int64_t", "0", "keys per tile; 0: chosen">,
    Option<"heads", "heads", "int64_t", "0", "heads per tile; 0: chosen">,
    Option<"parts", "parts", "int64_t", "0",
           "parts of the keys, of all tiles together; 0: chosen">,
    Option<"lanes", "lanes", "int64_t", "0", "rows of a tile per vector; 0: chosen">,
    Option<"rows", "rows", "int64_t", "0",
           "keys or value columns per register tile; 0: chosen">,
    Option<"decode", "decode", "bool", "false",
           "code of its own for few queries, where a call tells how many there are">,
    Option<"observer", "observer", "std::string", "",
           "function called for every tile whose scores are computed">
  ];
  let dependentDialects = [
    "affine::AffineDialect", "amx::AMXDialect", "arith::ArithDialect",
    "cf::ControlFlowDialect", "func::FuncDialect", "math::MathDialect",
    "memref::MemRefDialect", "scf::SCFDialect", "vector::VectorDialect",
    "x86vector::X86VectorDialect"
  ];
}

// What a schedule is chosen from, where a `#mask.gpu_schedule` is.
defvar GPUScheduleOptions = [
  Option<"emitter", "emitter", "::mlir::mask::GPUEmitter",
         "::mlir::mask::GPUEmitter::Portable", "what the code of a tile is made of",
         [{::llvm::cl::values(
             clEnumValN(::mlir::mask::GPUEmitter::Portable, "portable",
                        "workgroup memory and scalar arithmetic in f32"),
             clEnumValN(::mlir::mask::GPUEmitter::TensorCore, "tensor-core",
                        "NVIDIA's matrix instructions on f16 or bf16"),
             clEnumValN(::mlir::mask::GPUEmitter::Auto, "auto",
                        "tensor cores where they can, else portable"))}]>,
  Option<"queryTile", "query-tile", "int64_t", "0", "queries per tile; 0 chooses">,
  Option<"keyTile", "key-tile", "int64_t", "0", "keys per tile; 0 chooses">,
  Option<"heads", "heads", "int64_t", "0",
         "heads per tile, all of one group; 0 chooses">,
  Option<"parts", "parts", "int64_t", "0",
         "the most parts that the keys of a tile are split into; 0 chooses">,
  Option<"warpRows", "warp-rows", "int64_t", "0",
         "rows per warp on tensor cores, 16 or 32; 0 chooses">,
  Option<"threads", "threads", "int64_t", "0",
         "threads per workgroup; 0 chooses; not for tensor cores">,
  Option<"depth", "depth", "int64_t", "0",
         "how much of the head dimension is in workgroup memory at a time; 0 chooses; not for tensor cores">,
  Option<"valueColumns", "value-columns", "int64_t", "0",
         "value columns per workgroup; 0 chooses">,
  Option<"workgroupMemory", "workgroup-memory", "int64_t", "0",
         "the most workgroup memory, in bytes; 0: the chip's">,
  Option<"chip", "chip", "std::string", "",
         "NVIDIA's GPU that sizes are chosen for, such as sm_90">
];

def MaskScheduleGPU : Pass<"mask-schedule-gpu"> {
  let summary = "choose how attentions are cut into workgroups for a GPU";
  let description = [{
    Gives every `mask.attention` that has no schedule a `#mask.gpu_schedule`, and checks
    those that it has. Sizes that an option gives stay; the others are chosen from the
    chip and from the mask's numbers. What the pass prints can be written into a model's
    file, changed there, and is kept.

    With `emitter=portable` a tile has 32 queries and 32 keys, 128 threads, and as many
    value columns as there are, at most 128.

    With `emitter=tensor-core` tiles are the greatest that fit into the workgroup memory
    of `chip` and into registers, but none that compute much more than smaller ones would,
    since the mask is narrow: of 128 columns on sm_90 64 x 64, and 64 x 32 with a window of
    64 keys.

    Where all queries are known to be less than 64, a tile has all of them, of as many
    heads of a group as make 64 rows, and its keys are split into at most 64 parts.

    With `emitter=auto` an attention is computed by tensor cores where they can, and by
    portable code where its data do not fit them, which a remark says with the numbers.

    ```mlir
    // before
    %o = mask.attention ins(%q, %k, %v : ...) outs(%out : ...) mask(%p) -> tensor<1x8x?x128xbf16>
    // after, with emitter=tensor-core chip=sm_90
    %o = mask.attention ins(%q, %k, %v : ...) outs(%out : ...) mask(%p)
           {schedule = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 16, value_columns = 128>}
           -> tensor<1x8x?x128xbf16>
    ```
  }];
  let options = GPUScheduleOptions;
}

def ConvertMaskToGPU : Pass<"convert-mask-to-gpu"> {
  let summary = "turn closed attention on memrefs into launches of workgroups";
  let description = [{
    The counterpart of `convert-mask-to-tiles` for GPUs: every closed
    `mask.attention` on memrefs of f32, f16 or bf16 becomes a `gpu.launch` of one
    workgroup per batch row, head, tile of queries and block of value columns. What
    a workgroup does is the same, and decided by the same plan: it computes the
    bounds of its tile and runs a `mask.tile_for` over exactly the keys that are
    visible to it; bounds that depend on data and that heads share are computed
    before, by a launch of one thread per tile. `convert-mask-to-scf` and
    `gpu-kernel-outlining` make kernels of it: in the module `@mask_kernels`, named
    after the function that the attention is in, with `_bounds` for those before.

    What the code of a tile is made of, and its sizes, is the attention's `schedule`, a
    `#mask.gpu_schedule`; where there is none, that which `mask-schedule-gpu` would choose
    by the same options. With `portable` it is workgroup memory, barriers and scalar
    arithmetic in f32, nothing that a target may lack. Q and K pass through workgroup
    memory in blocks of `depth`, so that its size does not depend on the head
    dimension; sums, maxima and the output of a thread are in registers, carried by
    the loop over key tiles. Wide values are cut into blocks, each the work of another
    workgroup.

    With `tensor_core` it is that of NVIDIA's tensor cores (sm_80 and later):
    `nvgpu.mma.sync` of f16 or bf16 with sums of f32, fragments by `nvgpu.ldmatrix`,
    `nvgpu.device_async_copy` of the next tile of keys while one is worked on. Head
    dimensions are static; fragments are filled up with zeros, and arrays whose rows do not
    start at multiples of 16 bytes are moved first, by a launch that is empty where they do. A
    tile whose result is not finite is flagged; a second launch, of portable code, computes
    flagged tiles again, since values of hidden keys may be NaN.

    A schedule whose keys are split has a last launch that merges the parts.

    Sizes that take more than `workgroup-memory` bytes, of the chip or of the option, are
    errors, with the numbers.

    The heads of a tile of queries are adjacent.

    ```mlir
    // before
    mask.attention ins(%q, %k, %v : ...) outs(%o : ...) predicate {
      %p = mask.window left 1023 right 0
      mask.yield %p : !mask.predicate
    }
    // after
    gpu.launch blocks(%block, %_, %_) in (%blocks = %n, ...) threads(%thread, %_, %_) in (%threads = %c128, ...)
        workgroup(%queries : memref<32x33xf32, #gpu.address_space<workgroup>>, ...) {
      ...
      mask.tile_for [%hull_lower, %core_lower, %core_upper, %hull_upper] step 32 { ... }
    }
    ```
  }];
  let options = GPUScheduleOptions # [
    Option<"observer", "observer", "std::string", "",
           "function called for every tile whose scores are computed">
  ];
  let dependentDialects = [
    "affine::AffineDialect", "arith::ArithDialect", "cf::ControlFlowDialect",
    "func::FuncDialect", "gpu::GPUDialect", "math::MathDialect",
    "memref::MemRefDialect", "nvgpu::NVGPUDialect", "NVVM::NVVMDialect", "scf::SCFDialect",
    "vector::VectorDialect"
  ];
}

def ConvertMaskToSCF : Pass<"convert-mask-to-scf"> {
  let summary = "turn loops over tiles into scf loops, one per phase";
  let description = [{
    Lowers `mask.tile_for`, `mask.apply` and `mask.merge`, in any function, a `gpu.func`
    too; what else is in it stays what it is. Each interval of a
    `mask.tile_for` becomes up to three `scf.for`: the tiles before its core, those
    inside, and the rest; loops that are provably empty are not made. In each of them
    the two flags are constants, and what hangs on them is folded before it is lowered:
    what only masks needed (compares, selects, loads of tables) is not in the loop over
    the core.

    What loops hand on, beside the carried values, is carried where it is needed: the
    ordinal of a tile, and the tile that is loaded ahead. Bounds in memory are walked by a
    loop over their rows, around the loops of one interval; what is loaded ahead is found by
    a second walk over the rows. `part` cuts each interval down before it is walked, for
    which the visited tiles are counted: by arithmetic, or with `visit` by loops that ask
    about every tile. A step that is a value is checked before the loops by a `cf.assert`,
    and so is a part, in a `func.func`.

    ```mlir
    // before
    mask.tile_for [%hl, %cl, %cu, %hu] step 64 {
    ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1):
      "body"(%key, %size, %lower_fails, %upper_fails) : (index, index, i1, i1) -> ()
      mask.yield
    }
    // after
    scf.for %key = %hl to %before_end step %c64 {
      %size = affine.min affine_map<(d0)[s0] -> (64, s0 - d0)>(%key)[%hu]
      "body"(%key, %size, %true, %true) : (index, index, i1, i1) -> ()
    }
    scf.for %key = %core_start to %core_end step %c64 {
      "body"(%key, %c64, %false, %false) : (index, index, i1, i1) -> ()
    }
    scf.for %key = %core_end to %hu step %c64 { ... "body"(%key, %size, %false, %true) ... }
    ```

    With `index-bits=32` loops count in an `i32`, and what they carry of the walk is such
    numbers: for kernels of GPUs, where a number of 64 bits takes two registers and two
    instructions. Bounds keep their width, and are limited to 2^30, once, before the loops:
    there must be no more keys.

    With `merge-edges` the tiles before a core and those after it have one copy of the
    body, in which `lower_fails` is computed: a loop over the tiles of an edge and one over
    those of the core run twice, the second time without a core. Code for the edges is the
    larger part of a kernel for processors, where this costs no time.
  }];
  let options = [
    Option<"indexBits", "index-bits", "unsigned", "64",
           "Bits of the numbers that loops count with: 32 or 64">,
    Option<"mergeEdges", "merge-edges", "bool", "false",
           "Copy the body once for both edges of a core">
  ];
  let dependentDialects = [
    "affine::AffineDialect", "arith::ArithDialect", "cf::ControlFlowDialect",
    "math::MathDialect",
    "memref::MemRefDialect", "scf::SCFDialect", "vector::VectorDialect"
  ];
}

def MaskLowerKernelMath : Pass<"mask-lower-kernel-math"> {
  let summary = "compute functions in kernels without a library";
  let description = [{
    A call of a device library (libdevice, ocml) needs the library, and the same kernel
    would differ between machines that have it and machines that do not. So the
    functions of the math dialect become arithmetic: upstream's polynomial
    approximations, formulas for what others express, LLVM's intrinsics for what is one
    instruction (`fma`, `absf`, `sqrt`, rounding). The exponential is the target's own:
    `math.exp` stays, or with `nvvm` becomes `ex2.approx.ftz`, the power of two, of an
    argument multiplied by log2(e). What cannot be expanded is an error. With `spirv` what
    would be an intrinsic of LLVM stays.

    ```mlir
    %y = math.tanh %x : f32    // the polynomial of a soft cap
    %p = math.exp %d : f32     // exp2(d log2(e)) on NVIDIA's GPUs
    ```
  }];
  let options = [
    Option<"nvvm", "nvvm", "bool", "false",
           "take the exponential of NVIDIA's GPUs">,
    Option<"spirv", "spirv", "bool", "false",
           "leave what SPIR-V has: no intrinsics of LLVM">
  ];
  let dependentDialects = [
    "arith::ArithDialect", "LLVM::LLVMDialect", "math::MathDialect",
    "vector::VectorDialect"
  ];
}

def MaskLowerGathers : Pass<"mask-lower-gathers"> {
  let summary = "turn gathers into loads of elements";
  let description = [{
    A thread of a GPU has no gather. A `vector.gather` of one dimension from a memref
    becomes a load per element, each in an `scf.if` on its flag of the mask: what is not
    to be read is not touched. `vector.step`, the positions of lanes, becomes a constant.

    ```mlir
    // before
    %v = vector.gather %m[%c0] [%i], %flags, %zeros : memref<?xi32>, vector<2xindex>, vector<2xi1>, vector<2xi32> into vector<2xi32>
    // after
    %v0 = scf.if %flag0 -> i32 {
      %e = memref.load %m[%i0] : memref<?xi32>
      scf.yield %e : i32
    } else {
      scf.yield %zero : i32
    }
    ```
  }];
  let dependentDialects = [
    "arith::ArithDialect", "memref::MemRefDialect", "scf::SCFDialect",
    "vector::VectorDialect"
  ];
}

def MaskPrepareNVVM : Pass<"mask-prepare-nvvm"> {
  let summary = "lower what MLIR's conversions to NVVM do not";
  let description = [{
    To be run before `convert-nvgpu-to-nvvm` and `convert-gpu-to-nvvm`. The first knows
    `nvgpu.mma.sync` of f16, but not of bf16, of which it cannot tell the type of the
    operands: it becomes `nvvm.mma.sync` of pairs of elements, as integers. The second
    knows vectors of one dimension: `vector.fma`, `vector.to_elements` and
    `vector.shape_cast` of more become such.

    ```mlir
    // before
    %d = nvgpu.mma.sync (%a, %b, %c) {mmaShape = [16, 8, 16]} : (vector<4x2xbf16>, vector<2x2xbf16>, vector<2x2xf32>) -> vector<2x2xf32>
    // after
    %s = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%c0, %c1, %c2, %c3]
      {multiplicandAPtxType = #nvvm.mma_type<bf16>, ...} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    ```
  }];
  let dependentDialects = [
    "LLVM::LLVMDialect", "NVVM::NVVMDialect", "vector::VectorDialect"
  ];
}

def MaskRecordLaunches : Pass<"mask-record-launches", "::mlir::ModuleOp"> {
  let summary = "write down how a host launches kernels";
  let description = [{
    Attaches a `#mask.launch_record` to every function that launches kernels: the
    launches in their order, and workgroups, sizes of workspaces, arguments and checks as
    functions of the arguments' sizes. With it a host calls the function from data
    alone. What the host computes beyond numbers, index tables from facts, becomes
    functions of their own, `NAME_host`, which have a C interface and are steps of the
    record. The function itself keeps its code and does what it did.

    What the host asks of an address, whether it is a multiple of a power of two, is
    answered with yes and becomes the alignment of the argument; arrays are taken for
    row-major. So copies of arrays that do not lie as kernels need it are in the record only
    where their rows cannot. A call of a recorded function adds the steps of that one, and
    calls one after the other share their workspaces. A function whose launches hang on data, are in loops, or get numbers that the host
    loads from memory has no record, which a remark says, unless `explain` is off.

    ```mlir
    // before
    func.func @copy(%from: memref<?xf32>, %to: memref<?xf32>) {
      %n = memref.dim %from, %c0 : memref<?xf32>
      %blocks = arith.ceildivui %n, %c32 : index
      gpu.launch_func @kernels::@copy blocks in (%blocks, %c1, %c1) threads in (%c32, %c1, %c1)
        args(%from : memref<?xf32>, %to : memref<?xf32>)
      return
    }
    // after
    func.func @copy(%from: memref<?xf32>, %to: memref<?xf32>) attributes {
      mask.launch_record = #mask.launch_record<
        types = [memref<?xf32>, memref<?xf32>], alignments = [4, 4],
        outputs = [1], checks = [], workspaces = [],
        steps = [#mask.launch<@kernels::@copy blocks ceildivui(dim(0, 0), 32) threads 32
                   shared 0 (argument(0) : memref<?xf32>, argument(1) : memref<?xf32>)>]>} { ... }
    ```
  }];
  let options = [
    Option<"explain", "explain", "bool", "true",
           "say why a function has no record">,
  ];
  let dependentDialects = ["func::FuncDialect", "::mlir::mask::MaskDialect"];
}

def MaskPrepareSPIRV : Pass<"mask-prepare-spirv", "::mlir::ModuleOp"> {
  let summary = "give kernels the arguments and types that SPIR-V for Vulkan has";
  let description = [{
    To be run before `convert-gpu-to-spirv`, on kernels without affine ops and with control
    flow of `scf`. What is done to a vector is done to its elements. A kernel's arguments become arrays of one dimension, each
    a storage buffer, and a last one, of `i64`, with all numbers: for each argument in
    turn its dynamic extents, or itself, floating-point numbers as their bits. So the
    number of buffers does not depend on that of the numbers. Accesses get one index, of
    64 bits.

    Elements that Vulkan's memory does not have become integers: `bf16` is `i16`, `i1` is
    `i8` and `index` is `i64`. Workgroup memory becomes allocations of SPIR-V's storage
    class, and the size of workgroups the entry point's, which keeps infinities and NaN of
    f32. The results of a `scf.for` that
    makes no iteration are selected after it, which the conversion loses; signs are
    extended by arithmetic, since Mesa compares extended numbers wrong.

    Functions that launch these kernels become declarations: what is left of them is their
    `mask.launch_record`, without which it is an error.

    ```mlir
    // before
    gpu.func @kernel(%x: memref<?x?xbf16>, %n: index) workgroup(%s : memref<4x5xf32, #gpu.address_space<workgroup>>)
        kernel attributes {known_block_size = array<i32: 128, 1, 1>}
    // after
    gpu.func @kernel(%x: memref<?xi16>, %numbers: memref<?xi64>)
        kernel attributes {spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [128, 1, 1], target_width = 32>, ...} {
      %s = memref.alloc() : memref<20xf32, #spirv.storage_class<Workgroup>>
      %x1 = memref.load %numbers[%c1] : memref<?xi64>    // the second extent of %x
      %n = memref.load %numbers[%c2] : memref<?xi64>
      ...
    }
    ```
  }];
  let dependentDialects = [
    "arith::ArithDialect", "memref::MemRefDialect", "scf::SCFDialect",
    "spirv::SPIRVDialect", "vector::VectorDialect"
  ];
}

def ConvertGPUToSimtEmulation
    : Pass<"convert-gpu-to-simt-emulation", "::mlir::ModuleOp"> {
  let summary = "make kernels for GPUs functions of the CPU";
  let description = [{
    Turns every kernel of a `gpu.module` into a function that a fibre per GPU thread
    runs, and every `gpu.launch_func` into a call that launches it. What only GPUs have
    becomes calls of the emulation's runtime: ids, barriers, shuffles, workgroup memory
    (attributions, allocations in that space, the dynamic one), and of `nvgpu`
    `ldmatrix`, `mma.sync` (m16n8k16 and m16n8k8, f16 and bf16, sums in f32) and
    asynchronous copies. Approximate instructions of NVIDIA become the functions of
    `math` that they approximate. The rest of a kernel stays what it is, and is lowered
    as code for the CPU is. An op that is not emulated is an error.

    A kernel may as well be in the NVVM dialect, an `llvm.func`. Variables in address
    space 3 are its buffers; what its `gpu.launch_func`s pass are its arguments. Loads
    and stores in that space are checked, indices are not.

    `@module::kernel(grid x, y, z, block x, y, z, dynamic bytes, arguments...)`
    launches a kernel; it has a C interface. docs/Emulation.md tells how kernels are run and
    what is found in them.

    With `check-accesses` every access is checked: each index against its dimension,
    and accesses to workgroup memory against those of other threads. Ops that read or
    write memory then have to be loads and stores of elements or of vectors of one
    dimension: `affine`, transfers and copies are lowered first.

    ```mlir
    // before
    gpu.module @kernels {
      gpu.func @fill(%to: memref<?xf32>, %value: f32) kernel {
        %i = gpu.thread_id x
        memref.store %value, %to[%i] : memref<?xf32>
        gpu.return
      }
    }
    // after
    func.func private @"kernels::fill.thread"(%arguments: !llvm.ptr) {
      %value = llvm.load ...
      %id = llvm.call @mask_simt_id(%kind, %dim) : (i32, i32) -> i64
      %i = arith.index_cast %id : i64 to index
      llvm.call @mask_simt_check_bounds(%site, %dim, %index, %extent, %size)
      memref.store %value, %to[%i] : memref<?xf32>
      return
    }
    func.func @"kernels::fill"(%grid_x: index, ..., %to: memref<?xf32>, %value: f32) {
      ...
      llvm.call @mask_simt_launch(%name, %thread, %arguments, ...)
      return
    }
    ```
  }];
  let options = [
    Option<"checkAccesses", "check-accesses", "bool", "true",
           "check indices, and look for races in workgroup memory">
  ];
  let dependentDialects = [
    "arith::ArithDialect", "func::FuncDialect", "LLVM::LLVMDialect",
    "math::MathDialect", "memref::MemRefDialect", "scf::SCFDialect",
    "vector::VectorDialect"
  ];
}

#endif // MASK_CONVERSION_PASSES_TD
