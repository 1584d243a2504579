// RUN: mask-opt %s --mask-record-launches --split-input-file --verify-diagnostics | FileCheck %s
// RUN: mask-opt %s --split-input-file --mask-record-launches=explain=false 2>&1 | FileCheck %s --check-prefix=QUIET --implicit-check-not=remark:
// QUIET: func.func

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @copy(%from: memref<?x4xf32>, %to: memref<?x4xf32>, %table: memref<?xi32>, %n: index) kernel {
      %c0 = arith.constant 0 : index
      %x = memref.load %from[%c0, %c0] : memref<?x4xf32>
      memref.store %x, %to[%c0, %c0] : memref<?x4xf32>
      gpu.return
    }
  }

  // What is computed from extents is written down; what is computed from data
  // becomes a function.
  // CHECK-LABEL: func.func @copy_host(
  // CHECK-SAME: %[[TABLE:.*]]: memref<?xi32>, %[[N:.*]]: index) attributes {llvm.emit_c_interface}
  // CHECK:         %[[SEVEN:.*]] = arith.constant 7 : i32
  // CHECK:         scf.for %[[I:.*]] = %{{.*}} to %[[N]] step
  // CHECK-NEXT:      memref.store %[[SEVEN]], %[[TABLE]][%[[I]]]
  // CHECK-LABEL: func.func @copy(
  // CHECK-SAME:    types = [memref<?x4xf32>, memref<?x4xf32>, i32]
  // CHECK-SAME:    alignments = [16, 4, 1], outputs = [1]
  // CHECK-SAME:    checks = [#mask.launch_check<cmpi_eq(dim(0, 0), dim(1, 0)), "rows must agree">]
  // CHECK-SAME:    workspaces = [#mask.workspace<memref<?xi32> sizes (addi(dim(0, 0), 1))>]
  // CHECK-SAME:    #mask.host_call<@copy_host (workspace(0) : memref<?xi32>, addi(dim(0, 0), 1) : index)>
  // CHECK-SAME:    #mask.launch<@kernels::@copy blocks minsi(ceildivui(dim(0, 0), 32), maxsi(argument(2), 0)) threads 32 shared 64
  // CHECK-SAME:    (argument(0) : memref<?x4xf32>, argument(1) : memref<?x4xf32>, workspace(0) : memref<?xi32>, 4 : index)>
  // The function does what it did.
  // CHECK:         call @copy_host(
  // CHECK:         gpu.launch_func @kernels::@copy
  func.func @copy(%from: memref<?x4xf32>, %to: memref<?x4xf32>, %most: i32) -> memref<?x4xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c16 = arith.constant 16 : index
    %c32 = arith.constant 32 : index
    %c64_i32 = arith.constant 64 : i32
    %c7_i32 = arith.constant 7 : i32
    %n = memref.dim %from, %c0 : memref<?x4xf32>
    %m = memref.dim %to, %c0 : memref<?x4xf32>
    %columns = memref.dim %to, %c1 : memref<?x4xf32>
    %agree = arith.cmpi eq, %n, %m : index
    cf.assert %agree, "rows must agree"
    %address = memref.extract_aligned_pointer_as_index %from : memref<?x4xf32> -> index
    %rest = arith.remui %address, %c16 : index
    %aligned = arith.cmpi eq, %rest, %c0 : index
    cf.assert %aligned, "must start at a multiple of 16 bytes"
    %size = affine.apply affine_map<()[s0] -> (s0 + 1)>()[%n]
    %table = memref.alloc(%size) : memref<?xi32>
    scf.for %i = %c0 to %size step %c1 {
      memref.store %c7_i32, %table[%i] : memref<?xi32>
    }
    %most_index = arith.index_cast %most : i32 to index
    %most_blocks = arith.maxsi %most_index, %c0 : index
    %tiles = arith.ceildivui %n, %c32 : index
    %blocks = arith.minsi %tiles, %most_blocks : index
    %any = arith.cmpi ne, %blocks, %c0 : index
    scf.if %any {
      gpu.launch_func @kernels::@copy blocks in (%blocks, %c1, %c1) threads in (%c32, %c1, %c1)
        dynamic_shared_memory_size %c64_i32
        args(%from : memref<?x4xf32>, %to : memref<?x4xf32>, %table : memref<?xi32>, %columns : index)
    }
    memref.dealloc %table : memref<?xi32>
    return %to : memref<?x4xf32>
  }

  // CHECK-LABEL: func.func @no_launch() {
  func.func @no_launch() {
    return
  }
}

