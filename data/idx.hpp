#pragma once
#include <ebb/ops/array.hpp>
#include <string>

namespace ebb {

struct IdxOptions {
  bool scaled = true;  ///< from 0 to 1; else 0 to 255, as the file has them
  DType dtype = f32;
};

/// Images of MNIST's format, plain or gzipped: 0, 0, 8 (bytes), the number of axes, each extent as four bytes
/// (big-endian), then one byte a pixel.
///
/// Shapes    as the file says, [N, rows, columns] for MNIST and its kin; rank 1 to 4
/// Errors    FileError: another element type, more axes than four, no entries, too few bytes or some left over
/// Cost      a byte a pixel beside the array
/// Source    LeCun et al. 1998, doi:10.1109/5.726791
Array read_idx_images(const std::string& path, const IdxOptions& = {});

/// Labels of the same format.
///
/// Shapes    [N]
/// Errors    also FileError if there is more than one axis
Tokens read_idx_labels(const std::string& path);

}  // namespace ebb
