// RUN: mask-opt %s --split-input-file --verify-diagnostics

// One case per numbered constraint; the numbers are those of the ops' documentation.

// (P1) A parameter is one thing.
func.func @parameter_twice(%w: index) {
  // expected-error @below {{'mask.window' op 'left' is given both as a constant and as a value}}
  "mask.window"(%w) <{static_left = 3 : i64, operandSegmentSizes = array<i32: 1, 0>}> : (index) -> !mask.predicate
  return
}

// -----

// (P2) One number per what?
func.func @parameter_axis_missing(%t: tensor<?xi32>) {
  // expected-error @below {{'mask.window' op one-dimensional 'right' must say whether it is per batch or per head}}
  "mask.window"(%t) <{operandSegmentSizes = array<i32: 0, 1>}> : (tensor<?xi32>) -> !mask.predicate
  return
}

// -----

// (P4) The largest integer is no bound.
func.func @parameter_too_large() {
  // expected-error @below {{'mask.window' op 'left' must lie within -1099511627776 and 1099511627776, got 9223372036854775807}}
  %p = mask.window left 9223372036854775807 right 0
  return
}

// -----

// (P4) Offsets as well.
func.func @parameter_too_small() {
  // expected-error @below {{'mask.chunk' op 'offset' must lie within -1099511627776 and 1099511627776, got -1099511627777}}
  %p = mask.chunk size 4 offset -1099511627777
  return
}

// -----

// (P3) A number is not per row.
func.func @parameter_axis_of_number(%w: index) {
  // expected-error @below {{'mask.prefix' op 'length' is a single number, which has no axis}}
  %p = mask.prefix %w per batch : index
  return
}

// -----

// Axes have names.
func.func @parameter_axis_unknown(%t: tensor<?xi32>) {
  // expected-error @below {{expected 'batch' or 'head', got 'row'}}
  %p = mask.prefix %t per row : tensor<?xi32>
  return
}

// -----

// mask.block_bidirectional C1
func.func @block_bidirectional_c1(%q: tensor<?xi32>, %k: tensor<?x?xi32>, %t: tensor<?x?x4xi32>) {
  // expected-error @below {{'mask.block_bidirectional' op query and key ids must have the same rank, got 1 and 2}}
  %p = mask.block_bidirectional %q, %k : tensor<?xi32>, tensor<?x?xi32>
  return
}

// -----

// mask.block_bidirectional C2
func.func @block_bidirectional_c2(%q: tensor<?xi32>, %k: tensor<?x?xi32>, %t: tensor<?x?x4xi32>) {
  // expected-error @below {{'mask.block_bidirectional' op table must have rank 2, got 3}}
  %p = mask.block_bidirectional %q table %t : tensor<?xi32> table tensor<?x?x4xi32>
  return
}

// -----

// mask.document C1
func.func @document_c1(%q: tensor<?xi32>, %k: tensor<?x?xi32>, %t: tensor<?x?x4xi32>) {
  // expected-error @below {{'mask.document' op query and key ids must have the same rank, got 1 and 2}}
  %p = mask.document %q, %k : tensor<?xi32>, tensor<?x?xi32>
  return
}

// -----

// mask.document C2
func.func @document_c2(%q: tensor<?xi32>, %k: tensor<?x?xi32>, %t: tensor<?x?x4xi32>) {
  // expected-error @below {{'mask.document' op table must have rank 2, got 3}}
  %p = mask.document %q table %t : tensor<?xi32> table tensor<?x?x4xi32>
  return
}

// -----

// mask.document C2
func.func @document_c2_size(%q: tensor<8xi32>, %t: tensor<7x4xi32>) {
  // expected-error @below {{'mask.document' op size 0 of the table must be 8, got 7}}
  %p = mask.document %q table %t : tensor<8xi32> table tensor<7x4xi32>
  return
}

// -----

// mask.chunk C1
func.func @chunk_c1_missing() {
  // expected-error @below {{'mask.chunk' op 'size' must be given}}
  %p = mask.chunk size unbounded
  return
}

// -----

// mask.chunk C1
func.func @chunk_c1_small() {
  // expected-error @below {{'mask.chunk' op 'size' must be at least 1, got 0}}
  %p = mask.chunk size 0
  return
}

// -----

// mask.prefix C1
func.func @prefix_c1() {
  // expected-error @below {{'mask.prefix' op 'length' must be given}}
  %p = mask.prefix unbounded
  return
}

// -----

// mask.key_length C1
func.func @key_length_c1() {
  // expected-error @below {{'mask.key_length' op 'length' must be given}}
  %p = mask.key_length unbounded
  return
}

// -----

// mask.key_padding C1
func.func @key_padding_c1(%v: tensor<?xi1>, %t: tensor<?x?xi32>) {
  // expected-error @below {{'mask.key_padding' op table must have rank 1, got 2}}
  %p = mask.key_padding %v table %t : tensor<?xi1> table tensor<?x?xi32>
  return
}

// -----

// mask.key_padding C1
func.func @key_padding_c1_size(%v: tensor<8xi1>, %t: tensor<8xi32>) {
  // expected-error @below {{'mask.key_padding' op size 0 of the table must be 11, got 8}}
  %p = mask.key_padding %v table %t : tensor<8xi1> table tensor<8xi32>
  return
}

// -----

// mask.dilated C1
func.func @dilated_c1() {
  // expected-error @below {{'mask.dilated' op 'stride' must be at least 1, got -2}}
  %p = mask.dilated -2
  return
}

// -----

// mask.dilated C1
func.func @dilated_c1_missing() {
  // expected-error @below {{'mask.dilated' op 'stride' must be given}}
  %p = mask.dilated unbounded
  return
}

// -----

// mask.interval C1
func.func @interval_c1_dims() {
  // expected-error @below {{'mask.interval' op 'lower' must have one dimension and one result, got 2 and 1}}
  %p = mask.interval lower affine_map<(q, k) -> (q)> upper affine_map<(q) -> (q)>
  return
}

// -----

// mask.interval C1
func.func @interval_c1_results() {
  // expected-error @below {{'mask.interval' op 'upper' must have one dimension and one result, got 1 and 2}}
  %p = mask.interval lower affine_map<(q) -> (q)> upper affine_map<(q) -> (q, q)>
  return
}

// -----

// mask.interval C1
func.func @interval_c1_one_side() {
  // expected-error @below {{'mask.interval' op 'upper' must have one dimension and one result, got 0 and 1}}
  %p = mask.interval lower unbounded upper affine_map<() -> (0)>
  return
}

// -----

// mask.interval C2
func.func @interval_c2(%s: index) {
  // expected-error @below {{'mask.interval' op 'upper' has 0 symbols, but 1 operands are given}}
  %p = mask.interval lower affine_map<(q)[s] -> (q)> upper affine_map<(q) -> (q)> [%s]
  return
}

