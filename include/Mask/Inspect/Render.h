//===- Render.h - masks and their differences as text, SVG, JSON -*- C++
//-*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef MASK_INSPECT_RENDER_H
#define MASK_INSPECT_RENDER_H

#include "Mask/Inspect/CompareMasks.h"

#include "mlir/Support/LLVM.h"

namespace mlir::mask {

/// What tokens are, to readers of a picture.
enum class TokenKind : uint8_t { Text, Image, Video, Audio, Padding, Block };

/// The name of a kind of tokens, and its letter in text maps (lower case).
llvm::StringRef getTokenName(TokenKind kind);
char getTokenLetter(TokenKind kind);

/// Tokens `[begin, end)` of a batch row, in absolute positions, that belong
/// together: a run of text, one image.
struct TokenSegment {
  int64_t begin, end;
  TokenKind kind;
};

/// What a picture of a mask says besides the mask.
struct RenderContext {
  /// The request in words, without its lengths: "window 1024".
  std::string facts;
  /// Per batch row, ascending; empty where nothing is known of the tokens.
  std::vector<std::vector<TokenSegment>> tokens;

  /// The tokens of a batch row, or none.
  llvm::ArrayRef<TokenSegment> getTokens(int64_t b) const {
    if (b < int64_t(tokens.size()))
      return tokens[b];
    return {};
  }
};

/// A header with counts, and a map of at most 100 columns per plane.
void renderText(llvm::raw_ostream &os, const MaskView &view, TileShape shape,
                const RenderContext &context);
/// The same of a comparison.
void renderText(llvm::raw_ostream &os, const MaskView &first,
                const MaskView &second, const MaskDifference &difference,
                TileShape shape, const RenderContext &context);

/// One image with a panel per view and plane.
void renderSvg(llvm::raw_ostream &os, llvm::ArrayRef<const MaskView *> views,
               TileShape shape, const RenderContext &context);

/// One pair of masks to compare.
struct ComparedMasks {
  const MaskView *first, *second;
  const MaskDifference *difference;
};
/// One image with a panel per pair and plane.
void renderSvg(llvm::raw_ostream &os, llvm::ArrayRef<ComparedMasks> compared,
               TileShape shape, const RenderContext &context);

/// `{LAYER_TYPE: {visible, visible_per_row, tiles, rows}, ...}`.
void renderJson(llvm::raw_ostream &os, llvm::ArrayRef<const MaskView *> views,
                TileShape shape);
/// `{LAYER_TYPE: {equal, rows, only_first, only_second, common}, ...}`.
void renderJson(llvm::raw_ostream &os, llvm::ArrayRef<ComparedMasks> compared);

/// The dense mask as a `.npy` file: `uint8 [batch, queries, keys]`, with a head
/// dimension after the batch where heads differ.
void renderNpy(llvm::raw_ostream &os, const MaskView &view);

/// `1,234,567`.
std::string formatCount(int64_t count);
/// Prints a line of at most 100 columns that begins with `label`, and as many
/// more below `text` as it takes.
void printWrapped(llvm::raw_ostream &os, llvm::StringRef label,
                  llvm::StringRef text);
/// `part` of `whole` in percent, one decimal: `12.3 %`.
std::string formatShare(int64_t part, int64_t whole);
/// `text 16, image 1120, text 4`; long lists are cut.
std::string describeTokens(llvm::ArrayRef<TokenSegment> tokens);

} // namespace mlir::mask

#endif // MASK_INSPECT_RENDER_H