// -----

// Affine maps, flags and casts.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f(%a: index, %b: index, %c: i32, %d: index, %e: i1, %f: f32, %g: index) kernel {
      gpu.return
    }
  }
  // CHECK-LABEL: func.func @numbers(
  // CHECK-SAME: (minsi(floordivsi(argument(0), 8), subi(argument(0), muli(floordivsi(argument(0), 4), 4))) : index,
  // CHECK-SAME:  maxsi(addi(argument(0), muli(argument(1), 3)), ceildivsi(argument(1), 2)) : index,
  // CHECK-SAME:  extsi(argument(0), 32) : i32, extui(argument(2), 32) : index,
  // CHECK-SAME:  xori(cmpi_ult(argument(0), argument(1)), 1) : i1, 1056964608 : f32,
  // CHECK-SAME:  select(cmpi_ult(argument(0), argument(1)), argument(0), -3) : index)
  func.func @numbers(%x: index, %y: index, %z: i32) {
    %c1 = arith.constant 1 : index
    %c3 = arith.constant -3 : index
    %true = arith.constant true
    %half = arith.constant 0.5 : f32
    %a = affine.min affine_map<(d0) -> (d0 floordiv 8, d0 mod 4)>(%x)
    %b = affine.max affine_map<(d0)[s0] -> (d0 + s0 * 3, s0 ceildiv 2)>(%x)[%y]
    %c = arith.index_cast %x : index to i32
    %d = arith.index_castui %z : i32 to index
    %less = arith.cmpi ult, %x, %y : index
    %e = arith.xori %less, %true : i1
    %g = arith.select %less, %x, %c3 : index
    gpu.launch_func @kernels::@f blocks in (%x, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%a : index, %b : index, %c : i32, %d : index, %e : i1, %half : f32, %g : index)
    return
  }
}

// -----

// Launches of as many workgroups may hang on one condition.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f() kernel { gpu.return }
    gpu.func @g() kernel { gpu.return }
  }
  // CHECK-LABEL: func.func @both(
  // CHECK-SAME:    #mask.launch<@kernels::@f blocks argument(0) threads 1 shared 0 ()>,
  // CHECK-SAME:    #mask.launch<@kernels::@g blocks argument(0) threads 1 shared 0 ()>]
  func.func @both(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %any = arith.cmpi ne, %n, %c0 : index
    scf.if %any {
      gpu.launch_func @kernels::@f blocks in (%n, %c1, %c1) threads in (%c1, %c1, %c1)
      gpu.launch_func @kernels::@g blocks in (%n, %c1, %c1) threads in (%c1, %c1, %c1)
    }
    return
  }
}

// -----

// A constant array is copied by the host.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f(%sinks: memref<2xf32>) kernel { gpu.return }
  }
  memref.global "private" constant @sinks : memref<2xf32> = dense<[0.5, 2.0]>
  // CHECK-LABEL: func.func @constant_array_host(
  // CHECK-SAME:    %[[COPY:.*]]: memref<2xf32>)
  // CHECK-NEXT:    %[[SINKS:.*]] = memref.get_global @sinks
  // CHECK-NEXT:    memref.copy %[[SINKS]], %[[COPY]]
  // CHECK-LABEL: func.func @constant_array()
  // CHECK-SAME:    workspaces = [#mask.workspace<memref<2xf32> sizes ()>]
  // CHECK-SAME:    #mask.host_call<@constant_array_host (workspace(0) : memref<2xf32>)>
  // CHECK:         call @constant_array_host
  // CHECK:         gpu.launch_func
  // CHECK:         memref.dealloc
  func.func @constant_array() {
    %c1 = arith.constant 1 : index
    %sinks = memref.get_global @sinks : memref<2xf32>
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%sinks : memref<2xf32>)
    return
  }
}

// -----