// -----

// mask.row_range C1
func.func @row_range_c1_none(%t: tensor<?xi32>) {
  // expected-error @below {{'mask.row_range' op takes at least 1 table, got 0}}
  %p = "mask.row_range"() <{operandSegmentSizes = array<i32: 0, 0>}> : () -> !mask.predicate
  return
}

// -----

// mask.row_range C1
func.func @row_range_c1_types(%t: tensor<?xi32>, %u: tensor<?xi64>) {
  // expected-error @below {{'mask.row_range' op tables must have one type, got 'tensor<?xi32>' and 'tensor<?xi64>'}}
  %p = "mask.row_range"(%t, %u) <{operandSegmentSizes = array<i32: 1, 1>}> : (tensor<?xi32>, tensor<?xi64>) -> !mask.predicate
  return
}

// -----

// mask.generic C1
func.func @generic_c1(%t: tensor<?xi32>) {
  // expected-error @below {{'mask.generic' op 'body' region must take ('index', 'index', 'index', 'index', 'tensor<?xi32>'), got ('index', 'index', 'index', 'index')}}
  %p = mask.generic captures(%t : tensor<?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    %v = arith.cmpi sge, %q, %k : index
    mask.yield %v : i1
  }
  return
}

// -----

// mask.generic C2
func.func @generic_c2() {
  // expected-error @below {{'mask.generic' op 'body' region must yield ('i1'), got ('index')}}
  %p = mask.generic {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    mask.yield %q : index
  }
  return
}

// -----

// mask.generic is isolated: every fact is an operand.
func.func @generic_isolated(%n: index) {
  // expected-note @below {{required by region isolation constraints}}
  %p = mask.generic {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    // expected-error @below {{'arith.cmpi' op using value defined outside the region}}
    %v = arith.cmpi sge, %q, %n : index
    mask.yield %v : i1
  }
  return
}

// -----

// mask.and C1
func.func @and_c1() {
  // expected-error @below {{'mask.and' op takes at least 1 operand, got 0}}
  "mask.and"() : () -> !mask.predicate
  return
}

// -----

// mask.or C1
func.func @or_c1() {
  // expected-error @below {{'mask.or' op takes at least 1 operand, got 0}}
  "mask.or"() : () -> !mask.predicate
  return
}

// -----

// mask.shift C1
func.func @shift_c1(%p: !mask.predicate) {
  // expected-error @below {{'mask.shift' op 'key' must be given}}
  %0 = mask.shift %p query 3 key unbounded
  return
}

// -----

// mask.at_positions C1
func.func @at_positions_c1(%p: !mask.predicate, %q: tensor<?xi32>, %k: tensor<?x?xi32>) {
  // expected-error @below {{'mask.at_positions' op query and key positions must have the same rank, got 1 and 2}}
  %0 = mask.at_positions %p query %q key %k : tensor<?xi32>, tensor<?x?xi32>
  return
}

// -----

// mask.heads C1
func.func @heads_c1_negative(%p: !mask.predicate) {
  // expected-error @below {{'mask.heads' op members must not be negative, got -1}}
  %0 = mask.heads %p in [-1, 2]
  return
}

// -----

// mask.heads C1
func.func @heads_c1_order(%p: !mask.predicate) {
  // expected-error @below {{'mask.heads' op members must increase strictly, got 2 before 2}}
  %0 = mask.heads %p in [2, 2]
  return
}

// -----

// mask.batches C1
func.func @batches_c1_negative(%p: !mask.predicate) {
  // expected-error @below {{'mask.batches' op members must not be negative, got -1}}
  %0 = mask.batches %p in [-1, 2]
  return
}

// -----

// mask.batches C1
func.func @batches_c1_order(%p: !mask.predicate) {
  // expected-error @below {{'mask.batches' op members must increase strictly, got 2 before 2}}
  %0 = mask.batches %p in [2, 2]
  return
}

// -----

// mask.runs C1
func.func @runs_c1(%t: tensor<?xi8>) {
  // expected-error @below {{'mask.runs' op result must have rank 1, got 2}}
  %0 = mask.runs %t of [1] : tensor<?xi8> -> tensor<?x?xi32>
  return
}

// -----

// mask.item_ids C1
func.func @item_ids_c1(%r: tensor<?x?x3xi32>, %n: index) {
  // expected-error @below {{'mask.item_ids' op ranges must have 2 columns, got 3}}
  %0 = mask.item_ids %r length %n : tensor<?x?x3xi32> -> tensor<?x?xi32>
  return
}

// -----

// mask.item_ids C2
func.func @item_ids_c2(%r: tensor<3x?x2xi32>, %n: index) {
  // expected-error @below {{'mask.item_ids' op size 0 of the result must be 3, got 2}}
  %0 = mask.item_ids %r length %n : tensor<3x?x2xi32> -> tensor<2x?xi32>
  return
}

// -----

// mask.item_ids C3
func.func @item_ids_c3(%r: tensor<?x?x2xi32>, %n: index) {
  // expected-error @below {{'mask.item_ids' op min_length must be at least 1, got 0}}
  %0 = mask.item_ids %r length %n min_length 0 : tensor<?x?x2xi32> -> tensor<?x?xi32>
  return
}

// -----

// mask.positions C1
func.func @positions_c1(%v: tensor<4xi1>) {
  // expected-error @below {{'mask.positions' op size 0 of the result must be 4, got 5}}
  %0 = mask.positions %v : tensor<4xi1> -> tensor<5xi32>
  return
}

// -----

// mask.interval_table C1
func.func @interval_table_c1(%q: tensor<?xi32>, %k: tensor<?x?xi32>) {
  // expected-error @below {{'mask.interval_table' op query and key ids must have the same rank, got 1 and 2}}
  %0 = mask.interval_table %q, %k : tensor<?xi32>, tensor<?x?xi32> -> tensor<?x4xi32>
  return
}

// -----

// mask.interval C4
func.func @interval_c4(%s: index) {
  // expected-error @below {{'mask.interval' op 'upper' may compute numbers beyond 64 bits, at most 1152921504606846976 is supported for queries within 4398046511104 and symbols within 1099511627776}}
  %p = mask.interval lower affine_map<(q)[s] -> (0)> upper affine_map<(q)[s] -> ((q * 2199023255552) floordiv s)> [%s]
  return
}

// -----

// A product that saturates leaves room for a few sums.
// mask.interval C4
func.func @interval_c4_products(%s: index) {
  // expected-error @below {{'mask.interval' op 'lower' may compute numbers up to 1441151880758558720, at most 1152921504606846976 is supported}}
  %p = mask.interval lower affine_map<(q)[s] -> ((q * s) * 5)> upper affine_map<(q)[s] -> (q)> [%s]
  return
}

