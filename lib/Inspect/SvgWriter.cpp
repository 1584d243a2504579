//===- SvgWriter.cpp - pictures of masks ------------------------*- C++ -*-===//
//
// Part of the mask-mlir project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SvgPanel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <optional>

using namespace mlir::mask;
using namespace mlir::mask::svg;

static constexpr double kStrip = 12, kGap = 4, kTick = 4;
/// The token strip lies between a map and the ticks of its axis.
static constexpr double kAxis = kStrip + kGap;
static constexpr double kLeft = 80, kRight = 28, kTop = 96, kBottom = 20;
static constexpr double kTitle = 54, kLegendLine = 20, kLegendTop = 22;
/// A grid of more lines would be grey.
static constexpr int64_t kMostLines = 72;
static constexpr size_t kMostSegments = 400;

/// Colours differ in lightness too, for colour-blind readers and grey printers.
static constexpr const char *kStyle = R"(<style>
text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;fill:#1f2933}
.title{font-size:19px;font-weight:bold}.subtitle,.legend{font-size:12px;fill:#52606d}
.panel{font-size:15px;font-weight:bold}.counts{font-size:11px;fill:#52606d}
.tick{font-size:10px;fill:#52606d}.axis{font-size:11px}.token{font-size:9px}
.paper{fill:#fff}.never{fill:#eef1f4}.core{fill:#2f6690}.edge{fill:#f2b55f}
.both{fill:#c5ced8}.first{fill:#f0a030}.second{fill:#2166ac}.mixed{fill:#a06aa8}
.grid{stroke:#fff;stroke-width:.6;stroke-opacity:.75;fill:none}
.frame,.ticks{stroke:#9aa5b1;stroke-width:1;fill:none}
.outline{stroke:#102a43;stroke-width:1.1;stroke-linejoin:round;fill:none}
.text{fill:#d9dee4}.image{fill:#7cb47c}.image.next{fill:#4f9150}.video{fill:#b48ac0}.video.next{fill:#8f5ea0}
.audio{fill:#e0a078}.audio.next{fill:#c77d50}.padding{fill:#fff;stroke:#9aa5b1;stroke-width:.5}
.block{fill:#7cb47c}.block.next{fill:#4f9150}
</style>
)";

static std::string escapeXml(llvm::StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (static_cast<unsigned char>(c) < 0x20)
      result += ' ';
    else
      result += c;
  }
  return result;
}

static void writeText(llvm::raw_ostream &os, double x, double y,
                      llvm::StringRef style, llvm::StringRef text,
                      llvm::StringRef attributes = "") {
  os << "<text x=\"" << formatNumber(x) << "\" y=\"" << formatNumber(y)
     << "\" class=\"" << style << "\"" << attributes << ">" << escapeXml(text)
     << "</text>\n";
}

/// About the width of a text in the widest of the usual fonts.
static double getTextWidth(llvm::StringRef text, double fontSize) {
  double width = 0;
  for (char c : text) {
    if (llvm::StringRef("ijlI.,:;'|! ()").contains(c))
      width += 0.38;
    else if (llvm::StringRef("mwMW%").contains(c))
      width += 0.95;
    else
      width += llvm::isUpper(c) ? 0.7 : 0.62;
  }
  return width * fontSize;
}

static constexpr const char *kMiddle = " text-anchor=\"middle\"";
static constexpr const char *kEnd = " text-anchor=\"end\"";

static void writePath(llvm::raw_ostream &os, llvm::StringRef style,
                      llvm::StringRef data) {
  if (!data.empty())
    os << "<path class=\"" << style << "\" d=\"" << data << "\"/>\n";
}

static void writeRect(llvm::raw_ostream &os, double x, double y, double width,
                      double height, llvm::StringRef style) {
  os << "<rect x=\"" << formatNumber(x) << "\" y=\"" << formatNumber(y)
     << "\" width=\"" << formatNumber(width) << "\" height=\""
     << formatNumber(height) << "\" class=\"" << style << "\"/>\n";
}

//===----------------------------------------------------------------------===//
// Maps
//===----------------------------------------------------------------------===//

/// A power of two as the distance between the labels of an axis of `extent`
/// elements.
static int64_t getTickStep(int64_t extent, int64_t labels) {
  int64_t step = 1;
  while (extent / step > std::max<int64_t>(labels, 1))
    step *= 2;
  return step;
}

/// The room between a map and the left end of the labels of its queries.
static double getTickRoom(const Panel &panel) {
  std::string last = std::to_string(panel.queryOffset + panel.queries);
  return kAxis + kTick + 3 + getTextWidth(last, 10);
}

/// Where the name of that axis stands, which is turned.
static double getAxisRoom(const Panel &panel) {
  return std::max(kLeft - 22, getTickRoom(panel) + 8);
}

/// Labels at the beginnings of elements, in absolute positions.
static void writeAxes(llvm::raw_ostream &os, const Panel &panel) {
  std::string ticks;
  int64_t step = getTickStep(panel.keys, panel.width / 60);
  for (int64_t key = 0; key < panel.keys; key += step) {
    double x = panel.getX(key);
    ticks += "M" + formatNumber(x) + " " + formatNumber(-kAxis) + "v" +
             formatNumber(-kTick);
    writeText(os, x, -kAxis - kTick - 3, "tick",
              std::to_string(key + panel.keyOffset), kMiddle);
  }
  step = getTickStep(panel.queries, panel.height / 40);
  for (int64_t query = 0; query < panel.queries; query += step) {
    double y = panel.getY(query);
    ticks += "M" + formatNumber(-kAxis) + " " + formatNumber(y) + "h" +
             formatNumber(-kTick);
    writeText(os, -kAxis - kTick - 3, y + 3.5, "tick",
              std::to_string(query + panel.queryOffset), kEnd);
  }
  writePath(os, "ticks", ticks);
  writeText(os, panel.width / 2, -kAxis - kTick - 17, "axis", "key", kMiddle);
  // Turned around its own place.
  double x = -getAxisRoom(panel), y = panel.height / 2;
  writeText(os, x, y, "axis", "query",
            std::string(kMiddle) + " transform=\"rotate(-90 " +
                formatNumber(x) + " " + formatNumber(y) + ")\"");
}

/// The tokens along one axis, clipped to the elements that exist.
static void writeStrip(llvm::raw_ostream &os, const Panel &panel,
                       bool isKeyAxis) {
  int64_t offset = isKeyAxis ? panel.keyOffset : panel.queryOffset;
  int64_t extent = isKeyAxis ? panel.keys : panel.queries;
  bool next = false;
  std::optional<TokenKind> last;
  if (panel.tokens.size() > kMostSegments)
    return;
  for (const TokenSegment &segment : panel.tokens) {
    next = last == segment.kind && !next;
    last = segment.kind;
    int64_t begin = std::max<int64_t>(segment.begin - offset, 0);
    int64_t end = std::min(segment.end - offset, extent);
    if (begin >= end)
      continue;
    std::string style = getTokenName(segment.kind).str();
    if (next)
      style += " next";
    double from = isKeyAxis ? panel.getX(begin) : panel.getY(begin);
    double to = isKeyAxis ? panel.getX(end) : panel.getY(end);
    if (isKeyAxis)
      writeRect(os, from, -kAxis, to - from, kStrip, style);
    else
      writeRect(os, -kAxis, from, kStrip, to - from, style);
    std::string label = getTokenName(segment.kind).str() + " " +
                        std::to_string(segment.end - segment.begin);
    if (isKeyAxis && to - from > 5.5 * label.size())
      writeText(os, (from + to) / 2, -kGap - 3, "token", label, kMiddle);
  }
}

static void writeGrid(llvm::raw_ostream &os, const Panel &panel,
                      TileShape shape) {
  int64_t rows = llvm::divideCeil(panel.queries, shape.query);
  int64_t columns = llvm::divideCeil(panel.keys, shape.key);
  if (std::max(rows, columns) > kMostLines)
    return;
  std::string path;
  for (int64_t row = 1; row < rows; ++row)
    path += "M0 " + formatNumber(panel.getY(row * shape.query)) + "H" +
            formatNumber(panel.width);
  for (int64_t column = 1; column < columns; ++column)
    path += "M" + formatNumber(panel.getX(column * shape.key)) + " 0V" +
            formatNumber(panel.height);
  writePath(os, "grid", path);
}

static void writePanel(llvm::raw_ostream &os, const Panel &panel, double x,
                       double y, TileShape shape) {
  os << "<g transform=\"translate(" << formatNumber(x) << " " << formatNumber(y)
     << ")\">\n";
  writeText(os, -kAxis, -kTop + 22, "panel", panel.title);
  writeText(os, -kAxis, -kTop + 38, "counts", panel.counts);
  writeRect(os, 0, 0, panel.width, panel.height, "never");
  for (const auto &[style, path] : panel.paths)
    writePath(os, style, path);
  writeGrid(os, panel, shape);
  writePath(os, "outline", panel.outline);
  writeRect(os, 0, 0, panel.width, panel.height, "frame");
  writeStrip(os, panel, /*isKeyAxis=*/true);
  writeStrip(os, panel, /*isKeyAxis=*/false);
  writeAxes(os, panel);
  os << "</g>\n";
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

static double getLegendWidth(const LegendEntry &entry) {
  return 38 + getTextWidth(entry.text, 12);
}

/// Writes the legend into lines of at most `width`; returns their height.
/// Without a stream it only measures.
static double writeLegend(llvm::raw_ostream *os, const Picture &picture,
                          double left, double top, double width) {
  double x = left, y = top;
  for (const LegendEntry &entry : picture.legend) {
    if (x > left && x + getLegendWidth(entry) > width) {
      x = left;
      y += kLegendLine;
    }
    if (os && entry.style == "outline")
      writePath(*os, entry.style,
                "M" + formatNumber(x) + " " + formatNumber(y - 4) + "h14");
    else if (os)
      writeRect(*os, x, y - 10, 14, 12, entry.style);
    if (os)
      writeText(*os, x + 20, y, "legend", entry.text);
    x += getLegendWidth(entry);
  }
  y += kLegendLine;
  std::string note = "Tiles of " + std::to_string(picture.shape.query) + " x " +
                     std::to_string(picture.shape.key) + " elements";
  if (picture.hidden)
    note += "; " + std::to_string(picture.hidden) + " more maps are not drawn";
  if (os)
    writeText(*os, left, y, "legend", note);
  return y - top;
}

void svg::writePicture(llvm::raw_ostream &os, const Picture &picture) {
  llvm::ArrayRef<Panel> panels = picture.panels;
  size_t columns = panels.size() < 2 ? 1 : panels.size() == 3 ? 3 : 2;
  double left = kLeft, panelWidth = 300, panelHeight = 0;
  for (const Panel &panel : panels) {
    left = std::max(left, getAxisRoom(panel) + 22);
    panelWidth = std::max(
        {panelWidth, panel.width, getTextWidth(panel.counts, 11) - kAxis});
    panelHeight = std::max(panelHeight, panel.height);
  }
  double margin = left - kAxis;
  panelWidth += left + kRight;
  panelHeight += kTop + kBottom;
  size_t rows = llvm::divideCeil(panels.size(), columns);
  double width = std::max(columns * panelWidth,
                          margin + getTextWidth(picture.title, 21) + kRight);
  double legendTop = kTitle + rows * panelHeight + kLegendTop;
  double height =
      legendTop + kLegendTop +
      writeLegend(nullptr, picture, margin, legendTop, width - kRight);
  os << R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 )"
     << formatNumber(width) << " " << formatNumber(height) << "\" width=\""
     << formatNumber(width) << "\" height=\"" << formatNumber(height)
     << "\" role=\"img\">\n<title>" << escapeXml(picture.title) << "</title>\n"
     << kStyle;
  writeRect(os, 0, 0, width, height, "paper");
  writeText(os, margin, 32, "title", picture.title);
  writeText(os, margin, 50, "subtitle", picture.subtitle);
  for (auto [i, panel] : llvm::enumerate(panels))
    writePanel(os, panel, (i % columns) * panelWidth + left,
               kTitle + (i / columns) * panelHeight + kTop, picture.shape);
  writeLegend(&os, picture, margin, legendTop, width - kRight);
  os << "</svg>\n";
}
