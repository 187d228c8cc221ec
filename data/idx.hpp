#pragma once
#include <ebb/ops/array.hpp>
#include <string>

namespace ebb {

struct IdxOptions {
  bool scaled = true;  ///< to [0, 1]; else 0 to 255, as in the file
  DType dtype = f32;
};

/// Images in MNIST's format, plain or gzipped: 0, 0, 8 (bytes), the number of axes, each extent as four bytes
/// (big-endian), then one byte per pixel.
///
/// Shapes    as in the file, [N, rows, columns] for MNIST and similar data; rank 1 to 4
/// Errors    FileError for another element type, more than four axes, no entries, too few or too many bytes
/// Cost      one byte per pixel in addition to the array
/// Source    LeCun et al. 1998, doi:10.1109/5.726791
Array read_idx_images(const std::string& path, const IdxOptions& = {});

/// Labels in the same format.
///
/// Shapes    [N]
/// Errors    also FileError if there is more than one axis
Tokens read_idx_labels(const std::string& path);

}  // namespace ebb
