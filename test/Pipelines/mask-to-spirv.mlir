// RUN: mask-opt %s --mask-to-spirv | FileCheck %s
// RUN: not mask-opt %s --mask-to-spirv="query-tile=64 key-tile=64" 2>&1 | FileCheck %s --check-prefix=MEMORY
// RUN: not mask-opt %s --mask-to-spirv="emitter=tensor-core workgroup-memory=65536" 2>&1 | FileCheck %s --check-prefix=TENSOR

// Of the host its record is left. Elements of bf16 are integers in memory, and no
// bf16 is computed with.

// MEMORY: cannot be scheduled: its tiles take {{[0-9]+}} bytes of workgroup memory, more than the 32768 that there are
// TENSOR: error: {{.*}} op has no counterpart in SPIR-V

// CHECK-LABEL: func.func private @attention(
// CHECK-SAME:    #mask.launch_check<cmpi_sle({{[^"]*}}, 2147483648), "{{[^"]*}}'mask.attention' op elements of query in kernels must be at most 2147483648">
// CHECK-SAME:    #mask.launch<@mask_kernels::@attention blocks
// CHECK:       spirv.module @__spv__mask_kernels Logical GLSL450 requires #spirv.vce<v1.0, [StorageBuffer16BitAccess, Shader, Int64, Int16, SignedZeroInfNanPreserve, Matrix], [SPV_KHR_16bit_storage, SPV_KHR_storage_buffer_storage_class, SPV_KHR_float_controls]>
// CHECK-DAG:     spirv.GlobalVariable @{{.*}} : !spirv.ptr<!spirv.struct<(!spirv.array<1056 x f32>)>, Workgroup>
// CHECK-DAG:     spirv.GlobalVariable @attention_arg_0 bind(0, 0) : !spirv.ptr<!spirv.struct<(!spirv.rtarray<i16, stride=2> [0])>, StorageBuffer>
// CHECK:         spirv.func @attention()
// CHECK-NOT:     bf16
// CHECK:         spirv.ControlBarrier <Workgroup>, <Workgroup>
// CHECK:         spirv.GL.Exp
// CHECK:         spirv.ExecutionMode @attention "LocalSize", 128, 1, 1
func.func @attention(%q: tensor<?x?x?x64xbf16>, %k: tensor<?x?x?x64xbf16>, %v: tensor<?x?x?x64xbf16>,
                     %out: tensor<?x?x?x64xbf16>) -> tensor<?x?x?x64xbf16> {
  %p = mask.window left 100 right 0
  %o = mask.attention ins(%q, %k, %v : tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>, tensor<?x?x?x64xbf16>)
      outs(%out : tensor<?x?x?x64xbf16>) mask(%p) soft_cap 30.0 -> tensor<?x?x?x64xbf16>
  return %o : tensor<?x?x?x64xbf16>
}
