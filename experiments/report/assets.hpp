#pragma once

namespace ebb::app::assets {

// Files built into the program (cmake/EbbEmbed.cmake). Each ends in a zero byte that its size does not count.
// The labels name the symbols that the generated assembly defines.
#define EBB_ASSET(name)                             \
  extern const char name[] asm("ebb_asset_" #name); \
  extern const unsigned long name##_size asm("ebb_asset_" #name "_size")

EBB_ASSET(d3_js);
EBB_ASSET(drawing_js);
EBB_ASSET(heat_map_js);
EBB_ASSET(parallel_js);
EBB_ASSET(report_js);
EBB_ASSET(tables_js);
EBB_ASSET(report_css);
EBB_ASSET(jsb_chorales);
EBB_ASSET(tinyshakespeare);

#undef EBB_ASSET

}  // namespace ebb::app::assets
