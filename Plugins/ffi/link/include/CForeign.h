/* The ffi plugin's way to libffi and the dynamic linker, without libffi's global variables and macros, which Swift
 * cannot use as they are. */
#ifndef BATTEN_CFOREIGN_H
#define BATTEN_CFOREIGN_H

#include <stddef.h>
#include <stdint.h>

/* Types that are no structs. */
enum {
    CFOREIGN_VOID,
    CFOREIGN_INT8,
    CFOREIGN_UINT8,
    CFOREIGN_INT16,
    CFOREIGN_UINT16,
    CFOREIGN_INT32,
    CFOREIGN_UINT32,
    CFOREIGN_INT64,
    CFOREIGN_UINT64,
    CFOREIGN_FLOAT,
    CFOREIGN_DOUBLE,
    CFOREIGN_POINTER
};

/* A type of libffi; NULL if there is none of this number. It is never released. */
void *cforeign_scalar(uint32_t kind);

/* A struct of `count` members, which must outlive it; NULL without memory. */
void *cforeign_struct(void *const *members, size_t count);

/* Releases a struct, not its members. */
void cforeign_release(void *type);

/* Size and alignment that libffi gives to a struct. Returns 0 if it cannot lay it out. */
int cforeign_layout(void *type, size_t *size, size_t *alignment);

/* Calls a function with errno 0 and gives errno afterwards. `result` has room for the result and at least 8 bytes.
 * `fixed` is the count of arguments before `...`, or negative. Returns 0 if libffi refuses the types. */
int cforeign_call(void *function, void *result_type, void *const *types, int fixed, uint32_t count, void *result,
                  void *const *arguments, int *error);

/* Size in bytes of the integer that small integer results are widened to. */
size_t cforeign_result_width(void);

/* Loads a library with all its symbols for itself; it is never unloaded. NULL: `why` says why. */
void *cforeign_open(const char *path, char *why, size_t capacity);

/* What a name stands for in a library. */
enum { CFOREIGN_MISSING, CFOREIGN_FUNCTION, CFOREIGN_VARIABLE };

/* Looks a name up in a library and what it needs. */
int cforeign_find(void *library, const char *name, void **address);

/* Frees what malloc gave. */
void cforeign_free(void *address);

/* Writes out what the process's stdio streams still hold. */
void cforeign_flush(void);

/* Name of an errno, such as ENOENT, and what it means; NULL for a number that has none. */
const char *cforeign_error_name(int error);
const char *cforeign_error_text(int error);

#endif
