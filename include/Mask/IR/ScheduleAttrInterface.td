//===- ScheduleAttrInterface.td - how an attention is cut -*- tablegen -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_SCHEDULE_ATTR_INTERFACE_TD
#define MASK_SCHEDULE_ATTR_INTERFACE_TD

include "mlir/IR/Interfaces.td"

def Mask_ScheduleAttrInterface : AttrInterface<"ScheduleAttrInterface"> {
  let cppNamespace = "::mlir::mask";
  let description = [{
    What the schedules of all targets say of an attention: how large the tiles are that
    its loops walk. The rest of a schedule (vectors, stages, warps) is its target's own,
    and the lowering for a target takes the schedules of that target only.
  }];
  let methods = [
    InterfaceMethod<"The most queries of a tile.", "int64_t", "getQueryTile">,
    InterfaceMethod<"The most keys of a tile.", "int64_t", "getKeyTile">,
    InterfaceMethod<[{
      The heads of a tile, all of one group: it has `getHeads() * getQueryTile()` rows.
      Divides the number of query heads per key head.
    }], "int64_t", "getHeads">
  ];
}

#endif // MASK_SCHEDULE_ATTR_INTERFACE_TD
