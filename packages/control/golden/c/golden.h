// The functions of the files that write the document.

#include "target.h"

// text.c: JSON. A key is NULL inside an array; commas come by themselves.
void put_open(const char *key, char bracket);
void put_close(char bracket);
void put_null(const char *key);
void put_boolean(const char *key, int truth);
void put_text(const char *key, const char *text);
void put_number(const char *key, long long number);
void put_hex(const char *key, const void *bytes, size_t size);

// The sections of the document.
void layout(void);
void structs(void);
void constants(void);
void macros(void);
void buffers(void);
void groups(void);
void headers(void);
void icmpExtensions(void);
void steering(void);
