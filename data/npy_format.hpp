#pragma once
#include <ebb/data/npy.hpp>
#include <functional>

/// Shared by .npy and .npz. Internal.
namespace ebb::detail {

/// A source of the bytes of one array.
struct NpySource {
  std::function<std::size_t(void* to, std::size_t n)> read;  ///< reads up to n bytes, as many as there are
  std::function<void(const std::string& why)> reject;        ///< throws FileError
  std::uint64_t most = 0;                                    ///< upper bound of the bytes that follow
};

NpyArray parse_npy(const NpySource&);

/// The dictionary at the beginning of the file.
struct NpyHeader {
  std::string descr;  // "<f4"
  bool fortran_order = false;
  Shape shape;
};
NpyHeader parse_npy_header(const std::string& text, const NpySource&);

}  // namespace ebb::detail
