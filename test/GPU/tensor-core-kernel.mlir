// Attention for tensor cores, as its author writes it: four warps take 64 queries and walk
// tiles of 64 keys. `mask.tile_for` says which tiles, which of them need a mask and what is
// copied ahead, `mask.apply` masks the fragments that threads hold. The rest is the kernel's
// own: copies into two buffers while the tile before is worked on, one barrier per tile,
// `ldmatrix`, `mma.sync`, softmax in base 2, weights that stay in registers. Loops over
// fragments are unrolled by a pass of MLIR; after convert-mask-to-scf its pipeline for NVIDIA
// GPUs makes PTX.
//
// Two masks, one kernel: the lines marked WINDOW are those of causal attention with a
// window, the lines marked SINKS those of the first keys and a window.

// RUN: sed -e '/\/\/ SINKS/d' %s | mask-opt --pass-pipeline='builtin.module(gpu.module(gpu.func(affine-loop-unroll{unroll-factor=-1 unroll-full-threshold=8},convert-mask-to-scf)))' -o %t.window.mlir
// RUN: %python %S/Inputs/kernel-loops.py mlir %t.window.mlir | FileCheck %s --check-prefix=WINDOW-LOOPS
// RUN: mlir-opt %t.window.mlir --gpu-lower-to-nvvm-pipeline='cubin-chip=sm_90 cubin-features=+ptx80 cubin-format=isa opt-level=3' -o %t.window.ptx
// RUN: %python %S/Inputs/kernel-loops.py ptx %t.window.ptx | FileCheck %s --check-prefix=WINDOW-PTX

// RUN: sed -e '/\/\/ WINDOW$/d' -e 's,// SINKS ,,' %s | mask-opt --pass-pipeline='builtin.module(gpu.module(gpu.func(affine-loop-unroll{unroll-factor=-1 unroll-full-threshold=8},convert-mask-to-scf)))' -o %t.sinks.mlir
// RUN: %python %S/Inputs/kernel-loops.py mlir %t.sinks.mlir | FileCheck %s --check-prefix=SINKS-LOOPS
// RUN: mlir-opt %t.sinks.mlir --gpu-lower-to-nvvm-pipeline='cubin-chip=sm_90 cubin-features=+ptx80 cubin-format=isa opt-level=3' -o %t.sinks.ptx
// RUN: %python %S/Inputs/kernel-loops.py ptx %t.sinks.ptx | FileCheck %s --check-prefix=SINKS-PTX

// The tiles before the core, where both ends can fail, the core, and the rest. An end is a
// compare and a select for each of the 16 rows of two scores; the one more is the
// guard of rows that have seen nothing.
// WINDOW-LOOPS: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 33, score compares 32
// WINDOW-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 0, score compares 0
// WINDOW-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 17, score compares 16
// WINDOW-LOOPS-NOT: loop

// Copies outside of the loops: the queries and the first tile.
// WINDOW-PTX: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 66
// WINDOW-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 0
// WINDOW-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 34
// WINDOW-PTX-NEXT: all: mma.sync 192, ldmatrix 100, cp.async 36, extern functions 0, ex2 without ftz 0, local memory 0

// No first key is too early for a row: two loops for them, three for the window.
// SINKS-LOOPS: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 0, score compares 0
// SINKS-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 17, score compares 16
// SINKS-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 33, score compares 32
// SINKS-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 0, score compares 0
// SINKS-LOOPS-NEXT: loop: mma.sync 64, ldmatrix 32, async_copy 8, shuffle 4, barrier 1, score selects 17, score compares 16
// SINKS-LOOPS-NOT: loop

// SINKS-PTX: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 0
// SINKS-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 34
// SINKS-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 66
// SINKS-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 0
// SINKS-PTX-NEXT: loop: mma.sync 64, ldmatrix 32, cp.async 8, shfl 4, bar 1, ex2 34, selp.f32 34
// SINKS-PTX-NEXT: all: mma.sync 320, ldmatrix 164, cp.async 52, extern functions 0, ex2 without ftz 0, local memory 0

