#include <ebb/data/audio.hpp>
#include <ebb/data/byte_reader.hpp>
#include <ebb/ops/counted.hpp>

#ifndef EBB_WITH_SNDFILE

namespace ebb {

bool can_read_wav() { return false; }

Audio read_wav(const std::string& path, DType) {
  const detail::ByteReader file(path, detail::Content::bytes);
  file.reject(
      "cannot be read: Ebb was built without libsndfile. Install it (Debian: libsndfile1-dev), then configure Ebb "
      "again (cmake build/release) and rebuild");
}

}  // namespace ebb

#else

#include <fmt/format.h>
#include <sndfile.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstring>
#include <memory>

namespace ebb {

namespace {

/// Bytes per sample in the file; 0 for compressed encodings other than A-law and mu-law.
int sample_bytes(int format) {
  switch (format & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_U8:
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW: return 1;
    case SF_FORMAT_PCM_16: return 2;
    case SF_FORMAT_PCM_24: return 3;
    case SF_FORMAT_PCM_32:
    case SF_FORMAT_FLOAT: return 4;
    case SF_FORMAT_DOUBLE: return 8;
    default: return 0;
  }
}

bool is_wav(int format) {
  const int type = format & SF_FORMAT_TYPEMASK;
  return type == SF_FORMAT_WAV || type == SF_FORMAT_WAVEX || type == SF_FORMAT_RF64;
}

std::string printable(const unsigned char* name) {
  std::string s;
  for (int k = 0; k < 4; ++k) s += name[k] >= ' ' && name[k] < 0x7f ? static_cast<char>(name[k]) : '?';
  return s;
}

std::uint64_t little_endian(const unsigned char* b, int bytes) {
  std::uint64_t n = 0;
  for (int k = bytes; k-- > 0;) n = n << 8 | b[k];
  return n;
}

/// Lengths written by programs that write to a pipe and do not know the length: the samples extend to the file's end.
bool is_unknown(std::uint64_t length) { return length == 0xffffffff || length == 0x7fffffff || length == 0x7ffff000; }

/// Bytes of samples in a wav file, by its data chunk. The total length in the header is ignored, since it is wrong in
/// many complete files.
///
/// Errors    FileError if it is not a wav file, has no samples, or fewer than the chunk declares (libsndfile would read
///           such a file without an error)
std::uint64_t wav_data(detail::ByteReader& file) {
  unsigned char b[16] = {};
  const bool whole = file.read(b, 12) == 12, large = std::memcmp(b, "RF64", 4) == 0;
  if (!whole || (!large && std::memcmp(b, "RIFF", 4) != 0) || std::memcmp(b + 8, "WAVE", 4) != 0)
    file.reject("is not a wav file: it does not begin with RIFF, a length and WAVE");
  const std::uint64_t end = file.length();
  std::uint64_t long_length = 0;
  while (file.read(b, 8) == 8) {
    const std::uint64_t length = little_endian(b + 4, 4), there = end - std::min(end, file.at());
    if (std::memcmp(b, "data", 4) == 0) {
      const std::uint64_t says = large && length == 0xffffffff && long_length > 0 ? long_length : length;
      if (says <= there) return says;
      if (is_unknown(says)) return there;
      file.reject(
          fmt::format("is truncated: its data chunk declares {} but has {}", detail::counted(says, "byte"), there));
    }
    if (length > there)
      file.reject(fmt::format("is truncated: its chunk '{}' declares {} but has {}", printable(b),
                              detail::counted(length, "byte"), there));
    const std::uint64_t next = file.at() + length + length % 2;  // chunks are aligned to even bytes
    if (large && std::memcmp(b, "ds64", 4) == 0 && length >= 16 && file.read(b, 16) == 16)
      long_length = little_endian(b + 8, 8);
    file.seek(next);
  }
  file.reject("is truncated: it has no data chunk");
}

}  // namespace

bool can_read_wav() { return true; }

Audio read_wav(const std::string& path, DType dtype) {
  detail::ByteReader file(path, detail::Content::bytes);
  const std::uint64_t length = wav_data(file);
  SF_INFO about{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open(path.c_str(), SFM_READ, &about), &sf_close);
  if (!sound) file.reject(fmt::format("cannot be read: {}", sf_strerror(nullptr)));
  const int bytes = sample_bytes(about.format);
  if (!is_wav(about.format) || bytes == 0)
    file.reject(fmt::format("has an unsupported encoding ({:#x})", about.format));
  if (about.frames == 0) file.reject("has no samples");
  if (about.frames < 1 || about.frames > INT_MAX || about.channels < 1 || about.samplerate < 1)
    file.reject(fmt::format("has {} of {} at a rate of {}", detail::counted(about.frames, "sample"),
                            detail::counted(about.channels, "channel"), about.samplerate));
  if (const std::uint64_t whole = length / static_cast<unsigned>(bytes * about.channels);
      static_cast<std::uint64_t>(about.frames) != whole)
    file.reject(fmt::format("{} of {} can be read, but its data chunk has {}", detail::counted(about.frames, "sample"),
                            detail::counted(about.channels, "channel"), whole));

  Audio a{Array::empty({static_cast<int>(about.frames), about.channels}, dtype), about.samplerate};
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = a.samples.data<T>();
    sf_count_t n = 0;
    if constexpr (sizeof(T) == sizeof(float)) n = sf_readf_float(sound.get(), to, about.frames);
    else n = sf_readf_double(sound.get(), to, about.frames);
    if (n != about.frames) file.reject(fmt::format("is truncated: it ends after {} of {} samples", n, about.frames));
    for (std::int64_t i = 0; i < a.samples.size(); ++i)
      if (!std::isfinite(to[i])) file.reject(fmt::format("sample {} is not a finite number", i / about.channels));
  });
  return a;
}

}  // namespace ebb

#endif