// -----

// mask.interval_table C2
func.func @interval_table_c2_rank(%q: tensor<?xi32>) {
  // expected-error @below {{'mask.interval_table' op result must have rank 2, got 3}}
  %0 = mask.interval_table %q : tensor<?xi32> -> tensor<?x?x4xi32>
  return
}

// -----

// mask.interval_table C2
func.func @interval_table_c2(%q: tensor<?xi32>) {
  // expected-error @below {{'mask.interval_table' op size 1 of the result must be 4, got 2}}
  %0 = mask.interval_table %q : tensor<?xi32> -> tensor<?x2xi32>
  return
}

// -----

// mask.count_table C1
func.func @count_table_c1(%v: tensor<8xi1>) {
  // expected-error @below {{'mask.count_table' op result must have rank 1, got 2}}
  %0 = mask.count_table %v : tensor<8xi1> -> tensor<?x?xi32>
  return
}

// -----

// mask.count_table C1
func.func @count_table_c1_size(%v: tensor<8xi1>) {
  // expected-error @below {{'mask.count_table' op size 0 of the result must be 11, got 8}}
  %0 = mask.count_table %v : tensor<8xi1> -> tensor<8xi32>
  return
}

// -----

// mask.interval_table C2
func.func @interval_table_c2_batch(%q: tensor<3x?xi32>) {
  // expected-error @below {{'mask.interval_table' op size 0 of the result must be 3, got 2}}
  %0 = mask.interval_table %q : tensor<3x?xi32> -> tensor<2x?x4xi32>
  return
}

// -----

// mask.monotone_table C1
func.func @monotone_table_c1(%p: tensor<3x?xi32>) {
  // expected-error @below {{'mask.monotone_table' op size 0 of the result must be 3, got 1}}
  %0 = mask.monotone_table %p : tensor<3x?xi32> -> tensor<1xi32>
  return
}

// -----

// mask.monotone_table C1
func.func @monotone_table_c1_row(%p: tensor<8xi32>) {
  // expected-error @below {{'mask.monotone_table' op size 0 of the result must be 1, got 8}}
  %0 = mask.monotone_table %p : tensor<8xi32> -> tensor<8xi32>
  return
}

// -----

// mask.policy C1
// expected-error @below {{'mask.policy' op declares the fact "window" twice}}
mask.policy @policy_c1("window" %a: index, "window" %b: index) {
  %p = mask.causal
  mask.layer_type "*" = %p
}

// -----

// mask.policy C2
// expected-error @below {{'mask.policy' op needs at least one mask.layer_type}}
mask.policy @policy_c2() {
}

// -----

// mask.policy C2
// expected-error @below {{'mask.policy' op yields layer type "full" twice}}
mask.policy @policy_c2_twice() {
  %p = mask.causal
  mask.layer_type "full" = %p
  // expected-note @below {{yielded here}}
  mask.layer_type "full" = %p
}

// -----

// mask.policy C3
// expected-error @below {{'mask.policy' op layer type "*" must be the only one, but there are 2}}
mask.policy @policy_c3() {
  %p = mask.causal
  // expected-note @below {{yielded here}}
  mask.layer_type "*" = %p
  mask.layer_type "full" = %p
}

// -----

// mask.policy C4
// expected-error @below {{'mask.policy' op fact "window" must be a ranked tensor or an index, got 'i32'}}
mask.policy @policy_c4("window" %a: i32) {
  %p = mask.causal
  mask.layer_type "*" = %p
}

// -----

// mask.policy C5
// expected-error @below {{'mask.policy' op has 1 facts, but 2 names and 1 optional flags}}
"mask.policy"() <{fact_names = ["window", "prefix"], fact_optional = array<i1: false>, function_type = (index) -> (), sym_name = "policy_c5"}> ({
^bb0(%w: index):
  %p = mask.causal
  mask.layer_type "*" = %p
}) : () -> ()

// -----

// mask.policy C5
// expected-error @below {{'mask.policy' op body takes ('index'), but the facts are ('tensor<?xi8>')}}
"mask.policy"() <{fact_names = ["token_types"], fact_optional = array<i1: false>, function_type = (tensor<?xi8>) -> (), sym_name = "policy_c5_body"}> ({
^bb0(%t: index):
  %p = mask.causal
  mask.layer_type "*" = %p
}) : () -> ()

// -----

// mask.of_layer C1
func.func @of_layer_c1() {
  // expected-error @below {{'mask.of_layer' op 'nowhere' is not a mask.policy}}
  %m = mask.of_layer @nowhere "full"()
  return
}

// -----

// mask.of_layer C1
// expected-note @below {{policy declared here}}
mask.policy @p("window" %w: index, "token_types" optional %t: tensor<?x?xi8>) {
  %p = mask.causal
  mask.layer_type "full" = %p
  mask.layer_type "sliding" = %p
}
func.func @of_layer_c1_layer(%w: index, %t: tensor<?x?xi8>) {
  // expected-error @below {{'mask.of_layer' op policy 'p' has no layer type "chunked"; it has "full", "sliding"}}
  %m = mask.of_layer @p "chunked"(%w, %t) : index, tensor<?x?xi8>
  return
}

// -----

// mask.of_layer C2
// expected-note @below {{policy declared here}}
mask.policy @p("window" %w: index, "token_types" optional %t: tensor<?x?xi8>) {
  %p = mask.causal
  mask.layer_type "full" = %p
  mask.layer_type "sliding" = %p
}
func.func @of_layer_c2(%w: index) {
  // expected-error @below {{'mask.of_layer' op policy 'p' takes 2 facts, got 1}}
  %m = mask.of_layer @p "full"(%w) : index
  return
}

// -----

// mask.of_layer C2
// expected-note @below {{policy declared here}}
mask.policy @p("window" %w: index, "token_types" optional %t: tensor<?x?xi8>) {
  %p = mask.causal
  mask.layer_type "full" = %p
  mask.layer_type "sliding" = %p
}
func.func @of_layer_c2_type(%w: index, %t: tensor<?x?xi32>) {
  // expected-error @below {{'mask.of_layer' op fact "token_types" must be 'tensor<?x?xi8>', got 'tensor<?x?xi32>'}}
  %m = mask.of_layer @p "full"(%w, %t) : index, tensor<?x?xi32>
  return
}

// -----

// mask.of_layer C3
// expected-note @below {{policy declared here}}
mask.policy @p("window" %w: index, "token_types" optional %t: tensor<?x?xi8>) {
  %p = mask.causal
  mask.layer_type "full" = %p
  mask.layer_type "sliding" = %p
}
func.func @of_layer_c3(%t: tensor<?x?xi8>) {
  %w = mask.absent : index
  // expected-error @below {{'mask.of_layer' op fact "window" is not optional, but absent}}
  %m = mask.of_layer @p "full"(%w, %t) : index, tensor<?x?xi8>
  return
}

