//===- MaskDialect.td - the mask dialect -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_DIALECT_TD
#define MASK_DIALECT_TD

include "mlir/IR/OpBase.td"

def Mask_Dialect : Dialect {
  let name = "mask";
  let cppNamespace = "::mlir::mask";
  let summary = "attention masks as symbolic predicates";
  let description = [{
    A mask is a predicate `M(b, h, q, k) -> bool` over batch row, query head,
    absolute query position and absolute key position. The dialect writes it as
    a composition of small ops, so that a compiler can simplify, compare, prove
    and specialise it, and turn it into loop bounds.

    The laws of the dialect, cited by number in the code:

    1. *Totality.* A predicate is defined for every integer `q` and `k`. A fact
       (a per-token table) that is read outside of its extent makes the leaf that
       reads it false.
    2. *Domain.* Only keys that exist count: an attention looks at the keys
       `[key_offset, key_offset + Skv)`.
    3. *Empty rows.* A row with no visible key yields zeros and a log-sum-exp of
       minus infinity, never NaN.
    4. *Absence.* An optional fact or parameter that is not given is
       `mask.absent`. It folds to the neutral element of the leaf that reads it;
       what is computed from it (ids, arithmetic on indices) is absent too.
    5. *Lazy reads.* A predicate reads its facts where it is consumed, not where
       it is built. `mask-close-predicates` makes those reads operands.

    A *parameter* of an op (`custom<Parameter>` in its syntax) is a number, an `index`
    value, one-dimensional data with one number per batch row or per head, or not
    given: `7`, `%n`, `%t per batch : tensor<?xi32>`, `unbounded`. The generic form
    has an attribute `static_NAME`, an operand `NAME` and an attribute `NAME_axis`
    for it. Of every parameter holds:

    * (P1) It is not given both as a constant and as a value.
    * (P2) One-dimensional data says whether it is per batch row or per head.
    * (P3) A single number has no axis.
    * (P4) A constant lies within ±2^40; what is read at run time is clamped to that.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
}

#endif // MASK_DIALECT_TD
