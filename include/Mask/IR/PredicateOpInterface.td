//===- PredicateOpInterface.td - what is asked of every predicate -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PREDICATE_OP_INTERFACE_TD
#define MASK_PREDICATE_OP_INTERFACE_TD

include "mlir/IR/OpBase.td"

def Mask_PredicateOpInterface : OpInterface<"PredicateOpInterface"> {
  let cppNamespace = "::mlir::mask";
  let description = [{
    What a predicate op says of itself, so that nothing else lists the ops: its
    parameters and facts, its formula, its place in the normal form, and the rules by
    which it takes up a shift or implies another leaf. Every default is sound. What the
    op means in bounds, in the interpreter and in emitted code is a function of the op
    in those layers (`docs/AddingAPredicate.md`).
  }];
  let methods = [
    InterfaceMethod<[{
      Where the kind of op stands in the normal form: cheap and selective leaves first.
    }], "unsigned", "getRank">,
    InterfaceMethod<[{
      The condition under which a key is visible, as Python writes it, with `{q}`, `{k}`
      and the names of parameters in braces: `{k} < {length}`. Empty if it is not of
      that form.
    }], "::llvm::StringRef", "getFormula">,
    InterfaceMethod<"Its scalar parameters, in the order of its syntax.",
      "::llvm::SmallVector<::mlir::mask::PredicateParameter>", "getParameters", (ins), "",
      "return {};">,
    InterfaceMethod<[{
      The facts that it reads: ids, flags, positions, bounds of rows, stored masks,
      captures. Not its index tables, which are made of these. Of captures only what is
      read at the region's own indices has them.
    }], "::llvm::SmallVector<::mlir::mask::TableRead>", "getFactReads", (ins), "",
      "return {};">,
    InterfaceMethod<"Whether the query decides what it shows.", "bool", "readsQuery",
      (ins), "", "return $_op.getFormula().empty() || $_op.getFormula().contains(\"{q}\");">,
    InterfaceMethod<"Whether the key decides what it shows.", "bool", "readsKey",
      (ins), "", "return $_op.getFormula().empty() || $_op.getFormula().contains(\"{k}\");">,
    InterfaceMethod<[{
      Whether it shows different keys to different batch rows or heads, its inputs left
      aside.
    }], "bool", "dependsOn", (ins "::mlir::mask::ParameterAxis":$axis), "",
      "return ::mlir::mask::readsPer($_op, axis);">,
    InterfaceMethod<"Whether it shows `k == q` for every query.", "bool", "showsDiagonal",
      (ins), "", "return false;">,
    InterfaceMethod<[{
      The leaf that says by its own parameters what this one says at shifted
      coordinates, or null.
    }], "::mlir::Value", "getShifted",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::mask::StaticShift":$shift), "",
      "return {};">,
    InterfaceMethod<[{
      Whether `other` shows every key that this leaf shows, by a rule of this op. True
      is a theorem.
    }], "bool", "impliesLeaf",
      (ins "::mlir::Operation *":$other, "::mlir::mask::PredicateOrder &":$order), "",
      "return false;">,
  ];
  let verify = [{ return ::mlir::mask::verifyPredicateParameters($_op); }];
}

#endif // MASK_PREDICATE_OP_INTERFACE_TD
