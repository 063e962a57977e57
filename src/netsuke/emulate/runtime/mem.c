/* memcpy and its family: words where both pointers allow it, bytes elsewhere. */
#include <stdint.h>
#include <string.h>

/* A compiler may turn a copying loop into a call of memcpy: inside memcpy that would never end. */
#if defined(__clang__)
#define NK_PLAIN __attribute__((no_builtin))
#elif defined(__GNUC__)
#define NK_PLAIN __attribute__((optimize("no-tree-loop-distribute-patterns")))
#else
#define NK_PLAIN
#endif

/* Words may alias anything here. */
typedef uint32_t __attribute__((may_alias)) nk_word;

#define NK_MISALIGNED(p) (((uintptr_t)(p) & 3u) != 0u)

NK_PLAIN void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if (!NK_MISALIGNED((uintptr_t)out | (uintptr_t)in)) {
    for (; bytes >= 16u; bytes -= 16u, out += 16, in += 16) {
      const nk_word *source = (const void *)in;
      nk_word *target = (void *)out;
      const uint32_t a = source[0], b = source[1], c = source[2], d = source[3];
      target[0] = a;
      target[1] = b;
      target[2] = c;
      target[3] = d;
    }
    for (; bytes >= 4u; bytes -= 4u, out += 4, in += 4) {
      *(nk_word *)(void *)out = *(const nk_word *)(const void *)in;
    }
  }
  for (; bytes > 0u; bytes--) {
    *out++ = *in++;
  }
  return to;
}

NK_PLAIN void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *out = to;
  const uint8_t *in = from;
  if ((uintptr_t)out <= (uintptr_t)in || (uintptr_t)out >= (uintptr_t)in + bytes) {
    const int words = !NK_MISALIGNED((uintptr_t)out | (uintptr_t)in);
    for (; words && bytes >= 4u; bytes -= 4u, out += 4, in += 4) {
      *(nk_word *)(void *)out = *(const nk_word *)(const void *)in;
    }
    for (; bytes > 0u; bytes--) {
      *out++ = *in++;
    }
    return to;
  }
  for (; bytes > 0u; bytes--) {
    out[bytes - 1u] = in[bytes - 1u];
  }
  return to;
}

NK_PLAIN void *memset(void *to, int value, size_t bytes) {
  uint8_t *out = to;
  const uint8_t byte = (uint8_t)value;
  for (; bytes > 0u && NK_MISALIGNED(out); bytes--) {
    *out++ = byte;
  }
  const uint32_t word = byte * 0x01010101u;
  for (; bytes >= 16u; bytes -= 16u, out += 16) {
    nk_word *target = (void *)out;
    target[0] = word;
    target[1] = word;
    target[2] = word;
    target[3] = word;
  }
  for (; bytes >= 4u; bytes -= 4u, out += 4) {
    *(nk_word *)(void *)out = word;
  }
  for (; bytes > 0u; bytes--) {
    *out++ = byte;
  }
  return to;
}

NK_PLAIN int memcmp(const void *left, const void *right, size_t bytes) {
  const uint8_t *a = left;
  const uint8_t *b = right;
  for (; bytes > 0u; bytes--, a++, b++) {
    if (*a != *b) {
      return *a - *b;
    }
  }
  return 0;
}
