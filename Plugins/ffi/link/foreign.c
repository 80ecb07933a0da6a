#define _GNU_SOURCE
#include "CForeign.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <ffi.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *cforeign_scalar(uint32_t kind) {
    ffi_type *const types[] = {
        &ffi_type_void,  &ffi_type_sint8,  &ffi_type_uint8,  &ffi_type_sint16, &ffi_type_uint16, &ffi_type_sint32,
        &ffi_type_uint32, &ffi_type_sint64, &ffi_type_uint64, &ffi_type_float,  &ffi_type_double, &ffi_type_pointer,
    };
    return kind < sizeof types / sizeof *types ? types[kind] : NULL;
}

void *cforeign_struct(void *const *members, size_t count) {
    /* The type and the list of its members, which ends in NULL, in one piece. */
    ffi_type *type = calloc(1, sizeof *type + (count + 1) * sizeof(ffi_type *));
    if (!type) return NULL;
    type->type = FFI_TYPE_STRUCT;
    type->elements = (ffi_type **)(type + 1);
    for (size_t index = 0; index < count; index++) type->elements[index] = members[index];
    return type;
}

void cforeign_release(void *type) {
    free(type);
}

int cforeign_layout(void *type, size_t *size, size_t *alignment) {
    if (ffi_get_struct_offsets(FFI_DEFAULT_ABI, type, NULL) != FFI_OK) return 0;
    *size = ((ffi_type *)type)->size;
    *alignment = ((ffi_type *)type)->alignment;
    return 1;
}

int cforeign_call(void *function, void *result_type, void *const *types, int fixed, uint32_t count, void *result,
                  void *const *arguments, int *error) {
    ffi_cif interface;
    ffi_type **argument_types = (ffi_type **)types;
    ffi_status status =
        fixed < 0 ? ffi_prep_cif(&interface, FFI_DEFAULT_ABI, count, result_type, argument_types)
                  : ffi_prep_cif_var(&interface, FFI_DEFAULT_ABI, (unsigned)fixed, count, result_type, argument_types);
    if (status != FFI_OK) return 0;
    errno = 0;
    ffi_call(&interface, FFI_FN(function), result, (void **)arguments);
    *error = errno;
    return 1;
}

size_t cforeign_result_width(void) {
    return sizeof(ffi_arg);
}

void *cforeign_open(const char *path, char *why, size_t capacity) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    const char *reason = library ? NULL : dlerror();
    if (!library) snprintf(why, capacity, "%s", reason ? reason : "no reason given");
    return library;
}

int cforeign_find(void *library, const char *name, void **address) {
    Dl_info info;
    void *entry = NULL;
    dlerror();
    *address = dlsym(library, name);
    if (!*address) return CFOREIGN_MISSING;
    if (!dladdr1(*address, &info, &entry, RTLD_DL_SYMENT) || !entry || info.dli_saddr != *address)
        return CFOREIGN_FUNCTION;
    unsigned char kind = ELF64_ST_TYPE(((const ElfW(Sym) *)entry)->st_info);
    return kind == STT_OBJECT || kind == STT_COMMON ? CFOREIGN_VARIABLE : CFOREIGN_FUNCTION;
}

void cforeign_free(void *address) {
    free(address);
}

void cforeign_flush(void) {
    fflush(NULL);
}

const char *cforeign_error_name(int error) {
    return strerrorname_np(error);
}

const char *cforeign_error_text(int error) {
    return strerrordesc_np(error);
}