// -----

// mask.attention C1
func.func @attention_c1(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf16>, %v: tensor<1x2x6x16xf16>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op key must have rank 4 and element type 'f32', got 'tensor<1x2x6x16xf16>'}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf16>, tensor<1x2x6x16xf16>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C1
func.func @attention_c1_lse(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %o1: tensor<1x8x4x1xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op log-sum-exp must be f32 of rank 3, got 'tensor<1x8x4x1xf32>'}}
  %r:2 = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0, %o1 : tensor<1x8x4x16xf32>, tensor<1x8x4x1xf32>) mask(%m) -> tensor<1x8x4x16xf32>, tensor<1x8x4x1xf32>
  return
}

// -----

// mask.attention C1
func.func @attention_c1_outputs(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %o1: tensor<1x8x4xf32>, %o2: tensor<1x8x4xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op takes an output and at most a log-sum-exp, got 3 outputs}}
  %r:3 = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0, %o1, %o2 : tensor<1x8x4x16xf32>, tensor<1x8x4xf32>, tensor<1x8x4xf32>) mask(%m) -> tensor<1x8x4x16xf32>, tensor<1x8x4xf32>, tensor<1x8x4xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_dim(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x8xf32>, %v: tensor<1x2x6x8xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op query and key must agree in head dimension, got 16 and 8}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x8xf32>, tensor<1x2x6x8xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_keys(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x7x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op key and value must agree in keys, got 6 and 7}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x7x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_queries(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x5x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op query and output must agree in queries, got 4 and 5}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x5x16xf32>) mask(%m) -> tensor<1x8x5x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_value(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x32xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op value and output must agree in value dimension, got 32 and 16}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x32xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_lse(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %o1: tensor<1x2x4xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op query and log-sum-exp must agree in heads, got 8 and 2}}
  %r:2 = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0, %o1 : tensor<1x8x4x16xf32>, tensor<1x2x4xf32>) mask(%m) -> tensor<1x8x4x16xf32>, tensor<1x2x4xf32>
  return
}

// -----

