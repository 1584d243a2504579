// What the target has is known before LLVM sees the code: no element is converted by a
// library function, and no instruction is missing.

// DEFINE: %{llvm} = mlir-translate --mlir-to-llvmir
// RUN: mask-opt %s --mask-to-cpu="bf16-dot" | %{llvm} | llc -O1 -mcpu=znver4 -o - | FileCheck %s --check-prefix=DOT
// RUN: mask-opt %s --mask-to-cpu="amx" | %{llvm} | llc -O3 -mcpu=sapphirerapids -o - | FileCheck %s --check-prefix=AMX --implicit-check-not="{{tilestored.*(spill|Spill)}}"
// RUN: mask-opt %s --mask-to-cpu="vector-bits=256 vector-registers=16" | %{llvm} | llc -O1 -mcpu=haswell -o - | FileCheck %s --check-prefix=AVX2 --implicit-check-not=bfsf --implicit-check-not=sfbf
// RUN: mask-opt %s --mask-to-cpu="vector-bits=128 vector-registers=16" | %{llvm} | llc -O1 -mcpu=x86-64 -o - | FileCheck %s --check-prefix=SSE2 --implicit-check-not=bfsf --implicit-check-not=sfbf
// RUN: mask-opt %s --mask-to-cpu="vector-bits=128" | %{llvm} | llc -O1 -mtriple=aarch64 -o - | FileCheck %s --check-prefix=NEON --implicit-check-not=bfsf --implicit-check-not=sfbf

// DOT-LABEL: bf16:
// DOT: vdpbf16ps {{.*}}zmm
// DOT: vcvtneps2bf16 {{.*}}zmm

// AMX-LABEL: bf16:
// AMX: ldtilecfg
// AMX-COUNT-4: tileloadd
// AMX-NOT: tile
// AMX: tdpbf16ps
// AMX: tdpbf16ps
// AMX-LABEL: f16:
// AMX-NOT: tdpbf16ps

// AVX2-LABEL: bf16:
// AVX2: vfmadd{{.*}}ymm
// AVX2-LABEL: f16:
// AVX2: vcvtph2ps {{.*}}ymm
// AVX2: vcvtps2ph {{.*}}ymm

// SSE2-LABEL: bf16:
// SSE2: mulps

// NEON-LABEL: bf16:
// NEON: fmla
// NEON-LABEL: f16:
// NEON: fcvtl

func.func @bf16(%q: memref<1x1x64x32xbf16>, %o: memref<1x1x64x32xbf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x64x32xbf16>, memref<1x1x64x32xbf16>, memref<1x1x64x32xbf16>)
      outs(%o : memref<1x1x64x32xbf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}

func.func @f16(%q: memref<1x1x64x32xf16>, %o: memref<1x1x64x32xf16>) {
  mask.attention ins(%q, %q, %q : memref<1x1x64x32xf16>, memref<1x1x64x32xf16>, memref<1x1x64x32xf16>)
      outs(%o : memref<1x1x64x32xf16>) predicate {
    %p = mask.causal
    mask.yield %p : !mask.predicate
  }
  return
}
