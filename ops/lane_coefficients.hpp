#pragma once

// Made by lane_coefficients.py; edit that. Constant term first.
namespace ebb::lanes {

template <class T> struct Coefficients;

template <> struct Coefficients<float> {
  // (e^r - 1 - r) / r^2 on |r| <= ln2 / 2; error 2^-28.3
  static constexpr float exp[] = {0x1.fffffc0000000p-2f, 0x1.5554920000000p-3f, 0x1.5558f20000000p-5f,
                                  0x1.123a1a0000000p-7f, 0x1.6a24f40000000p-10f};
  // (2 atanh(s) / s - 2) / s^2 in s^2, s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)]; error 2^-30.2
  static constexpr float log[] = {0x1.55557a0000000p-1f, 0x1.995e880000000p-2f, 0x1.31e8200000000p-2f};
  // (sin(r) / r - 1) / r^2 in r^2 on |r| <= pi / 4; error 2^-28.0
  static constexpr float sin[] = {-0x1.5555460000000p-3f, 0x1.1107580000000p-7f, -0x1.994c500000000p-13f};
  // (cos(r) - 1 + r^2 / 2) / r^4 in r^2 on |r| <= pi / 4; error 2^-32.8
  static constexpr float cos[] = {0x1.55554a0000000p-5f, -0x1.6c0c880000000p-10f, 0x1.9a012a0000000p-16f};
  // erf(x) / x - 1 in x^2 on |x| <= 1; error 2^-29.8
  static constexpr float erf[] = {0x1.06eba80000000p-3f,  -0x1.81273e0000000p-2f, 0x1.ce2d200000000p-4f,
                                  -0x1.b7fbb40000000p-6f, 0x1.5419f20000000p-8f,  -0x1.a485d80000000p-11f,
                                  0x1.4ae49c0000000p-14f};
  // log(erfc(1 + u)) on 0 <= u <= 3 (float) or 5 (double); error 2^-35.9
  static constexpr float erfc[] = {-0x1.d97fc00000000p+0f, -0x1.51c9b00000000p+1f,  -0x1.afabb40000000p-1f,
                                   -0x1.547fb20000000p-5f, 0x1.49521a0000000p-7f,   -0x1.08678c0000000p-9f,
                                   0x1.33ef220000000p-12f, -0x1.8751a00000000p-16f, 0x1.1173a20000000p-22f};
  // In parts of few bits, whose products with the integers that occur are exact.
  static constexpr float ln2[] = {0x1.62e4000000000p-1f, 0x1.7f7d1c0000000p-20f};
  static constexpr float half_pi[] = {0x1.9200000000000p+0f, 0x1.fb00000000000p-12f, 0x1.5100000000000p-22f,
                                      0x1.0b46120000000p-34f};
};

template <> struct Coefficients<double> {
  // (e^r - 1 - r) / r^2 on |r| <= ln2 / 2; error 2^-64.0
  static constexpr double exp[] = {0x1.0000000000000p-1,  0x1.555555555555bp-3,  0x1.5555555555503p-5,
                                   0x1.111111110ec3fp-7,  0x1.6c16c16c305e7p-10, 0x1.a01a01b38a572p-13,
                                   0x1.a01a01364c46ep-16, 0x1.71ddf001f7352p-19, 0x1.27e5b49504219p-22,
                                   0x1.af6c1e8d31749p-26, 0x1.1e3d069d0c0d1p-29};
  // (2 atanh(s) / s - 2) / s^2 in s^2, s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)]; error 2^-59.5
  static constexpr double log[] = {0x1.5555555555593p-1, 0x1.999999997fa84p-2, 0x1.249249421f7cdp-2,
                                   0x1.c71c51e27e417p-3, 0x1.7466472a51015p-3, 0x1.39a0ddf614573p-3,
                                   0x1.2f0e63096b26ep-3};
  // (sin(r) / r - 1) / r^2 in r^2 on |r| <= pi / 4; error 2^-58.0
  static constexpr double sin[] = {-0x1.5555555555549p-3, 0x1.111111110f856p-7,   -0x1.a01a019c0d2acp-13,
                                   0x1.71de3573e3ba3p-19, -0x1.ae5e63399b6f5p-26, 0x1.5d92204cb36cdp-33};
  // (cos(r) - 1 + r^2 / 2) / r^4 in r^2 on |r| <= pi / 4; error 2^-63.7
  static constexpr double cos[] = {0x1.555555555554cp-5,   -0x1.6c16c16c15161p-10, 0x1.a01a019caedbep-16,
                                   -0x1.27e4f807c6313p-22, 0x1.1ee9ea62a9cadp-29,  -0x1.8fadcb9676513p-37};
  // erf(x) / x - 1 in x^2 on |x| <= 1; error 2^-68.9
  static constexpr double erf[] = {0x1.06eba8214db69p-3,   -0x1.812746b0379e7p-2,  0x1.ce2f21a042bdep-4,
                                   -0x1.b82ce312889c2p-6,  0x1.565bcd0e6518fp-8,   -0x1.c02db3fef00c0p-11,
                                   0x1.f9a326c2d73b3p-14,  -0x1.f4d25629e7c23p-17, 0x1.b9e6518b4a134p-20,
                                   -0x1.5f6d9ca0f2c26p-23, 0x1.fc43ee8c6710fp-27,  -0x1.4e6352b5b0a9bp-30,
                                   0x1.7f16f0c41351bp-34,  -0x1.29e0d964b20a5p-38};
  // log(erfc(1 + u)) on 0 <= u <= 3 (float) or 5 (double); error 2^-67.4
  static constexpr double erfc[] = {
      -0x1.d97fbf27aa2a1p+0,  -0x1.51c9b0006c23dp+1,  -0x1.afabc11a28f2bp-1,  -0x1.5477f09caad9dp-5,
      0x1.48c9d40c6f863p-7,   -0x1.033f69a4666f5p-9,  0x1.f1b4c2029b7d2p-13,  0x1.b8bd6f134d28ep-16,
      -0x1.c756ee90c6c3cp-16, 0x1.414ca01eeb424p-17,  -0x1.0e7a5f15f5140p-19, 0x1.a4b874bc44372p-24,
      0x1.1b8819ae3629cp-23,  -0x1.362d0b0e31537p-24, 0x1.9a3c63a2853e3p-26,  -0x1.929d4c5638ad4p-28,
      0x1.302754dd7624dp-30,  -0x1.5e63424b682ccp-33, 0x1.28917e65ad6b2p-36,  -0x1.582cd3b4e6b79p-40,
      0x1.e09267b8ad3d2p-45,  -0x1.26a84f736932dp-50};
  // In parts of few bits, whose products with the integers that occur are exact.
  static constexpr double ln2[] = {0x1.62e42fefa2000p-1, 0x1.9ef35793c7673p-41};
  static constexpr double half_pi[] = {0x1.921fb54000000p+0, 0x1.10b4611800000p-30, 0x1.313198a000000p-61,
                                       0x1.701b839a25205p-92};
};

}  // namespace ebb::lanes
