// What this processor can do: called by machine.py, once per thread at a time.
#include <stddef.h>
#include <stdint.h>
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

// Of some processors compilers prefer narrower vectors than they have.
#if defined(__AVX512F__)
#define BYTES 64
#define WIDEST __attribute__((min_vector_width(512)))
#elif defined(__AVX__)
#define BYTES 32
#define WIDEST
#else
#define BYTES 16
#define WIDEST
#endif
#define LANES (BYTES / 4)
typedef float Vector __attribute__((vector_size(BYTES)));
typedef uint64_t Words __attribute__((vector_size(BYTES)));

// Sums that do not wait for each other; as many as hide the latency.
enum { SUMS = 12 };

/// Does multiply-adds `rounds` times; returns how many additions and
/// multiplications that were.
WIDEST double fma_f32(int64_t rounds, float *sink) {
  Vector sums[SUMS], a, b;
  for (int lane = 0; lane < LANES; ++lane)
    a[lane] = 1.0f + *sink, b[lane] = 1e-9f * lane;
  for (int i = 0; i < SUMS; ++i)
    sums[i] = a + (float)i;
  for (int64_t round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; ++i)
      sums[i] = sums[i] * a + b;
    __asm__ volatile("" : : : "memory");
  }
  for (int i = 0; i < SUMS; ++i)
    *sink += sums[i][0] * 0;
  return 2.0 * SUMS * LANES * rounds;
}

/// The same of pair products of bf16; zero where there is no such instruction.
WIDEST double dot_bf16(int64_t rounds, float *sink) {
#if defined(__AVX512BF16__)
  __m512 sums[SUMS];
  __m512bh a = (__m512bh)_mm512_set1_epi32(0x3f803f80);
  for (int i = 0; i < SUMS; ++i)
    sums[i] = _mm512_set1_ps(*sink + i);
  for (int64_t round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; ++i)
      sums[i] = _mm512_dpbf16_ps(sums[i], a, a);
    __asm__ volatile("" : : : "memory");
  }
  for (int i = 0; i < SUMS; ++i)
    *sink += sums[i][0] * 0;
  return 4.0 * SUMS * 16 * rounds;
#else
  (void)rounds, (void)sink;
  return 0;
#endif
}

/// Reads `bytes`, a multiple of 512; returns them as a number that depends on
/// all of them.
uint64_t read_all(const void *data, int64_t bytes) {
  const Words *words = data;
  Words sums[8] = {0};
  for (int64_t i = 0; i + 8 <= bytes / BYTES; i += 8)
    for (int j = 0; j < 8; ++j)
      sums[j] ^= words[i + j];
  Words all = sums[0] ^ sums[1] ^ sums[2] ^ sums[3] ^ sums[4] ^ sums[5] ^ sums[6] ^ sums[7];
  return all[0] ^ all[1];
}

/// Reads `count` pieces of `bytes` each, `stride` bytes apart, on `threads` threads, that
/// may have to be woken. Bytes at the end of a share that fill no 512 are left out.
uint64_t read_pieces(const char *data, int64_t count, int64_t stride, int64_t bytes, int threads) {
  uint64_t all = 0;
  int64_t share = bytes / threads / 512 * 512;
#pragma omp parallel for num_threads(threads) collapse(2) reduction(^ : all)
  for (int64_t piece = 0; piece < count; ++piece)
    for (int part = 0; part < threads; ++part)
      all ^= read_all(data + piece * stride + part * share, share);
  return all;
}