// mask.attention C3
func.func @attention_c3(%q: tensor<1x8x4x16xf32>, %k: tensor<1x3x6x16xf32>, %v: tensor<1x3x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op the 3 key heads must divide the 8 query heads}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x3x6x16xf32>, tensor<1x3x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C4
func.func @attention_c4_none(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: tensor<8xf32>) {
  // expected-error @below {{'mask.attention' op takes either a mask or a predicate region}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) sinks(%s : tensor<8xf32>) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C4
func.func @attention_c4_both(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op takes either a mask or a predicate region}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) predicate {
      %c = mask.causal
      mask.yield %c : !mask.predicate
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C4
func.func @attention_c4_captures(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: tensor<8xf32>) {
  // expected-error @below {{'mask.attention' op has 1 captures, but no predicate region}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) captures(%s : tensor<8xf32>) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C5
func.func @attention_c5_arguments(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: tensor<8xf32>) {
  // expected-error @below {{'mask.attention' op 'predicate' region must take ('tensor<8xf32>'), got ()}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) captures(%s : tensor<8xf32>) predicate {
      %c = mask.causal
      mask.yield %c : !mask.predicate
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C5
func.func @attention_c5_yield(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op 'predicate' region must yield ('!mask.predicate'), got ()}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) predicate {
      mask.yield
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C6
func.func @attention_c6(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %i: index) {
  // expected-error @below {{'mask.attention' op origin takes 4 indices, got 2}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) origin(%i, %i) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C7
func.func @attention_c7_mixed(%q: tensor<1x8x4x16xf32>, %k: memref<1x2x6x16xf32>, %v: memref<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op must be on tensors or on memrefs throughout, got 'tensor<1x8x4x16xf32>' and, as operand 1, 'memref<1x2x6x16xf32>'}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, memref<1x2x6x16xf32>, memref<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C7
func.func @attention_c7_results(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op results must have the outputs' types ('tensor<1x8x4x16xf32>'), got ('tensor<?x8x4x16xf32>')}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) -> tensor<?x8x4x16xf32>
  return
}

// -----

// mask.attention C7
func.func @attention_c7_open(%q: memref<1x8x4x16xf32>, %k: memref<1x2x6x16xf32>, %v: memref<1x2x6x16xf32>, %o0: memref<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op on memrefs must be closed: facts have to be operands}}
  mask.attention ins(%q, %k, %v : memref<1x8x4x16xf32>, memref<1x2x6x16xf32>, memref<1x2x6x16xf32>)
    outs(%o0 : memref<1x8x4x16xf32>) mask(%m)
  return
}

// -----

// mask.attention C7
func.func @attention_c7_captures(%q: memref<1x8x4x16xf32>, %ids: tensor<?xi32>) {
  // expected-error @below {{'mask.attention' op must be on tensors or on memrefs throughout, got 'memref<1x8x4x16xf32>' and, as operand 4, 'tensor<?xi32>'}}
  mask.attention ins(%q, %q, %q : memref<1x8x4x16xf32>, memref<1x8x4x16xf32>, memref<1x8x4x16xf32>)
    outs(%q : memref<1x8x4x16xf32>) captures(%ids : tensor<?xi32>) predicate {
    ^bb0(%i: tensor<?xi32>):
      %p = mask.document %i : tensor<?xi32>
      mask.yield %p : !mask.predicate
    }
  return
}

// -----

// mask.attention C7
func.func @attention_c7_sinks(%q: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: memref<8xf32>) {
  // expected-error @below {{'mask.attention' op must be on tensors or on memrefs throughout, got 'tensor<1x8x4x16xf32>' and, as operand 5, 'memref<8xf32>'}}
  %r = mask.attention ins(%q, %q, %q : tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) sinks(%s : memref<8xf32>) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C7
func.func @attention_c7_memref_results(%q: memref<1x8x4x16xf32>) {
  // expected-error @below {{'mask.attention' op has no results on memrefs, got 1}}
  %r = mask.attention ins(%q, %q, %q : memref<1x8x4x16xf32>, memref<1x8x4x16xf32>, memref<1x8x4x16xf32>)
    outs(%q : memref<1x8x4x16xf32>) predicate {
      %p = mask.causal
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C8
func.func @attention_c8_arguments(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op 'score' region must take ('f32', 'index', 'index', 'index', 'index'), got ('f32')}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) score {
    ^bb0(%s: f32):
      mask.yield %s : f32
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C8
func.func @attention_c8_yield(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op 'score' region must yield ('f32'), got ('index')}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) score {
    ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
      mask.yield %i : index
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C8
func.func @attention_c8_captures(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: tensor<8xf32>) {
  // expected-error @below {{'mask.attention' op has 1 score captures, but no score region}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) score_captures(%s : tensor<8xf32>) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C9
func.func @attention_c9(%q: tensor<1x8x4x0xf32>, %k: tensor<1x2x6x0xf32>, %v: tensor<1x2x6x0xf32>, %o0: tensor<1x8x4x0xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op the head dimension must be at least 1, got 0}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x0xf32>, tensor<1x2x6x0xf32>, tensor<1x2x6x0xf32>)
    outs(%o0 : tensor<1x8x4x0xf32>) mask(%m) -> tensor<1x8x4x0xf32>
  return
}

// -----

// mask.attention C10
func.func @attention_c10(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate, %s: tensor<2xf32>) {
  // expected-error @below {{'mask.attention' op must have one sink per query head (8), got 2}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) sinks(%s : tensor<2xf32>) -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C11
func.func @attention_c11_zero(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op soft_cap must be finite and greater than 0, got 0.000000e+00}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) soft_cap 0.0 -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C11
func.func @attention_c11_negative(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op soft_cap must be finite and greater than 0, got -5.000000e+00}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) soft_cap -5.0 -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C11
func.func @attention_c11_infinite(%q: tensor<1x8x4x16xf32>, %k: tensor<1x2x6x16xf32>, %v: tensor<1x2x6x16xf32>, %o0: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op soft_cap must be finite and greater than 0, got INF}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<1x2x6x16xf32>, tensor<1x2x6x16xf32>)
    outs(%o0 : tensor<1x8x4x16xf32>) mask(%m) soft_cap 0x7F800000 -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C12
func.func @attention_c13_no_keys(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op a page must have 1 to 1073741824 keys, got 0}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 0 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C12
func.func @attention_c13_negative(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op a page must have 1 to 1073741824 keys, got -16}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page -16 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C12
func.func @attention_c13_too_large(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op a page must have 1 to 1073741824 keys, got 1073741825}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 1073741825 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C12
func.func @attention_c13_rows(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op pages of 8 keys must be what key has rows of, got 'tensor<9x2x16x16xf32>'}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 8 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_pages(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<8x2x16x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op key and value must agree in pages, got 9 and 8}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<8x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 16 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_page_rows(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x15x16xf32>, %t: tensor<1x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op key and value must agree in keys of a page, got 16 and 15}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x15x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 16 : tensor<1x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C2
func.func @attention_c2_table(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<3x4xi32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op query and key_pages must agree in batch rows, got 1 and 3}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 16 : tensor<3x4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

func.func @attention_table_rank(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<4xi32>, %m: !mask.predicate) {
  // expected-error @below {{operand #5 must be i32 or i64 pages of shape [batch, pages of a row], but got 'tensor<4xi32>'}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 16 : tensor<4xi32> -> tensor<1x8x4x16xf32>
  return
}

// -----

func.func @attention_table_elements(%q: tensor<1x8x4x16xf32>, %k: tensor<9x2x16x16xf32>, %v: tensor<9x2x16x16xf32>, %t: tensor<1x4xi8>, %m: !mask.predicate) {
  // expected-error @below {{operand #5 must be i32 or i64 pages of shape [batch, pages of a row], but got 'tensor<1x4xi8>'}}
  %r = mask.attention ins(%q, %k, %v : tensor<1x8x4x16xf32>, tensor<9x2x16x16xf32>, tensor<9x2x16x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) mask(%m) key_pages %t page 16 : tensor<1x4xi8> -> tensor<1x8x4x16xf32>
  return
}

// -----

// mask.attention C12
func.func @attention_c13_no_table(%q: tensor<1x8x4x16xf32>, %m: !mask.predicate) {
  // expected-error @below {{'mask.attention' op takes key_pages and a page size together}}
  %r = "mask.attention"(%q, %q, %q, %q, %m) ({}, {}) {page_size = 16 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0>}
    : (tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>, !mask.predicate) -> tensor<1x8x4x16xf32>
  return
}

// -----

// A closed predicate reads operands only.
func.func @attention_isolated(%q: tensor<1x8x4x16xf32>, %ids: tensor<?xi32>) {
  // expected-note @below {{required by region isolation constraints}}
  %r = mask.attention ins(%q, %q, %q : tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>)
    outs(%q : tensor<1x8x4x16xf32>) predicate {
      // expected-error @below {{'mask.document' op using value defined outside the region}}
      %p = mask.document %ids : tensor<?xi32>
      mask.yield %p : !mask.predicate
    } -> tensor<1x8x4x16xf32>
  return
}

// -----

// A schedule's sizes are positive.
func.func @schedule_sizes() attributes {
  // expected-error @below {{tile sizes, heads, parts, lanes and rows must be at least 1, got 64, 0, 1, 1, 16, 8}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 0, lanes = 16, rows = 8>
} {
  return
}

// -----

// Code grows with them.
func.func @schedule_lanes() attributes {
  // expected-error @below {{lanes and rows must be at most 64, got 1000000 and 8}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 1000000, rows = 8>
} {
  return
}

// -----

// Scratch memory grows with them.
func.func @schedule_tile() attributes {
  // expected-error @below {{a tile has at most 4096 rows, and as many keys, got 1024 queries of 8 heads, and 64 keys}}
  s = #mask.cpu_schedule<query_tile = 1024, key_tile = 64, heads = 8, lanes = 16, rows = 8>
} {
  return
}

// -----

// There are instructions for so many lanes.
func.func @schedule_pairs() attributes {
  // expected-error @below {{pairs need 4, 8 or 16 lanes, got 2}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 2, rows = 8, pairs = true>
} {
  return
}

// -----

// Tiles of AMX are of pairs, with 16 rows in lanes.
func.func @schedule_amx() attributes {
  // expected-error @below {{amx needs pairs of bf16 and rows in 16 lanes, got 8 lanes, no pairs}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 8, rows = 8, amx = true>
} {
  return
}

// -----

func.func @schedule_amx_columns() attributes {
  // expected-error @below {{amx needs pairs of bf16 and rows in 16 lanes, got 16 lanes, columns}}
  s = #mask.cpu_schedule<query_tile = 4, key_tile = 64, lanes = 16, rows = 8, pairs = true, amx = true, columns = true>
} {
  return
}

// -----

func.func @schedule_amx_keys() attributes {
  // expected-error @below {{amx multiplies 32 keys at a time: key_tile must be a multiple of it, got 48}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 48, lanes = 16, rows = 8, pairs = true, amx = true>
} {
  return
}

// -----

func.func @schedule_flag() attributes {
  // expected-error @below {{expected 'pairs', 'amx' or 'columns', got 'tiles'}}
  s = #mask.cpu_schedule<query_tile = 64, key_tile = 64, lanes = 16, rows = 8, tiles = true>
} {
  return
}

// -----

// Rows of a tile whose columns lie in lanes share vectors.
func.func @schedule_columns() attributes {
  // expected-error @below {{columns in lanes need a power of two of lanes, and no more rows, got 16 lanes and 3 queries of 8 heads}}
  s = #mask.cpu_schedule<query_tile = 3, key_tile = 64, heads = 8, lanes = 16, rows = 8, columns = true>
} {
  return
}

// -----

func.func @schedule_parts() attributes {
  // expected-error @below {{there are at most 4096 parts, got 100000}}
  s = #mask.cpu_schedule<query_tile = 1, key_tile = 64, parts = 100000, lanes = 16, rows = 8>
} {
  return
}

// -----

func.func @schedule_columns_keys() attributes {
  // expected-error @below {{with columns in lanes 4 keys share a vector of scores: key_tile must be a multiple of it, got 10}}
  s = #mask.cpu_schedule<query_tile = 1, key_tile = 10, heads = 3, lanes = 16, rows = 2, columns = true>
} {
  return
}

// -----

// A schedule's sizes are positive, on a GPU too.
func.func @gpu_schedule_sizes() attributes {
  // expected-error @below {{query_tile, heads and parts must be at least 1, got 0, 1 and 1}}
  s = #mask.gpu_schedule<portable, query_tile = 0, key_tile = 32, threads = 128, depth = 32, value_columns = 64>
} {
  return
}

// -----

// Fragments have 16 columns.
func.func @gpu_schedule_fragments() attributes {
  // expected-error @below {{key_tile and value_columns must be positive multiples of 16, got 24 and 64}}
  s = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 24, warp_rows = 16, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_tile() attributes {
  // expected-error @below {{a tile has at most 4096 rows, and as many keys, got 4096 queries of 2 heads, and 64 keys}}
  s = #mask.gpu_schedule<portable, query_tile = 4096, key_tile = 64, heads = 2, threads = 128, depth = 32, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_warp_rows() attributes {
  // expected-error @below {{a warp has 16 or 32 rows, got 8}}
  s = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 8, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_warps() attributes {
  // expected-error @below {{a workgroup has at most 32 warps, got 1024 rows, of 16 per warp}}
  s = #mask.gpu_schedule<tensor_core, query_tile = 1024, key_tile = 64, warp_rows = 16, value_columns = 64>
} {
  return
}

// -----

// Warps follow from rows.
func.func @gpu_schedule_threads_of_tensor_cores() attributes {
  // expected-error @below {{threads and depth are no choice on tensor cores, got 128 and 0}}
  s = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 16, threads = 128, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_warps_of_portable_code() attributes {
  // expected-error @below {{warp_rows is a choice on tensor cores only, got 16}}
  s = #mask.gpu_schedule<portable, query_tile = 32, key_tile = 32, warp_rows = 16, threads = 128, depth = 32, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_threads() attributes {
  // expected-error @below {{threads must be a multiple of 16, and at most 1024, got 2048}}
  s = #mask.gpu_schedule<portable, query_tile = 32, key_tile = 32, threads = 2048, depth = 32, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_depth() attributes {
  // expected-error @below {{depth must be at least 1, got 0}}
  s = #mask.gpu_schedule<portable, query_tile = 32, key_tile = 32, threads = 128, value_columns = 64>
} {
  return
}

// -----

func.func @gpu_schedule_order() attributes {
  // expected-error @+2 {{expected one of [late_first, early_first] for which tiles of queries the first workgroups compute, got: any}}
  // expected-error @+1 {{failed to parse Mask_GPUScheduleAttr parameter 'order'}}
  s = #mask.gpu_schedule<tensor_core, query_tile = 64, key_tile = 64, warp_rows = 16, value_columns = 64, order = any>
} {
  return
}

// -----

// mask.tile_for C1
func.func @tile_for_c1(%b: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.tile_for' op takes 4 bounds per interval, got 3}}
  %r = mask.tile_for [%b, %b, %b] step 64 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %m: vector<16xf32>):
    mask.yield %s : vector<16xf32>
  } -> vector<16xf32>
  return
}

// -----

// mask.tile_for C1
func.func @tile_for_c1_none() {
  // expected-error @below {{'mask.tile_for' op takes 4 bounds per interval, got 0}}
  mask.tile_for step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C1
func.func @tile_for_c1_memory(%m: memref<?x3xindex>) {
  // expected-error @below {{'mask.tile_for' op takes 4 bounds per interval, got 3 columns}}
  mask.tile_for in %m : memref<?x3xindex> step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C1
func.func @tile_for_c1_both(%b: index, %m: memref<?x4xindex>) {
  // expected-error @below {{'mask.tile_for' op takes bounds as operands or in memory, got 4 operands and 'memref<?x4xindex>'}}
  mask.tile_for [%b, %b, %b, %b] in %m : memref<?x4xindex> step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2(%b: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.tile_for' op step must lie between 1 and 1073741824, got 0}}
  %r = mask.tile_for [%b, %b, %b, %b] step 0 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %m: vector<16xf32>):
    mask.yield %s : vector<16xf32>
  } -> vector<16xf32>
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2_large(%b: index) {
  // expected-error @below {{'mask.tile_for' op step must lie between 1 and 1073741824, got 1073741825}}
  mask.tile_for [%b, %b, %b, %b] step 1073741825 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2_both(%b: index) {
  // expected-error @below {{'mask.tile_for' op takes a step, as a number or as a value}}
  mask.tile_for [%b, %b, %b, %b] step %b {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } {static_step = 8 : i64}
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2_align_0(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'align' must be at least 1, got 0}}
  mask.tile_for [%b, %b, %b, %b] step %b whole %b align 0 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2_align(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'align' must be a divisor of the step 64, got 48}}
  mask.tile_for [%b, %b, %b, %b] step 64 whole %b align 48 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C2
func.func @tile_for_c2_whole(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'align' needs 'whole' tiles}}
  mask.tile_for [%b, %b, %b, %b] step 64 align 16 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  }
  return
}

// -----

// mask.tile_for C3
func.func @tile_for_c3_arguments(%b: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.tile_for' op region must take ('index', 'index', 'index', 'i1', 'i1', 'vector<16xf32>'), got ('index', 'vector<16xf32>')}}
  %r = mask.tile_for [%b, %b, %b, %b] step 64 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %m: vector<16xf32>):
    mask.yield %s : vector<16xf32>
  } -> vector<16xf32>
  return
}