#row_of_copy = affine_map<(i)[row] -> (row + i * 16)>
#next16 = affine_map<(i)[first] -> (first + i * 16)>
#pair = affine_map<(i) -> (i * 2)>
#pair1 = affine_map<(i) -> (i * 2 + 1)>
#fragment = affine_map<(n, i, j)[g, t] -> (0, g + i * 8, n * 8 + t * 2 + j)>

!data = memref<?x?x64xf16>
!stats = memref<?x?xf32>
!queries = memref<64x72xf16, #gpu.address_space<workgroup>>
!keys = memref<2x64x72xf16, #gpu.address_space<workgroup>>

module attributes {gpu.container_module} {
gpu.module @kernels {
  gpu.func @attention(%q: !data, %k: !data, %v: !data, %o: !data, %lse: !stats, %scale: f32, %window: index, %sinks: index)
      workgroup(%sq: !queries, %sk: !keys, %sv: !keys)
      kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c4 = arith.constant 4 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c64 = arith.constant 64 : index
    %lane1 = arith.constant 1 : i32
    %lane2 = arith.constant 2 : i32
    %lanes = arith.constant 32 : i32
    %zero = arith.constant 0.0 : f32
    %one = arith.constant 1.0 : f32
    %none = arith.constant 0xFF800000 : f32
    %zero_half = arith.constant dense<0.0> : vector<2x2xf16>
    %zero_a = arith.constant dense<0.0> : vector<4x2xf16>
    %zero_frags = arith.constant dense<0.0> : vector<4x4x2xf16>
    %zero_p = arith.constant dense<0.0> : vector<8x2x2xf16>
    %zero_l = arith.constant dense<0.0> : vector<2x2xf32>
    %zeros = arith.constant dense<0.0> : vector<8x2x2xf32>
    %empty = arith.constant dense<0xFF800000> : vector<2xf32>

    // Who does what: a warp has 16 of the queries, a thread rows g and g + 8 of
    // its fragments and columns 2 t and 2 t + 1 of each 8.
    %tid = gpu.thread_id x
    %block = gpu.block_id x
    %head = gpu.block_id y
    %warp = arith.divui %tid, %c32 : index
    %lane = arith.remui %tid, %c32 : index
    %g = arith.divui %lane, %c4 : index
    %t = arith.remui %lane, %c4 : index
    %N = memref.dim %q, %c1 : !data
    %last = arith.subi %N, %c1 : index
    %q0 = arith.muli %block, %c64 : index
    %warp16 = arith.muli %warp, %c16 : index
    %first_row = arith.addi %q0, %warp16 : index

    // Copies of 64 rows: a thread copies 8 elements of each 16th.
    %copy_row = arith.divui %tid, %c8 : index
    %copy_chunk = arith.remui %tid, %c8 : index
    %copy_column = arith.muli %copy_chunk, %c8 : index

    // Rows and columns that ldmatrix takes from a thread.
    %lane16 = arith.remui %lane, %c16 : index
    %lane_half = arith.divui %lane, %c16 : index
    %half8 = arith.muli %lane_half, %c8 : index
    %lane8 = arith.remui %lane, %c8 : index
    %lane_eighth = arith.divui %lane, %c8 : index
    %odd_eighth = arith.remui %lane_eighth, %c2 : index
    %k_row = arith.addi %half8, %lane8 : index
    %k_column = arith.muli %odd_eighth, %c8 : index
    %q_row = arith.addi %warp16, %lane16 : index

    // The queries, once, into registers.
    affine.for %i = 0 to 4 {
      %r = affine.apply #row_of_copy(%i)[%copy_row]
      %row = arith.addi %q0, %r : index
      %exists = arith.cmpi slt, %row, %N : index
      %elements = arith.select %exists, %c8, %c0 : index
      %safe = arith.minsi %row, %last : index
      %copied = nvgpu.device_async_copy %q[%head, %safe, %copy_column], %sq[%r, %copy_column], 8, %elements {bypassL1} : !data to !queries
    }
    %token = nvgpu.device_async_create_group
    nvgpu.device_async_wait %token {numGroups = 0 : i32}
    gpu.barrier
    %qf = affine.for %d = 0 to 4 iter_args(%f = %zero_frags) -> vector<4x4x2xf16> {
      %column = affine.apply #next16(%d)[%half8]
      %a = nvgpu.ldmatrix %sq[%q_row, %column] {numTiles = 4 : i32, transpose = false} : !queries -> vector<4x2xf16>
      %fn = vector.insert %a, %f[%d] : vector<4x2xf16> into vector<4x4x2xf16>
      affine.yield %fn : vector<4x4x2xf16>
    }

    // Bounds of the loop, and of the rows this thread has.
    %hull_lower = affine.max affine_map<(d0)[w] -> (d0 - w, 0)>(%q0)[%window]
    %core_lower = affine.max affine_map<(d0)[w] -> (d0 - w + 63, 0)>(%q0)[%window]
    %core_upper = affine.min affine_map<(d0)[n] -> (d0 + 1, n)>(%q0)[%N]
    %hull_upper = affine.min affine_map<(d0)[n] -> (d0 + 64, n)>(%q0)[%N]
    // SINKS %sinks_core = affine.min affine_map<(d0)[n, s] -> (d0 + 1, n, s)>(%q0)[%N, %sinks]
    // SINKS %sinks_upper = affine.min affine_map<(d0)[n, s] -> (d0 + 64, n, s)>(%q0)[%N, %sinks]
    %row0 = arith.addi %first_row, %g : index
    %row1 = arith.addi %row0, %c8 : index
    %rows = vector.from_elements %row0, %row1 : vector<2xindex>
    %rows32 = arith.index_cast %rows : vector<2xindex> to vector<2xi32>
    %window32 = arith.index_cast %window : index to i32
    %windows = vector.broadcast %window32 : i32 to vector<2xi32>
    %row_lower = arith.subi %rows32, %windows : vector<2xi32>
    %one32 = arith.constant dense<1> : vector<2xi32>
    %N32 = arith.index_cast %N : index to i32
    %ends = vector.broadcast %N32 : i32 to vector<2xi32>
    %after = arith.addi %rows32, %one32 : vector<2xi32>
    %row_upper = arith.minsi %after, %ends : vector<2xi32>
    %scales = vector.broadcast %scale : f32 to vector<2xf32>

    // The state: maxima of the rows, this thread's share of the sums, weighted values.
    %m_end, %l_end, %acc_end = mask.tile_for
      [%hull_lower, %core_lower, %core_upper, %hull_upper] // WINDOW
      // SINKS [%c0, %c0, %sinks_core, %sinks_upper, %hull_lower, %core_lower, %core_upper, %hull_upper]
      step 64 ahead 1 init(%empty, %zero_l, %zeros : vector<2xf32>, vector<2x2xf32>, vector<8x2x2xf32>) {
    ^bb0(%key: index, %size: index, %n: index, %lower_fails: i1, %upper_fails: i1,
         %more: i1, %next_key: index, %next_size: index,
         %m: vector<2xf32>, %l: vector<2x2xf32>, %acc: vector<8x2x2xf32>):
      %buffer = arith.remui %n, %c2 : index
      // This thread's copies are there, then everyone's. So every thread is done with the
      // tile before, and the next one goes where that was: one meeting per tile.
      nvgpu.device_async_wait %token {numGroups = 0 : i32}
      gpu.barrier
      scf.if %more {
        %other = arith.subi %c1, %buffer : index
        affine.for %i = 0 to 4 {
          %r = affine.apply #row_of_copy(%i)[%copy_row]
          %row = arith.addi %next_key, %r : index
          %exists = arith.cmpi slt, %row, %N : index
          %elements = arith.select %exists, %c8, %c0 : index
          %safe = arith.minsi %row, %last : index
          %ck = nvgpu.device_async_copy %k[%head, %safe, %copy_column], %sk[%other, %r, %copy_column], 8, %elements {bypassL1} : !data to !keys
          %cv = nvgpu.device_async_copy %v[%head, %safe, %copy_column], %sv[%other, %r, %copy_column], 8, %elements {bypassL1} : !data to !keys
        }
        %group = nvgpu.device_async_create_group
      }

      // S = Q K^T.
      %s = affine.for %d = 0 to 4 iter_args(%s0 = %zeros) -> vector<8x2x2xf32> {
        %a = vector.extract %qf[%d] : vector<4x2xf16> from vector<4x4x2xf16>
        %column = affine.apply #next16(%d)[%k_column]
        %sd = affine.for %j = 0 to 4 iter_args(%s1 = %s0) -> vector<8x2x2xf32> {
          %row = affine.apply #next16(%j)[%k_row]
          %f = nvgpu.ldmatrix %sk[%buffer, %row, %column] {numTiles = 4 : i32, transpose = false} : !keys -> vector<4x2xf16>
          %f0 = vector.extract %f[0] : vector<2xf16> from vector<4x2xf16>
          %f1 = vector.extract %f[1] : vector<2xf16> from vector<4x2xf16>
          %f2 = vector.extract %f[2] : vector<2xf16> from vector<4x2xf16>
          %f3 = vector.extract %f[3] : vector<2xf16> from vector<4x2xf16>
          %b00 = vector.insert %f0, %zero_half[0] : vector<2xf16> into vector<2x2xf16>
          %b0 = vector.insert %f1, %b00[1] : vector<2xf16> into vector<2x2xf16>
          %b10 = vector.insert %f2, %zero_half[0] : vector<2xf16> into vector<2x2xf16>
          %b1 = vector.insert %f3, %b10[1] : vector<2xf16> into vector<2x2xf16>
          %n0 = affine.apply #pair(%j)
          %n1 = affine.apply #pair1(%j)
          %x0 = vector.extract %s1[%n0] : vector<2x2xf32> from vector<8x2x2xf32>
          %x1 = vector.extract %s1[%n1] : vector<2x2xf32> from vector<8x2x2xf32>
          %y0 = nvgpu.mma.sync (%a, %b0, %x0) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
          %y1 = nvgpu.mma.sync (%a, %b1, %x1) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
          %s2 = vector.insert %y0, %s1[%n0] : vector<2x2xf32> into vector<8x2x2xf32>
          %s3 = vector.insert %y1, %s2[%n1] : vector<2x2xf32> into vector<8x2x2xf32>
          affine.yield %s3 : vector<8x2x2xf32>
        }
        affine.yield %sd : vector<8x2x2xf32>
      }

      // What is hidden: ends of this thread's rows, counted from the tile's first key.
      %key32 = arith.index_cast %key : index to i32
      %firsts = vector.broadcast %key32 : i32 to vector<2xi32>
      %lower = arith.subi %row_lower, %firsts : vector<2xi32> // WINDOW
      %upper = arith.subi %row_upper, %firsts : vector<2xi32> // WINDOW
      // SINKS %sinks32 = arith.index_cast %sinks : index to i32
      // SINKS %after_sinks = vector.broadcast %sinks32 : i32 to vector<2xi32>
      // SINKS %of_sinks = arith.minsi %row_upper, %after_sinks : vector<2xi32>
      // SINKS %is_sink = arith.cmpi slt, %key, %sinks : index
      // SINKS %row_end = arith.select %is_sink, %of_sinks, %row_upper : vector<2xi32>
      // SINKS %upper = arith.subi %row_end, %firsts : vector<2xi32>
      // SINKS %lower = arith.subi %row_lower, %firsts : vector<2xi32>
      %above = mask.apply %s at(%c0, %head, %first_row, %key) over #fragment [%g, %t]
        lower(%lower : vector<2xi32>) when %lower_fails : vector<8x2x2xf32>
      %x = mask.apply %above at(%c0, %head, %first_row, %key) over #fragment [%g, %t]
        upper(%upper : vector<2xi32>) when %upper_fails : vector<8x2x2xf32>

      // The maximum of each row: over this thread's elements, then over the four
      // threads that share the row.
      %x0 = vector.extract %x[0] : vector<2x2xf32> from vector<8x2x2xf32>
      %top = affine.for %i = 1 to 8 iter_args(%top0 = %x0) -> vector<2x2xf32> {
        %xi = vector.extract %x[%i] : vector<2x2xf32> from vector<8x2x2xf32>
        %top1 = arith.maxnumf %top0, %xi : vector<2x2xf32>
        affine.yield %top1 : vector<2x2xf32>
      }
      %m_new = affine.for %i = 0 to 2 iter_args(%m0 = %m) -> vector<2xf32> {
        %a = vector.extract %top[%i, 0] : f32 from vector<2x2xf32>
        %b = vector.extract %top[%i, 1] : f32 from vector<2x2xf32>
        %ab = arith.maxnumf %a, %b : f32
        %c, %valid1 = gpu.shuffle xor %ab, %lane1, %lanes : f32
        %abc = arith.maxnumf %ab, %c : f32
        %d, %valid2 = gpu.shuffle xor %abc, %lane2, %lanes : f32
        %row = arith.maxnumf %abc, %d : f32
        %old = vector.extract %m0[%i] : f32 from vector<2xf32>
        %new = arith.maxnumf %old, %row : f32
        %m1 = vector.insert %new, %m0[%i] : f32 into vector<2xf32>
        affine.yield %m1 : vector<2xf32>
      }

      // Weights 2^(scale x - scale m), and that of the state so far. A row may have seen
      // nothing so far, but not in the core.
      %dead = arith.cmpf oeq, %m_new, %empty : vector<2xf32>
      %edge = vector.broadcast %upper_fails : i1 to vector<2xi1>
      %guard = arith.andi %dead, %edge : vector<2xi1>
      %zero2 = arith.constant dense<0.0> : vector<2xf32>
      %reference = arith.select %guard, %zero2, %m_new : vector<2xi1>, vector<2xf32>
      %scaled = arith.mulf %reference, %scales : vector<2xf32>
      %shift = arith.negf %scaled : vector<2xf32>
      %old = vector.fma %m, %scales, %shift : vector<2xf32>
      %old0 = vector.extract %old[0] : f32 from vector<2xf32>
      %old1 = vector.extract %old[1] : f32 from vector<2xf32>
      %alpha0 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%old0) : (f32) -> f32
      %alpha1 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%old1) : (f32) -> f32
      %alpha = vector.from_elements %alpha0, %alpha0, %alpha1, %alpha1 : vector<2x2xf32>
      %shift0 = vector.extract %shift[0] : f32 from vector<2xf32>
      %shift1 = vector.extract %shift[1] : f32 from vector<2xf32>
      %shifts0 = vector.broadcast %shift0 : f32 to vector<2xf32>
      %shifts1 = vector.broadcast %shift1 : f32 to vector<2xf32>
      %l_old = arith.mulf %l, %alpha : vector<2x2xf32>
      %p, %l_new = affine.for %i = 0 to 8 iter_args(%p0 = %zero_p, %l0 = %l_old) -> (vector<8x2x2xf16>, vector<2x2xf32>) {
        %xi0 = vector.extract %x[%i, 0] : vector<2xf32> from vector<8x2x2xf32>
        %xi1 = vector.extract %x[%i, 1] : vector<2xf32> from vector<8x2x2xf32>
        %e0 = vector.fma %xi0, %scales, %shifts0 : vector<2xf32>
        %e1 = vector.fma %xi1, %scales, %shifts1 : vector<2xf32>
        %e00 = vector.extract %e0[0] : f32 from vector<2xf32>
        %e01 = vector.extract %e0[1] : f32 from vector<2xf32>
        %e10 = vector.extract %e1[0] : f32 from vector<2xf32>
        %e11 = vector.extract %e1[1] : f32 from vector<2xf32>
        %p00 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%e00) : (f32) -> f32
        %p01 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%e01) : (f32) -> f32
        %p10 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%e10) : (f32) -> f32
        %p11 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%e11) : (f32) -> f32
        %pi = vector.from_elements %p00, %p01, %p10, %p11 : vector<2x2xf32>
        %l1 = arith.addf %l0, %pi : vector<2x2xf32>
        %ph = arith.truncf %pi : vector<2x2xf32> to vector<2x2xf16>
        %p1 = vector.insert %ph, %p0[%i] : vector<2x2xf16> into vector<8x2x2xf16>
        affine.yield %p1, %l1 : vector<8x2x2xf16>, vector<2x2xf32>
      }

      // O = alpha O + P V: two fragments of P side by side are an operand.
      %scaled_acc = affine.for %i = 0 to 8 iter_args(%a0 = %acc) -> vector<8x2x2xf32> {
        %ai = vector.extract %a0[%i] : vector<2x2xf32> from vector<8x2x2xf32>
        %as = arith.mulf %ai, %alpha : vector<2x2xf32>
        %a1 = vector.insert %as, %a0[%i] : vector<2x2xf32> into vector<8x2x2xf32>
        affine.yield %a1 : vector<8x2x2xf32>
      }
      %acc_new = affine.for %j = 0 to 4 iter_args(%a0 = %scaled_acc) -> vector<8x2x2xf32> {
        %n0 = affine.apply #pair(%j)
        %n1 = affine.apply #pair1(%j)
        %p0 = vector.extract %p[%n0, 0] : vector<2xf16> from vector<8x2x2xf16>
        %p1 = vector.extract %p[%n0, 1] : vector<2xf16> from vector<8x2x2xf16>
        %p2 = vector.extract %p[%n1, 0] : vector<2xf16> from vector<8x2x2xf16>
        %p3 = vector.extract %p[%n1, 1] : vector<2xf16> from vector<8x2x2xf16>
        %pa0 = vector.insert %p0, %zero_a[0] : vector<2xf16> into vector<4x2xf16>
        %pa1 = vector.insert %p1, %pa0[1] : vector<2xf16> into vector<4x2xf16>
        %pa2 = vector.insert %p2, %pa1[2] : vector<2xf16> into vector<4x2xf16>
        %pa = vector.insert %p3, %pa2[3] : vector<2xf16> into vector<4x2xf16>
        %row = affine.apply #next16(%j)[%lane16]
        %aj = affine.for %d = 0 to 4 iter_args(%a1 = %a0) -> vector<8x2x2xf32> {
          %column = affine.apply #next16(%d)[%half8]
          %f = nvgpu.ldmatrix %sv[%buffer, %row, %column] {numTiles = 4 : i32, transpose = true} : !keys -> vector<4x2xf16>
          %f0 = vector.extract %f[0] : vector<2xf16> from vector<4x2xf16>
          %f1 = vector.extract %f[1] : vector<2xf16> from vector<4x2xf16>
          %f2 = vector.extract %f[2] : vector<2xf16> from vector<4x2xf16>
          %f3 = vector.extract %f[3] : vector<2xf16> from vector<4x2xf16>
          %b00 = vector.insert %f0, %zero_half[0] : vector<2xf16> into vector<2x2xf16>
          %b0 = vector.insert %f1, %b00[1] : vector<2xf16> into vector<2x2xf16>
          %b10 = vector.insert %f2, %zero_half[0] : vector<2xf16> into vector<2x2xf16>
          %b1 = vector.insert %f3, %b10[1] : vector<2xf16> into vector<2x2xf16>
          %d0 = affine.apply #pair(%d)
          %d1 = affine.apply #pair1(%d)
          %y0 = vector.extract %a1[%d0] : vector<2x2xf32> from vector<8x2x2xf32>
          %y1 = vector.extract %a1[%d1] : vector<2x2xf32> from vector<8x2x2xf32>
          %z0 = nvgpu.mma.sync (%pa, %b0, %y0) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
          %z1 = nvgpu.mma.sync (%pa, %b1, %y1) {mmaShape = [16, 8, 16]} : (vector<4x2xf16>, vector<2x2xf16>, vector<2x2xf32>) -> vector<2x2xf32>
          %a2 = vector.insert %z0, %a1[%d0] : vector<2x2xf32> into vector<8x2x2xf32>
          %a3 = vector.insert %z1, %a2[%d1] : vector<2x2xf32> into vector<8x2x2xf32>
          affine.yield %a3 : vector<8x2x2xf32>
        }
        affine.yield %aj : vector<8x2x2xf32>
      }
      mask.yield %m_new, %l_new, %acc_new : vector<2xf32>, vector<2x2xf32>, vector<8x2x2xf32>
    } load first {
    ^bb0(%key: index, %size: index, %n: index):
      affine.for %i = 0 to 4 {
        %r = affine.apply #row_of_copy(%i)[%copy_row]
        %row = arith.addi %key, %r : index
        // Beyond the array, zeros.
        %exists = arith.cmpi slt, %row, %N : index
        %elements = arith.select %exists, %c8, %c0 : index
        %safe = arith.minsi %row, %last : index
        %ck = nvgpu.device_async_copy %k[%head, %safe, %copy_column], %sk[%c0, %r, %copy_column], 8, %elements {bypassL1} : !data to !keys
        %cv = nvgpu.device_async_copy %v[%head, %safe, %copy_column], %sv[%c0, %r, %copy_column], 8, %elements {bypassL1} : !data to !keys
      }
      %group = nvgpu.device_async_create_group
      mask.yield
    } -> vector<2xf32>, vector<2x2xf32>, vector<8x2x2xf32>

    // The rows that exist; one that saw nothing is zero.
    affine.for %i = 0 to 2 {
      %row = affine.apply affine_map<(i)[row] -> (row + i * 8)>(%i)[%row0]
      %a = vector.extract %l_end[%i, 0] : f32 from vector<2x2xf32>
      %b = vector.extract %l_end[%i, 1] : f32 from vector<2x2xf32>
      %ab = arith.addf %a, %b : f32
      %c, %valid1 = gpu.shuffle xor %ab, %lane1, %lanes : f32
      %abc = arith.addf %ab, %c : f32
      %d, %valid2 = gpu.shuffle xor %abc, %lane2, %lanes : f32
      %sum = arith.addf %abc, %d : f32
      %dead = arith.cmpf oeq, %sum, %zero : f32
      %divisor = arith.select %dead, %one, %sum : f32
      %inverse = arith.divf %one, %divisor : f32
      %inverses = vector.broadcast %inverse : f32 to vector<2xf32>
      %exists = arith.cmpi slt, %row, %N : index
      scf.if %exists {
        %is_first = arith.cmpi eq, %t, %c0 : index
        scf.if %is_first {
          %mi = vector.extract %m_end[%i] : f32 from vector<2xf32>
          %scaled = arith.mulf %mi, %scale : f32
          %log = llvm.call_intrinsic "llvm.nvvm.lg2.approx.ftz.f"(%divisor) : (f32) -> f32
          %total = arith.addf %scaled, %log : f32
          memref.store %total, %lse[%head, %row] : !stats
        }
        affine.for %j = 0 to 8 {
          %y = vector.extract %acc_end[%j, %i] : vector<2xf32> from vector<8x2x2xf32>
          %mean = arith.mulf %y, %inverses : vector<2xf32>
          %half = arith.truncf %mean : vector<2xf32> to vector<2xf16>
          %column = affine.apply affine_map<(j)[t] -> (j * 8 + t * 2)>(%j)[%t]
          vector.store %half, %o[%head, %row, %column] {alignment = 4 : i64} : !data, vector<2xf16>
        }
      }
    }
    gpu.return
  }
}
}
