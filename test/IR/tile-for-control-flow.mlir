// Control flow of `mask.tile_for` as analyses see it: all of its regions run, any number
// of times, and only the body hands values on.

// RUN: mask-opt %s --sccp --allow-unregistered-dialect | FileCheck %s

// What is constant in each region is found, so none of them counts as dead; what is
// carried is not its initial value.

// CHECK-LABEL: func @regions
// CHECK: %[[N:.*]] = mask.tile_for
// CHECK: ^bb0({{.*}}, %[[CARRIED:.*]]: index):
// CHECK: "body"(%c2{{.*}}, %[[CARRIED]])
// CHECK: } visit {
// CHECK: "visit"(%c2{{.*}}, %key)
// CHECK: } load {
// CHECK: "load"(%c2{{.*}}, %key)
// CHECK: return %[[N]]
func.func @regions(%i: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = mask.tile_for [%i, %i, %i, %i] step 8 ahead 1 init(%c0 : index) {
  ^bb0(%key: index, %size: index, %tile: index, %lower: i1, %upper: i1, %more: i1, %next: index, %next_size: index, %count: index):
    %c2 = arith.addi %c1, %c1 : index
    "body"(%c2, %count) : (index, index) -> ()
    %sum = arith.addi %count, %c1 : index
    mask.yield %sum : index
  } visit {
  ^bb0(%key: index, %size: index):
    %c2 = arith.addi %c1, %c1 : index
    %skip = "visit"(%c2, %key) : (index, index) -> i1
    mask.yield %skip : i1
  } load {
  ^bb0(%key: index, %size: index, %tile: index):
    %c2 = arith.addi %c1, %c1 : index
    "load"(%c2, %key) : (index, index) -> ()
  } -> index
  return %n : index
}

// What comes back as it went in is its initial value.

// CHECK-LABEL: func @constant
// CHECK: mask.tile_for
// CHECK: return %c1
func.func @constant(%i: index) -> index {
  %c1 = arith.constant 1 : index
  %n = mask.tile_for [%i, %i, %i, %i] step 8 ahead 1 init(%c1 : index) {
  ^bb0(%key: index, %size: index, %tile: index, %lower: i1, %upper: i1, %more: i1, %next: index, %next_size: index, %same: index):
    mask.yield %same : index
  } load {
  ^bb0(%key: index, %size: index, %tile: index):
    "load"(%key) : (index) -> ()
  } -> index
  return %n : index
}
