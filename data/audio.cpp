#include <ebb/data/audio.hpp>
#include <ebb/data/byte_reader.hpp>

#ifndef EBB_WITH_SNDFILE

namespace ebb {

bool can_read_wav() { return false; }

Audio read_wav(const std::string& path, DType) {
  const detail::ByteReader file(path);
  file.refuse("cannot be read: this Ebb was built without libsndfile. Install it (Debian: libsndfile1-dev), then configure Ebb "
              "again (cmake build/release) and build it");
}

}  // namespace ebb

#else

#include <fmt/format.h>
#include <sndfile.h>

#include <climits>
#include <cmath>
#include <cstring>
#include <memory>

namespace ebb {

namespace {

/// Bytes a sample takes in the file; 0 for what is compressed by more than a table.
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

/// Errors    FileError unless the file begins as a wav file does and is as long as it says; libsndfile would read what is there
void check_begin(detail::ByteReader& file) {
  unsigned char b[12] = {};
  const bool whole = file.read(b, sizeof b) == sizeof b, riff = std::memcmp(b, "RIFF", 4) == 0 || std::memcmp(b, "RF64", 4) == 0;
  if (!whole || !riff || std::memcmp(b + 8, "WAVE", 4) != 0)
    file.refuse("is no wav file: it does not begin with RIFF, a length and WAVE");
  const std::uint64_t says = 8 + (b[4] | std::uint64_t{b[5]} << 8 | std::uint64_t{b[6]} << 16 | std::uint64_t{b[7]} << 24);
  const std::uint64_t unknown = 8 + std::uint64_t{0xffffffff};   // written by programs that did not know
  if (says != unknown && says > file.length()) file.refuse(fmt::format("is torn: it says {} bytes and has {}", says, file.length()));
}

}  // namespace

bool can_read_wav() { return true; }

Audio read_wav(const std::string& path, DType dtype) {
  detail::ByteReader file(path);
  check_begin(file);
  SF_INFO about{};
  const std::unique_ptr<SNDFILE, int (*)(SNDFILE*)> sound(sf_open(path.c_str(), SFM_READ, &about), &sf_close);
  if (!sound) file.refuse(fmt::format("cannot be read: {}", sf_strerror(nullptr)));
  const int bytes = sample_bytes(about.format);
  if (!is_wav(about.format) || bytes == 0) file.refuse(fmt::format("holds an encoding that is not read here ({:#x})", about.format));
  if (about.frames == 0) file.refuse("holds no samples");
  if (about.frames < 1 || about.frames > INT_MAX || about.channels < 1 || about.samplerate < 1)
    file.refuse(fmt::format("holds {} samples of {} channels at a rate of {}", about.frames, about.channels, about.samplerate));
  if (static_cast<std::uint64_t>(about.frames) > file.length() / static_cast<unsigned>(bytes * about.channels))
    file.refuse(fmt::format("is torn: it is too short for {} samples of {} channels", about.frames, about.channels));

  Audio a{Array::empty({static_cast<int>(about.frames), about.channels}, dtype), about.samplerate};
  with_dtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    T* to = a.samples.data<T>();
    sf_count_t n = 0;
    if constexpr (sizeof(T) == sizeof(float)) n = sf_readf_float(sound.get(), to, about.frames);
    else n = sf_readf_double(sound.get(), to, about.frames);
    if (n != about.frames) file.refuse(fmt::format("is torn: it ends after {} of {} samples", n, about.frames));
    for (std::int64_t i = 0; i < a.samples.size(); ++i)
      if (!std::isfinite(to[i])) file.refuse(fmt::format("sample {} is not a finite number", i / about.channels));
  });
  return a;
}

}  // namespace ebb

#endif