// -----

// mask.tile_for C3
func.func @tile_for_c3_ahead(%b: index) {
  // expected-error @below {{'mask.tile_for' op region must take ('index', 'index', 'index', 'i1', 'i1', 'i1', 'index', 'index'), got ('index', 'index', 'index', 'i1', 'i1')}}
  mask.tile_for [%b, %b, %b, %b] step 64 ahead 1 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } load {
  ^bb0(%k: index, %s: index, %o: index):
  }
  return
}

// -----

// mask.tile_for C3
func.func @tile_for_c3_yield(%b: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.tile_for' op region must yield ('vector<16xf32>'), got ()}}
  %r = mask.tile_for [%b, %b, %b, %b] step 64 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %m: vector<16xf32>):
    mask.yield
  } -> vector<16xf32>
  return
}

// -----

// mask.tile_for C3
func.func @tile_for_c3_results(%b: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.tile_for' op results must have the types of the initial values ('vector<16xf32>'), got ('vector<8xf32>')}}
  %r = mask.tile_for [%b, %b, %b, %b] step 64 init(%s : vector<16xf32>) {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %m: vector<16xf32>):
    mask.yield %s : vector<16xf32>
  } -> vector<8xf32>
  return
}

// -----

// mask.tile_for C4
func.func @tile_for_c4(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'visit' region must yield ('i1'), got ()}}
  mask.tile_for [%b, %b, %b, %b] step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } visit {
  ^bb0(%k: index, %s: index):
  }
  return
}

