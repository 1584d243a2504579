// Regions whose arithmetic Python does its own way: division rounds towards
// zero, narrow integers wrap, nothing is read outside of a fact.
mask.policy @rounding("positions" %x : tensor<?x?xi32>) {
  %p = mask.generic captures(%x : tensor<?x?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %f: tensor<?x?xi32>):
    %c3 = arith.constant 3 : index
    %m3 = arith.constant -3 : index
    %c2 = arith.constant 2 : index
    %d = arith.subi %q, %k : index
    %e = arith.subi %d, %c2 : index
    %quotient = arith.divsi %d, %c3 : index
    %rest = arith.remsi %d, %m3 : index
    %floor = arith.floordivsi %d, %m3 : index
    %ceil = arith.ceildivsi %d, %c3 : index
    // Undefined where q = k + 2, so hidden.
    %by = arith.remsi %q, %e : index
    %least = arith.minsi %quotient, %rest : index
    %most = arith.maxsi %floor, %ceil : index
    %sum = arith.addi %least, %most : index
    %sign = arith.cmpi slt, %sum, %by : index
    %mod = arith.remui %k, %c3 : index
    %div = arith.divui %q, %c2 : index
    %near = arith.cmpi ule, %mod, %div : index
    %v = arith.andi %sign, %near : i1
    mask.yield %v : i1
  }
  mask.layer_type "*" = %p
}

mask.policy @outside("positions" %x : tensor<?x?xi32>) {
  %p = mask.generic captures(%x : tensor<?x?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %f: tensor<?x?xi32>):
    %c5 = arith.constant 5 : index
    // From five before the first token to as many behind the last.
    %back = arith.subi %k, %c5 : index
    %a = tensor.extract %f[%b, %back] : tensor<?x?xi32>
    %own = tensor.extract %f[%b, %q] : tensor<?x?xi32>
    %own_index = arith.index_cast %own : i32 to index
    %c = tensor.extract %f[%b, %own_index] : tensor<?x?xi32>
    %v = arith.cmpi ne, %a, %c : i32
    mask.yield %v : i1
  }
  mask.layer_type "*" = %p
}

mask.policy @narrow("positions" %x : tensor<?x?xi32>) {
  %p = mask.generic captures(%x : tensor<?x?xi32>) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %f: tensor<?x?xi32>):
    %c37 = arith.constant 37 : i8
    %m4 = arith.constant -4 : i8
    %q8 = arith.index_cast %q : index to i8
    %k32 = arith.index_cast %k : index to i32
    %k8 = arith.trunci %k32 : i32 to i8
    %a = arith.muli %q8, %c37 : i8
    %s = arith.addi %a, %k8 : i8
    %r = arith.remui %s, %m4 : i8
    %u = arith.divui %s, %c37 : i8
    %t = arith.divsi %s, %m4 : i8
    %low = arith.minui %r, %t : i8
    %high = arith.maxui %u, %a : i8
    %bigger = arith.cmpi ugt, %high, %low : i8
    %wide = arith.extui %low : i8 to i32
    %signed = arith.extsi %high : i8 to i32
    %odd = arith.trunci %wide : i32 to i1
    %flag = arith.extsi %odd : i1 to i32
    %one = arith.extui %bigger : i1 to i32
    %both = arith.addi %flag, %one : i32
    %zero = arith.constant 0 : i32
    %chosen = arith.select %odd, %wide, %signed : i32
    %x1 = arith.cmpi sgt, %chosen, %k32 : i32
    %x2 = arith.cmpi eq, %both, %zero : i32
    %e = arith.xori %x1, %x2 : i1
    %v = arith.select %bigger, %e, %x1 : i1
    mask.yield %v : i1
  }
  mask.layer_type "*" = %p
}

// Nothing depends on the element.
mask.policy @constant("window" %W : index) {
  %p = mask.generic captures(%W : index) {
  ^bb0(%b: index, %h: index, %q: index, %k: index, %w: index):
    %c3 = arith.constant 3 : index
    %v = arith.cmpi sgt, %w, %c3 : index
    mask.yield %v : i1
  }
  mask.layer_type "*" = %p
}

mask.policy @unsigned("positions" %x : tensor<?x?xi32>) {
  %p = mask.generic {
  ^bb0(%b: index, %h: index, %q: index, %k: index):
    %c3 = arith.constant 3 : index
    %d = arith.subi %q, %k : index
    %r = arith.remui %d, %c3 : index
    %v = arith.cmpi eq, %r, %c3 : index
    mask.yield %v : i1
  }
  mask.layer_type "*" = %p
}