// What a host asks of an address is answered by where the record has arrays start,
// of workspaces up to 16 bytes: the copy is left out, and so is what it is for.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @copy(%from: memref<?x40xf16>, %to: memref<?x40xf16>) kernel { gpu.return }
    gpu.func @f(%x: memref<?x40xf16>, %y: memref<?xf32>, %aligned: i1) kernel { gpu.return }
  }
  // CHECK-LABEL: func.func @aligned(
  // CHECK-SAME:    alignments = [16], outputs = []
  // CHECK-SAME:    workspaces = [#mask.workspace<memref<?xf32> sizes (dim(0, 0))>]
  // CHECK-SAME:    steps = [#mask.launch<@kernels::@f blocks 1 threads 1 shared 0 (argument(0) : memref<?x40xf16>, workspace(0) : memref<?xf32>, 1 : i1)>]
  func.func @aligned(%x: memref<?x40xf16>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c8 = arith.constant 8 : index
    %c16 = arith.constant 16 : index
    %n = memref.dim %x, %c0 : memref<?x40xf16>
    %address = memref.extract_aligned_pointer_as_index %x : memref<?x40xf16> -> index
    %rest = arith.remui %address, %c16 : index
    %aligned = arith.cmpi eq, %rest, %c0 : index
    %rows = arith.select %aligned, %c0, %n : index
    %copy = memref.alloc(%rows) : memref<?x40xf16>
    %blocks = arith.muli %rows, %n : index
    %any = arith.cmpi ne, %blocks, %c0 : index
    scf.if %any {
      gpu.launch_func @kernels::@copy blocks in (%blocks, %c1, %c1) threads in (%c1, %c1, %c1)
        args(%x : memref<?x40xf16>, %copy : memref<?x40xf16>)
    }
    %either = arith.select %aligned, %x, %copy : memref<?x40xf16>
    %sums = memref.alloc(%n) : memref<?xf32>
    %sums_address = memref.extract_aligned_pointer_as_index %sums : memref<?xf32> -> index
    %sums_rest = arith.remui %sums_address, %c8 : index
    %sums_aligned = arith.cmpi eq, %sums_rest, %c0 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%either : memref<?x40xf16>, %sums : memref<?xf32>, %sums_aligned : i1)
    memref.dealloc %copy : memref<?x40xf16>
    memref.dealloc %sums : memref<?xf32>
    return
  }
}

// -----

// Strides are those of row-major arrays, whatever they might be: those of 80 bytes are
// multiples of 16, those of an odd number of rows are not.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f(%aligned: i1, %n: index) kernel { gpu.return }
  }
  // CHECK-LABEL: func.func @strided(
  // CHECK-SAME:    alignments = [16, 2]
  // CHECK-SAME:    (1 : i1, muli(dim(0, 1), 40) : index)
  // CHECK-SAME:    (cmpi_eq(remui(muli(dim(1, 1), 2), 16), 0) : i1, dim(1, 1) : index)
  func.func @strided(%x: memref<?x?x40xf16, strided<[?, ?, 1], offset: ?>>, %y: memref<?x?xf16, strided<[?, 1], offset: ?>>) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c16 = arith.constant 16 : index
    %base, %offset, %sizes:3, %strides:3 = memref.extract_strided_metadata %x
      : memref<?x?x40xf16, strided<[?, ?, 1], offset: ?>> -> memref<f16>, index, index, index, index, index, index, index
    %address = memref.extract_aligned_pointer_as_index %x : memref<?x?x40xf16, strided<[?, ?, 1], offset: ?>> -> index
    %outer = arith.muli %strides#0, %c2 : index
    %inner = arith.muli %strides#1, %c2 : index
    %first = arith.muli %offset, %c2 : index
    %a = arith.ori %address, %first : index
    %b = arith.ori %a, %outer : index
    %all = arith.ori %b, %inner : index
    %rest = arith.remui %all, %c16 : index
    %aligned = arith.cmpi eq, %rest, %c0 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%aligned : i1, %strides#0 : index)
    %y_base, %y_offset, %y_sizes:2, %y_strides:2 = memref.extract_strided_metadata %y
      : memref<?x?xf16, strided<[?, 1], offset: ?>> -> memref<f16>, index, index, index, index, index
    %y_row = arith.muli %y_strides#0, %c2 : index
    %y_rest = arith.remui %y_row, %c16 : index
    %y_aligned = arith.cmpi eq, %y_rest, %c0 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%y_aligned : i1, %y_strides#0 : index)
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @g(%n: index) kernel { gpu.return }
  }
  // An address itself is not known, nor that of a workspace beyond 16 bytes, nor strides
  // that no row-major array has.
  // expected-remark@+1 {{has no launch record: a launch is given what is no function of the arguments' sizes}}
  func.func @address(%x: memref<4xf32>) {
    %c1 = arith.constant 1 : index
    %address = memref.extract_aligned_pointer_as_index %x : memref<4xf32> -> index
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@g blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%address : index)
    return
  }

  // expected-remark@+1 {{has no launch record: a launch is given what is no function of the arguments' sizes}}
  func.func @workspace_of_32() {
    %c1 = arith.constant 1 : index
    %c32 = arith.constant 32 : index
    %x = memref.alloc() : memref<4xf32>
    %address = memref.extract_aligned_pointer_as_index %x : memref<4xf32> -> index
    %rest = arith.remui %address, %c32 : index
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@g blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%rest : index)
    memref.dealloc %x : memref<4xf32>
    return
  }

  // expected-remark@+1 {{has no launch record: a launch is given what is no function of the arguments' sizes}}
  func.func @columns(%x: memref<?x?xf16, strided<[1, ?]>>) {
    %c1 = arith.constant 1 : index
    %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %x
      : memref<?x?xf16, strided<[1, ?]>> -> memref<f16>, index, index, index, index, index
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@g blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%strides#1 : index)
    return
  }

  // A dimension that an array does not have.
  // expected-remark@+1 {{has no launch record: a launch is given what is no function of the arguments' sizes}}
  func.func @dimension_9(%x: memref<1x?xf16>) {
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    %size = memref.dim %x, %c9 : memref<1x?xf16>
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@g blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%size : index)
    return
  }
}