// -----

// mask.tile_for C4
func.func @tile_for_c4_arguments(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'visit' region must take ('index', 'index'), got ('index')}}
  mask.tile_for [%b, %b, %b, %b] step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } visit {
  ^bb0(%k: index):
    %true = arith.constant true
    mask.yield %true : i1
  }
  return
}

// -----

// mask.tile_for C5
func.func @tile_for_c5(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'ahead' and a 'load' region need each other, got the region only}}
  mask.tile_for [%b, %b, %b, %b] step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } load {
  ^bb0(%k: index, %s: index, %n: index):
  }
  return
}

// -----

// mask.tile_for C5
func.func @tile_for_c5_first(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'first' says when a 'load' region runs}}
  mask.tile_for [%b, %b, %b, %b] step 64 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1):
  } {load_first}
  return
}

// -----

// mask.tile_for C5
func.func @tile_for_c5_none(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'ahead' must be at least 1, got 0}}
  mask.tile_for [%b, %b, %b, %b] step 64 ahead 0 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %k1: index, %s1: index):
  } load {
  ^bb0(%k: index, %s: index, %n: index):
  }
  return
}

// -----

// mask.tile_for C5
func.func @tile_for_c5_arguments(%b: index) {
  // expected-error @below {{'mask.tile_for' op 'load' region must take ('index', 'index', 'index'), got ('index')}}
  mask.tile_for [%b, %b, %b, %b] step 64 ahead 1 {
  ^bb0(%k0: index, %size: index, %n: index, %lower: i1, %upper: i1, %more: i1, %k1: index, %s1: index):
  } load {
  ^bb0(%k: index):
  }
  return
}

// -----

// mask.apply C1
func.func @apply_c1(%i: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.apply' op 'over' must map 1 dimensions and 0 symbols to 3 coordinates, got 2, 0 and 3}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q, k) -> (0, q, k)> : vector<16xf32>
  return
}

// -----

// mask.apply C1
func.func @apply_c1_symbols(%i: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.apply' op 'over' must map 1 dimensions and 2 symbols to 3 coordinates, got 1, 1 and 3}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q)[s] -> (0, q, s)> [%i, %i] : vector<16xf32>
  return
}

// -----

// mask.apply C1
func.func @apply_c1_coordinates(%i: index, %s: vector<16xf32>) {
  // expected-error @below {{'mask.apply' op 'over' must map 1 dimensions and 0 symbols to 3 coordinates, got 1, 0 and 2}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q) -> (q, 0)> : vector<16xf32>
  return
}

// -----

// mask.apply C2
func.func @apply_c2(%i: index, %s: vector<16xf32>, %n: vector<8xi32>) {
  // expected-error @below {{'mask.apply' op ends must have one element per row, 'vector<16xi32>', got 'vector<8xi32>'}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q) -> (0, q, 0)> lower(%n : vector<8xi32>) : vector<16xf32>
  return
}

// -----

// mask.apply C2
func.func @apply_c2_one(%i: index, %s: vector<16xf32>, %n: vector<16xi32>) {
  // expected-error @below {{'mask.apply' op ends must have one element per row, 'i32', got 'vector<16xi32>'}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(k) -> (0, 0, k)> upper(%n : vector<16xi32>) : vector<16xf32>
  return
}

// -----

// mask.apply C3
func.func @apply_c3(%i: index, %s: vector<16xf32>, %t: tensor<?xi1>) {
  // expected-error @below {{'mask.apply' op 'predicate' region must take ('tensor<?xi1>'), got ('tensor<?xi8>')}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q) -> (0, q, 0)> captures(%t : tensor<?xi1>) predicate {
  ^bb0(%v: tensor<?xi8>):
    %p = mask.causal
    mask.yield %p : !mask.predicate
  } : vector<16xf32>
  return
}

// -----

// mask.apply C3
func.func @apply_c3_captures(%i: index, %s: vector<16xf32>, %t: tensor<?xi1>) {
  // expected-error @below {{'mask.apply' op has 1 captures, but no predicate region}}
  %r = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q) -> (0, q, 0)> captures(%t : tensor<?xi1>) : vector<16xf32>
  return
}

// -----

// mask.merge C1
func.func @merge_c1(%m: vector<16xf32>, %a: vector<64x16xf32>) {
  // expected-error @below {{'mask.merge' op 'rows' must map 2 dimensions to one of them, got affine_map<(d0, d1) -> (d0 + d1)>}}
  %0, %1, %2 = mask.merge (%m, %m, %a), (%m, %m, %a) rows affine_map<(d, r) -> (d + r)> : vector<16xf32>, vector<64x16xf32>
  return
}

// -----

// mask.merge C2
func.func @merge_c2(%m: vector<16xf32>, %a: vector<16x64xf32>) {
  // expected-error @below {{'mask.merge' op dimension 1 of the accumulators must be 16, got 'vector<16x64xf32>'}}
  %0, %1, %2 = mask.merge (%m, %m, %a), (%m, %m, %a) : vector<16xf32>, vector<16x64xf32>
  return
}

// -----

// mask.generic C3
func.func @generic_c3_count(%t: tensor<?xi32>) {
  // expected-error @below {{'mask.generic' op has 0 tables for 1 captures}}
  %p = "mask.generic"(%t) <{operandSegmentSizes = array<i32: 1, 0>, tabled = array<i64: 0>}> ({
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
    %true = arith.constant true
    mask.yield %true : i1
  }) : (tensor<?xi32>) -> !mask.predicate
  return
}

