// Tiles as compiled code visits them: bounds in memory, a part of the visited tiles, copies
// two tiles ahead, a step that is known at run time; and what values are checked for.

// Only what a case needs is compiled.
// DEFINE: %{case} =
// DEFINE: %{run} = mask-opt %s --symbol-privatize=exclude=main_%{case} --symbol-dce --mask-to-cpu | mlir-runner -O0 -e main_%{case} --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so
// DEFINE: %{fail} = mask-opt %s --symbol-privatize=exclude=main_%{case} --symbol-dce --mask-to-cpu | not --crash mlir-runner -O0 -e main_%{case} --entry-point-result=void --shared-libs=%mlir_lib_dir/libmlir_c_runner_utils.so 2>&1 | FileCheck %s --check-prefix

// Of [0, 7), no key, [9, 13) and [12, 16) in tiles of 4 those that hold an odd multiple of 3:
// 0 to 3, 9 to 12 and 13 to 15, not 4 to 6. The third row starts where the tiles before it ended.
// REDEFINE: %{case} = all
// RUN: %{run} | FileCheck %s --check-prefix=ALL
// ALL: load ( 0, 4, 0 )
// ALL-NEXT: load ( 9, 4, 1 )
// ALL-NEXT: load ( 13, 3, 2 )
// ALL-NEXT: tile ( 0, 4, 0 )
// ALL-NEXT: ahead ( 1, 13, 3 )
// ALL-NEXT: tile ( 9, 4, 1 )
// ALL-NEXT: ahead ( 0,
// ALL-NEXT: tile ( 13, 3, 2 )
// ALL-NEXT: ahead ( 0,
// ALL-NOT: (

// Two of the three are the second half; ordinals count within it.
// REDEFINE: %{case} = half
// RUN: %{run} | FileCheck %s --check-prefix=HALF
// HALF: load ( 9, 4, 0 )
// HALF-NEXT: load ( 13, 3, 1 )
// HALF-NEXT: tile ( 9, 4, 0 )
// HALF-NEXT: ahead ( 0,
// HALF-NEXT: tile ( 13, 3, 1 )
// HALF-NEXT: ahead ( 0,
// HALF-NOT: (

// REDEFINE: %{case} = step_0
// RUN: %{fail}=STEP
// REDEFINE: %{case} = step_minus
// RUN: %{fail}=STEP
// STEP: error: 'mask.tile_for' op step must lie between 1 and 1073741824

// REDEFINE: %{case} = part_2_of_2
// RUN: %{fail}=PART
// REDEFINE: %{case} = part_0_of_0
// RUN: %{fail}=PART
// PART: error: 'mask.tile_for' op 'part' must lie between 0 and the number of parts

// Whole tiles of 6 from a multiple of 3 on; 4 is no multiple of 3.
// REDEFINE: %{case} = aligned
// RUN: %{run} | FileCheck %s --check-prefix=ALIGNED
// REDEFINE: %{case} = unaligned
// RUN: %{fail}=UNALIGNED
// ALIGNED: tile ( 3, 6, 0 )
// ALIGNED-NEXT: tile ( 9, 3, 0 )
// ALIGNED-NOT: (
// UNALIGNED: error: 'mask.tile_for' op 'align' must be a divisor of the step

memref.global "private" constant @rows : memref<4x4xindex> = dense<[[0, 0, 2, 7], [8, 8, 8, 8], [9, 10, 11, 13], [12, 12, 12, 16]]>

func.func private @print(%a: index, %b: index, %c: index) {
  %v = vector.from_elements %a, %b, %c : vector<3xindex>
  vector.print %v : vector<3xindex>
  return
}

func.func private @walk(%step: index, %part: index, %parts: index) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c6 = arith.constant 6 : index
  %static = memref.get_global @rows : memref<4x4xindex>
  %rows = memref.cast %static : memref<4x4xindex> to memref<?x4xindex>
  mask.tile_for in %rows : memref<?x4xindex> step %step part %part of %parts ahead 2 {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %next: index, %next_size: index):
    vector.print str "tile "
    func.call @print(%key, %size, %n) : (index, index, index) -> ()
    %flag = arith.index_castui %more : i1 to index
    vector.print str "ahead "
    func.call @print(%flag, %next, %next_size) : (index, index, index) -> ()
    mask.yield
  } visit {
  ^bb0(%key: index, %size: index):
    %past = arith.addi %key, %c2 : index
    %group = arith.divui %past, %c6 : index
    %start = arith.muli %group, %c6 : index
    %odd = arith.addi %start, %c3 : index
    %end = arith.addi %key, %size : index
    %holds = arith.cmpi slt, %odd, %end : index
    mask.yield %holds : i1
  } load {
  ^bb0(%key: index, %size: index, %n: index):
    vector.print str "load "
    func.call @print(%key, %size, %n) : (index, index, index) -> ()
    mask.yield
  }
  return
}

func.func private @panels(%step: index) {
  %c0 = arith.constant 0 : index
  %c5 = arith.constant 5 : index
  %c10 = arith.constant 10 : index
  %c12 = arith.constant 12 : index
  mask.tile_for [%c5, %c5, %c10, %c10] step %step whole %c12 align 3 {
  ^bb0(%key: index, %size: index, %n: index, %lower: i1, %upper: i1):
    vector.print str "tile "
    func.call @print(%key, %size, %c0) : (index, index, index) -> ()
    mask.yield
  }
  return
}

func.func @main_all() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  call @walk(%c4, %c0, %c1) : (index, index, index) -> ()
  return
}
func.func @main_half() {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  call @walk(%c4, %c1, %c2) : (index, index, index) -> ()
  return
}
func.func @main_step_0() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  call @walk(%c0, %c0, %c1) : (index, index, index) -> ()
  return
}
func.func @main_step_minus() {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %minus = arith.constant -4 : index
  call @walk(%minus, %c0, %c1) : (index, index, index) -> ()
  return
}
func.func @main_part_2_of_2() {
  %c2 = arith.constant 2 : index
  call @walk(%c2, %c2, %c2) : (index, index, index) -> ()
  return
}
func.func @main_part_0_of_0() {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  call @walk(%c4, %c0, %c0) : (index, index, index) -> ()
  return
}
func.func @main_aligned() {
  %c6 = arith.constant 6 : index
  call @panels(%c6) : (index) -> ()
  return
}
func.func @main_unaligned() {
  %c4 = arith.constant 4 : index
  call @panels(%c4) : (index) -> ()
  return
}