// -----

// A function that calls recorded ones does what they do: their arguments are what it passes,
// an alignment is its argument's, and workspaces of calls one after the other are the same.

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f(%x: memref<?x8xf32>, %y: memref<?x8xf32>, %sums: memref<?xf32>) kernel {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0, %c0] : memref<?x8xf32>
      memref.store %v, %y[%c0, %c0] : memref<?x8xf32>
      gpu.return
    }
  }
  // CHECK-LABEL: func.func @model(
  // CHECK-SAME:    alignments = [16, 4], outputs = [1],
  // CHECK-SAME:    checks = [#mask.launch_check<cmpi_ule(dim(0, 0), 9), "too many rows">],
  // CHECK-SAME:    workspaces = [#mask.workspace<memref<?x8xf32> sizes (dim(0, 0))>, #mask.workspace<memref<?xf32> sizes (dim(0, 0))>],
  // CHECK-SAME:    steps = [
  // CHECK-SAME:      #mask.launch<@kernels::@f blocks dim(0, 0) threads 1 shared 0 (argument(0) : memref<?x8xf32>, workspace(0) : memref<?x8xf32>, workspace(1) : memref<?xf32>)>,
  // CHECK-SAME:      #mask.launch<@kernels::@f blocks dim(0, 0) threads 1 shared 0 (workspace(0) : memref<?x8xf32>, argument(1) : memref<?x8xf32>, workspace(1) : memref<?xf32>)>]
  func.func @model(%x: memref<?x8xf32>, %y: memref<?x8xf32>) -> memref<?x8xf32> {
    %c0 = arith.constant 0 : index
    %n = memref.dim %x, %c0 : memref<?x8xf32>
    %between = memref.alloc(%n) : memref<?x8xf32>
    %first = call @layer(%x, %between) : (memref<?x8xf32>, memref<?x8xf32>) -> memref<?x8xf32>
    %second = call @layer(%first, %y) : (memref<?x8xf32>, memref<?x8xf32>) -> memref<?x8xf32>
    memref.dealloc %between : memref<?x8xf32>
    return %second : memref<?x8xf32>
  }

  // CHECK-LABEL: func.func private @layer(
  // CHECK-SAME:    alignments = [16, 4], outputs = [1],
  func.func private @layer(%x: memref<?x8xf32>, %y: memref<?x8xf32>) -> memref<?x8xf32> {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c9 = arith.constant 9 : index
    %c16 = arith.constant 16 : index
    %n = memref.dim %x, %c0 : memref<?x8xf32>
    %few = arith.cmpi ule, %n, %c9 : index
    cf.assert %few, "too many rows"
    %address = memref.extract_aligned_pointer_as_index %x : memref<?x8xf32> -> index
    %rest = arith.remui %address, %c16 : index
    %aligned = arith.cmpi eq, %rest, %c0 : index
    cf.assert %aligned, "must start at a multiple of 16 bytes"
    %sums = memref.alloc(%n) : memref<?xf32>
    gpu.launch_func @kernels::@f blocks in (%n, %c1, %c1) threads in (%c1, %c1, %c1)
      args(%x : memref<?x8xf32>, %y : memref<?x8xf32>, %sums : memref<?xf32>)
    memref.dealloc %sums : memref<?xf32>
    return %y : memref<?x8xf32>
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f(%n: index) kernel { gpu.return }
  }
  // CHECK-LABEL: func.func @data(%{{.*}}: memref<index>) {
  // expected-remark@+1 {{has no launch record: it calls 'number' with what is no function of its arguments' sizes}}
  func.func @data(%n: memref<index>) {
    %x = arith.constant 1.0 : f32
    %i = arith.fptosi %x : f32 to i64
    %j = arith.index_cast %i : i64 to index
    // expected-note@+1 {{because of 'func.call'}}
    call @number(%j) : (index) -> ()
    return
  }
  func.func @number(%n: index) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : index)
    return
  }
  // A function that calls itself has none when it is called.
  // CHECK-LABEL: func.func @again(%{{.*}}: index) {
  // expected-remark@+1 {{has no launch record: it calls 'again', which has none}}
  func.func @again(%n: index) {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : index)
    // expected-note@+1 {{because of 'func.call'}}
    call @again(%n) : (index) -> ()
    return
  }
  // CHECK-LABEL: func.func @maybe(%{{.*}}: index, %{{.*}}: i1) {
  // expected-remark@+1 {{has no launch record: a launch is inside of another op}}
  func.func @maybe(%n: index, %is: i1) {
    // expected-note@+1 {{because of 'scf.if'}}
    scf.if %is {
      func.call @number(%n) : (index) -> ()
    }
    return
  }
}