// -----

// mask.generic C3
func.func @generic_c3_order(%t: tensor<?xi32>, %r: tensor<?x4xi32>) {
  // expected-error @below {{'mask.generic' op tabled captures must rise and be less than 1, got 1}}
  %p = mask.generic captures(%t : tensor<?xi32>) tables(%r : tensor<?x4xi32>) of [1] {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: tensor<?xi32>):
    %true = arith.constant true
    mask.yield %true : i1
  }
  return
}

// -----

// mask.generic C3
func.func @generic_c3_capture(%n: index, %r: tensor<?x4xi32>) {
  // expected-error @below {{'mask.generic' op capture 0 of type 'index' cannot have a table}}
  %p = mask.generic captures(%n : index) tables(%r : tensor<?x4xi32>) of [0] {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: index):
    %true = arith.constant true
    mask.yield %true : i1
  }
  return
}

// -----

// mask.generic C4
func.func @generic_c4_write(%t: memref<?xi32>) {
  // expected-error @below {{'mask.generic' op may only compute and read in its region, but 'memref.store' writes memory}}
  %p = mask.generic captures(%t : memref<?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %x: memref<?xi32>):
    %true = arith.constant true
    %c1 = arith.constant 1 : i32
    scf.if %true {
      // expected-note @below {{here}}
      memref.store %c1, %x[%k] : memref<?xi32>
    }
    mask.yield %true : i1
  }
  return
}

// -----

// mask.generic C4
func.func private @visible(index) -> i1
func.func @generic_c4_call() {
  // expected-error @below {{'mask.generic' op may only compute and read in its region, but 'func.call' has effects that are not known}}
  %p = mask.generic {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    // expected-note @below {{here}}
    %v = func.call @visible(%k) : (index) -> i1
    mask.yield %v : i1
  }
  return
}

// -----

// mask.generic C4
func.func @generic_c4_allocate() {
  // expected-error @below {{'mask.generic' op may only compute and read in its region, but 'memref.alloc' allocates memory}}
  %p = mask.generic {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    // expected-note @below {{here}}
    %m = memref.alloc() : memref<4xi1>
    %v = memref.load %m[%k] : memref<4xi1>
    mask.yield %v : i1
  }
  return
}

// -----

// mask.interval C3
func.func @interval_c3_zero() {
  // expected-error @below {{'mask.interval' op 'lower' divides by 0, divisors must be at least 1}}
  %p = mask.interval lower affine_map<(q) -> (q floordiv 0)> upper affine_map<(q) -> (q)>
  return
}

// -----

// mask.interval C3
func.func @interval_c3_negative() {
  // expected-error @below {{'mask.interval' op 'upper' divides by -2, divisors must be at least 1}}
  %p = mask.interval lower affine_map<(q) -> (q)> upper affine_map<(q) -> (q + (q floordiv -2) * 3)>
  return
}

// -----

// mask.at_positions C2
func.func @at_positions_c2(%p: !mask.predicate, %t: tensor<?xi32>, %r: tensor<?x?x4xi32>) {
  // expected-error @below {{'mask.at_positions' op table must have rank 2, got 3}}
  %0 = mask.at_positions %p query %t key %t range %r : tensor<?xi32>, tensor<?xi32> range tensor<?x?x4xi32>
  return
}

// -----

// mask.at_positions C2
func.func @at_positions_c2_columns(%p: !mask.predicate, %t: tensor<?xi32>, %r: tensor<?x2xi32>) {
  // expected-error @below {{'mask.at_positions' op size 1 of the table must be 4, got 2}}
  %0 = mask.at_positions %p query %t key %t range %r : tensor<?xi32>, tensor<?xi32> range tensor<?x2xi32>
  return
}

// -----

// mask.range_table C1
func.func @range_table_c1(%t: tensor<?xi32>) {
  // expected-error @below {{'mask.range_table' op size 1 of the result must be 4, got 2}}
  %0 = mask.range_table %t : tensor<?xi32> -> tensor<?x2xi32>
  return
}

// -----

// mask.range_table C2
func.func @range_table_c2(%t: tensor<?xi64>) {
  // expected-error @below {{'mask.range_table' op result 'tensor<?x4xi32>' cannot hold the values of 'tensor<?xi64>'}}
  %0 = mask.range_table %t : tensor<?xi64> -> tensor<?x4xi32>
  return
}

// -----

// Softmax states are floats.
func.func @merge_types(%m: vector<16xindex>) {
  // expected-error @below {{'mask.merge' op operand #0 must be vector of floating-point values of ranks 1, but got 'vector<16xindex>'}}
  %0, %1, %2 = mask.merge (%m, %m, %m), (%m, %m, %m) : vector<16xindex>, vector<16xindex>
  return
}

// -----

// So are scores.
func.func @apply_types(%i: index, %s: vector<16xi32>) {
  // expected-error @below {{'mask.apply' op operand #0 must be vector of floating-point values, but got 'vector<16xi32>'}}
  %0 = mask.apply %s at(%i, %i, %i, %i) over affine_map<(q) -> (0, q, 0)> : vector<16xi32>
  return
}

// -----

// An id is -1 where there is none.
func.func @drop_long_types(%t: tensor<?xi1>, %w: index) {
  // expected-error @below {{'mask.drop_long' op operand #0 must be per-token ids (i8 to i64 tensor) of shape [seq] or [batch, seq], but got 'tensor<?xi1>'}}
  %0 = mask.drop_long %t longer_than %w : tensor<?xi1>
  return
}

// -----

// The types of ids say what is missing or too many.
func.func @document_one_type(%ids: tensor<?x?xi32>) {
  // expected-error @below {{'mask.document' the type of the key ids is missing: query and key ids take two types, got 'tensor<?x?xi32>' alone}}
  %p = mask.document %ids, %ids : tensor<?x?xi32>
  return
}

// -----

func.func @block_two_types(%ids: tensor<?xi32>) {
  // expected-error @below {{'mask.block_bidirectional' the ids take one type, as there are no key ids}}
  %p = mask.block_bidirectional %ids : tensor<?xi32>, tensor<?xi32>
  return
}

// -----

func.func @document_table_type(%ids: tensor<?xi32>, %table: tensor<?x4xi32>) {
  // expected-error @below {{'mask.document' the type of the table is missing: 'table' and a type}}
  %p = mask.document %ids table %table : tensor<?xi32>
  return
}

// -----

func.func @document_no_table(%ids: tensor<?xi32>) {
  // expected-error @below {{'mask.document' a type of a table, but there is no table}}
  %p = mask.document %ids : tensor<?xi32> table tensor<?x4xi32>
  return
}
