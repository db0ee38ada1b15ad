// Writes the document. The one entry is `golden`, which run.c calls.

#include "golden.h"

static char *end_of_text;

static void put(char character) { *end_of_text++ = character; }

/** Writes the document to `text` and returns its length. */
unsigned golden(char *text) {
  end_of_text = text;
  put('{');
  layout();
  macros();
  structs();
  constants();
  buffers();
  groups();
#ifdef __GLIBC__ // the one C library here that builds extension headers, and comes with the kernel's own
  headers();
  icmpExtensions();
  steering();
#endif
  put('}');
  return end_of_text - text;
}

static void put_word(const char *word) {
  while (*word) put(*word++);
}

static void quote(const char *text) { put('"'), put_word(text), put('"'); }

/** What precedes a value: a comma unless it is the first of its brackets, then the key. */
static void put_key(const char *key) {
  char before = end_of_text[-1];
  if (before != '{' && before != '[') put(',');
  if (key) quote(key), put(':');
}

void put_open(const char *key, char bracket) { put_key(key), put(bracket); }

void put_close(char bracket) { put(bracket); }

void put_null(const char *key) { put_key(key), put_word("null"); }

void put_boolean(const char *key, int truth) { put_key(key), put_word(truth ? "true" : "false"); }

void put_text(const char *key, const char *text) { put_key(key), quote(text); }

void put_number(const char *key, long long number) {
  // 32 bits and a sign hold every number of the headers. Dividing 64 bits on ia32 would call a library function.
  unsigned rest = number < 0 ? -number : number;
  char digits[10];
  int count = 0;
  do digits[count++] = '0' + rest % 10;
  while (rest /= 10);
  put_key(key);
  if (number < 0) put('-');
  while (count) put(digits[--count]);
}

void put_hex(const char *key, const void *bytes, size_t size) {
  put_key(key), put('"');
  for (const unsigned char *byte = bytes; size--; byte++) put("0123456789abcdef"[*byte >> 4]), put("0123456789abcdef"[*byte & 15]);
  put('"');
}