// -----

module attributes {gpu.container_module} {
  gpu.module @kernels {
    gpu.func @f() kernel { gpu.return }
    gpu.func @g(%n: index) kernel { gpu.return }
  }
  // CHECK-NOT: mask.launch_record
  // expected-remark@+1 {{has no launch record: a launch is inside of another op}}
  func.func @loop(%n: index) {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    // expected-note@+1 {{because of 'scf.for'}}
    scf.for %i = %c0 to %n step %c1 {
      gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    }
    return
  }

  // expected-remark@+1 {{has no launch record: its host code computes numbers from data}}
  func.func @data(%n: memref<index>) {
    %c1 = arith.constant 1 : index
    // expected-note@+1 {{because of 'memref.load'}}
    %blocks = memref.load %n[] : memref<index>
    gpu.launch_func @kernels::@f blocks in (%blocks, %c1, %c1) threads in (%c1, %c1, %c1)
    return
  }

  // expected-remark@+1 {{has no launch record: a launch hangs on a condition}}
  func.func @condition(%is: i1) {
    %c1 = arith.constant 1 : index
    // expected-note@+1 {{because of 'scf.if'}}
    scf.if %is {
      gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    }
    return
  }

  // expected-remark@+1 {{has no launch record: a launch is more than workgroups of a constant size in one dimension}}
  func.func @two_dimensions(%n: index) {
    %c1 = arith.constant 1 : index
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@f blocks in (%c1, %n, %c1) threads in (%c1, %c1, %c1)
    return
  }

  // expected-remark@+1 {{has no launch record: a launch is given what is no function of the arguments' sizes}}
  func.func @float_arithmetic(%x: f32) {
    %c1 = arith.constant 1 : index
    %i = arith.fptosi %x : f32 to i64
    %n = arith.index_cast %i : i64 to index
    // expected-note@+1 {{because of 'gpu.launch_func'}}
    gpu.launch_func @kernels::@g blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1) args(%n : index)
    return
  }

  // expected-remark@+1 {{has no launch record: it returns what is none of its arguments}}
  func.func @new_array() -> memref<4xf32> {
    %c1 = arith.constant 1 : index
    gpu.launch_func @kernels::@f blocks in (%c1, %c1, %c1) threads in (%c1, %c1, %c1)
    %x = memref.alloc() : memref<4xf32>
    // expected-note@+1 {{because of 'func.return'}}
    return %x : memref<4xf32>
  }
}
