//===- MaskParameter.td - parameters of ops ----------------*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_PARAMETER_TD
#define MASK_PARAMETER_TD

include "Mask/IR/MaskAttrs.td"
include "Mask/IR/MaskTypes.td"

/// One parameter of an op: `static_NAME` (a constant), `NAME` (run time), or
/// neither (unbounded or unused). `NAME_axis` says what a one-dimensional `NAME`
/// is indexed by. `accessors` is for `extraClassDeclaration`.
class Mask_Parameter<string name, string camel> {
  dag operands = !dag(ins, [Optional<Mask_ParameterType>], [name]);
  dag args = !dag(ins, [OptionalAttr<I64Attr>, OptionalAttr<Mask_ParameterAxisAttr>],
                  ["static_" # name, name # "_axis"]);
  code accessors = [{
    Parameter get}] # camel # [{Parameter() {
      return Parameter(getStatic}] # camel # [{Attr(), get}] # camel # [{(), get}] # camel # [{Axis());
    }
    void set}] # camel # [{Parameter(Parameter parameter) {
      setStatic}] # camel # [{Attr(parameter.getStaticAttr(getContext()));
      get}] # camel # [{Mutable().assign(parameter.getValue()
          ? ::mlir::ValueRange(parameter.getValue()) : ::mlir::ValueRange());
      set}] # camel # [{AxisAttr(parameter.getAxisAttr(getContext()));
    }
  }];
}

/// Builds a predicate from its only parameter, or from its two.
class Mask_BuildFromParameter<string name>
    : OpBuilder<!dag(ins, ["::mlir::mask::Parameter"], [name]), [{
        ::mlir::MLIRContext *context = $_builder.getContext();
        build($_builder, $_state, ::mlir::mask::PredicateType::get(context), }] # name # [{.getValue(),
              }] # name # [{.getStaticAttr(context), }] # name # [{.getAxisAttr(context));
      }]>;
class Mask_BuildFromParameters<string first, string second>
    : OpBuilder<!dag(ins, ["::mlir::mask::Parameter", "::mlir::mask::Parameter"], [first, second]), [{
        ::mlir::MLIRContext *context = $_builder.getContext();
        build($_builder, $_state, ::mlir::mask::PredicateType::get(context),
              }] # first # [{.getValue(), }] # second # [{.getValue(),
              }] # first # [{.getStaticAttr(context), }] # first # [{.getAxisAttr(context),
              }] # second # [{.getStaticAttr(context), }] # second # [{.getAxisAttr(context));
      }]>;

#endif // MASK_PARAMETER_TD
