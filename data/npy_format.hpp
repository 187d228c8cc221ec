#pragma once
#include <ebb/data/npy.hpp>
#include <functional>

/// What .npy and .npz share. Not part of the public face.
namespace ebb::detail {

/// Where the bytes of one array come from, wherever they stand.
struct NpySource {
  std::function<std::size_t(void* to, std::size_t n)> read;  ///< as many as there are, up to n
  std::function<void(const std::string& why)> reject;        ///< throws FileError
  std::uint64_t most = 0;                                    ///< no more than this many bytes can follow
};

NpyArray parse_npy(const NpySource&);

/// The dictionary at the begin of the file.
struct NpyHeader {
  std::string descr;  // "<f4"
  bool fortran_order = false;
  Shape shape;
};
NpyHeader parse_npy_header(const std::string& text, const NpySource&);

}  // namespace ebb::detail
