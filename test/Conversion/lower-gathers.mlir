// RUN: mask-opt %s --mask-lower-gathers | FileCheck %s

// An element that the mask excludes is not touched.

// CHECK-LABEL: func @gather
// CHECK-SAME: %[[M:[a-z0-9]+]]: memref<?x?xi32>, %[[ROW:[a-z0-9]+]]: index, %[[I:[a-z0-9]+]]: vector<2xindex>, %[[FLAGS:[a-z0-9]+]]: vector<2xi1>, %[[REST:[a-z0-9]+]]: vector<2xi32>
// CHECK: %[[DISTANCE:.*]] = vector.extract %[[I]][0] : index from vector<2xindex>
// CHECK: %[[AT:.*]] = arith.addi %{{.*}}, %[[DISTANCE]] : index
// CHECK: %[[FLAG:.*]] = vector.extract %[[FLAGS]][0] : i1 from vector<2xi1>
// CHECK: %[[FIRST:.*]] = scf.if %[[FLAG]] -> (i32)
// CHECK: %[[E:.*]] = memref.load %[[M]][%[[ROW]], %[[AT]]]
// CHECK: scf.yield %[[E]]
// CHECK: else
// CHECK: %[[OTHER:.*]] = vector.extract %[[REST]][0] : i32 from vector<2xi32>
// CHECK: scf.yield %[[OTHER]]
// CHECK: %[[SECOND:.*]] = scf.if
// CHECK: vector.from_elements %[[FIRST]], %[[SECOND]] : vector<2xi32>
func.func @gather(%m: memref<?x?xi32>, %row: index, %i: vector<2xindex>, %flags: vector<2xi1>, %rest: vector<2xi32>) -> vector<2xi32> {
  %c0 = arith.constant 0 : index
  %0 = vector.gather %m[%row, %c0] [%i], %flags, %rest : memref<?x?xi32>, vector<2xindex>, vector<2xi1>, vector<2xi32> into vector<2xi32>
  return %0 : vector<2xi32>
}

// Indices of another width are numbers, too.

// CHECK-LABEL: func @narrow
// CHECK: arith.index_cast %{{.*}} : i32 to index
// CHECK-NOT: vector.gather
func.func @narrow(%m: memref<?xi8>, %i: vector<1xi32>, %flags: vector<1xi1>, %rest: vector<1xi8>) -> vector<1xi8> {
  %c0 = arith.constant 0 : index
  %0 = vector.gather %m[%c0] [%i], %flags, %rest : memref<?xi8>, vector<1xi32>, vector<1xi1>, vector<1xi8> into vector<1xi8>
  return %0 : vector<1xi8>
}
