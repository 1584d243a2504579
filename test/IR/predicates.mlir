// RUN: mask-opt %s | mask-opt | FileCheck %s

// CHECK-LABEL: func @leaves
func.func @leaves(%w: index, %t: tensor<?xi32>, %ids: tensor<?x?xi32>, %valid: tensor<?x?xi1>) {
  %0 = mask.full
  %1 = mask.empty
  %2 = mask.causal
  %3 = mask.window left 1023 right 0
  // CHECK: mask.window left %{{.*}} right unbounded
  %4 = mask.window left %w right unbounded
  // CHECK: mask.window left %{{.*}} per batch : tensor<?xi32> right 4
  %5 = mask.window left %t per batch : tensor<?xi32> right 4
  %6 = mask.block_bidirectional %ids : tensor<?x?xi32>
  %7 = mask.document %ids, %ids : tensor<?x?xi32>, tensor<?x?xi32>
  %8 = mask.chunk size 8
  %9 = mask.chunk size 8 offset %t per batch : tensor<?xi32>
  %10 = mask.prefix 7
  %11 = mask.key_length %t per batch : tensor<?xi32>
  %12 = mask.key_padding %valid : tensor<?x?xi1>
  %13 = mask.dilated 3
  %14 = mask.interval lower affine_map<(q)[s] -> ((q floordiv s) * s)> upper affine_map<(q)[s] -> (q + s)> [%w]
  %15 = mask.row_range %ids, %ids : tensor<?x?xi32>
  %16 = mask.generic captures(%t : tensor<?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
    %v = arith.cmpi sge, %q, %k : index
    mask.yield %v : i1
  }
  %17 = mask.and %2, %3
  %18 = mask.or %17
  %19 = mask.not %18
  %20 = mask.shift %2 query 12 key %w
  %21 = mask.at_positions %2 query %ids key %ids : tensor<?x?xi32>, tensor<?x?xi32>
  %22 = mask.heads %2 in [0, 1]
  %23 = mask.packed %2, %6 rule v5_24 sequences %ids : tensor<?x?xi32> positions %ids : tensor<?x?xi32>
  %24 = mask.packed %2, %6 rule request
  return
}

mask.policy @"causal-sliding"("window" %W : index, "token_types" optional %t : tensor<?x?xi8>) {
  %one = arith.constant 1 : index
  %past = arith.subi %W, %one : index
  %p = mask.window left %past right 0
  mask.layer_type "*" = %p
}

func.func @attention(%q: tensor<1x8x?x64xf32>, %k: tensor<1x2x?x64xf32>, %w: index, %t : tensor<?x?xi8>) -> tensor<1x8x?x64xf32> {
  %m = mask.of_layer @"causal-sliding" "sliding_attention"(%w, %t) : index, tensor<?x?xi8>
  %o = mask.attention ins(%q, %k, %k : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
           outs(%q : tensor<1x8x?x64xf32>) mask(%m) query_offset %w -> tensor<1x8x?x64xf32>
  %o2 = mask.attention ins(%q, %k, %k : tensor<1x8x?x64xf32>, tensor<1x2x?x64xf32>, tensor<1x2x?x64xf32>)
           outs(%q : tensor<1x8x?x64xf32>) captures(%t : tensor<?x?xi8>) predicate {
           ^bb0(%tt : tensor<?x?xi8>):
             %c = mask.causal
             mask.yield %c : !mask.predicate
           } -> tensor<1x8x?x64xf32>
  return %o : tensor<1x8x?x64xf32>
}

func.func @tiles(%b: index, %s: vector<16xf32>, %lo: vector<16xindex>, %a: vector<64x16xf32>) {
  %r = mask.tile_for [%b, %b, %b, %b] step 64 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %m: vector<16xf32>):
    %p = mask.apply %m at(%b, %b, %b, %k0) over query rows(%lo, %lo : vector<16xindex>, vector<16xindex>) sides both : vector<16xf32>
    mask.yield %p : vector<16xf32>
  } -> vector<16xf32>
  %x, %y, %z = mask.merge (%s, %s, %a), (%s, %s, %a) : vector<16xf32>, vector<64x16xf32>
  return
}
