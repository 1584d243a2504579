// RUN: mask-opt %s | mask-opt | FileCheck %s
// RUN: mask-opt %s --mlir-print-op-generic | mask-opt | FileCheck %s

// CHECK-LABEL: func.func private @values
// CHECK-SAME: a = #mask.launch_value<7>
// CHECK-SAME: b = #mask.launch_value<-1>
// CHECK-SAME: c = #mask.launch_value<select(cmpi_slt(dim(0, 2), argument(1)), ceildivui(dim(0, 2), 32), 0)>
func.func private @values() attributes {
  a = #mask.launch_value<7>, b = #mask.launch_value<-1>,
  c = #mask.launch_value<select(cmpi_slt(dim(0, 2), argument(1)), ceildivui(dim(0, 2), 32), 0)>
}

// CHECK-LABEL: func.func private @empty
// CHECK-SAME: mask.launch_record = #mask.launch_record<types = [], alignments = [], outputs = [], checks = [], workspaces = [], steps = []>
func.func private @empty() attributes {
  mask.launch_record = #mask.launch_record<types = [], alignments = [], outputs = [],
                                           checks = [], workspaces = [], steps = []>
}

// CHECK-LABEL: func.func private @record
// CHECK-SAME: types = [memref<?x?xf32>, memref<?x?xf32>, f32], alignments = [16, 4, 1], outputs = [1]
// CHECK-SAME: checks = [#mask.launch_check<cmpi_eq(dim(0, 1), dim(1, 1)), "columns must agree">]
// CHECK-SAME: workspaces = [#mask.workspace<memref<?x4xi32> sizes (dim(0, 0))>]
// CHECK-SAME: #mask.host_call<@host (workspace(0) : memref<?x4xi32>)>
// CHECK-SAME: #mask.launch<@kernels::@copy blocks dim(0, 0) threads 32 shared muli(dim(0, 1), 4)
// CHECK-SAME: (argument(0) : memref<?x?xf32>, argument(1) : memref<?x?xf32>, workspace(0) : memref<?x4xi32>, argument(2) : f32)>
func.func private @record(%from: memref<?x?xf32>, %to: memref<?x?xf32>, %factor: f32) attributes {
  mask.launch_record = #mask.launch_record<
    types = [memref<?x?xf32>, memref<?x?xf32>, f32], alignments = [16, 4, 1], outputs = [1],
    checks = [#mask.launch_check<cmpi_eq(dim(0, 1), dim(1, 1)), "columns must agree">],
    workspaces = [#mask.workspace<memref<?x4xi32> sizes (dim(0, 0))>],
    steps = [#mask.host_call<@host (workspace(0) : memref<?x4xi32>)>,
             #mask.launch<@kernels::@copy blocks dim(0, 0) threads 32 shared muli(dim(0, 1), 4)
               (argument(0) : memref<?x?xf32>, argument(1) : memref<?x?xf32>, workspace(0) : memref<?x4xi32>, argument(2) : f32)>]>
}
