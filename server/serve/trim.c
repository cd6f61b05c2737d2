/* SPDX-License-Identifier: Apache-2.0 */
#include "trim.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static const ElfW(Phdr) * find_dynamic(const struct dl_phdr_info *object)
{
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_DYNAMIC) {
            return &object->dlpi_phdr[i];
        }
    }
    return NULL;
}

/* Of code that was relocated the file has another form. No library of a distribution is like that. */
static bool is_as_in_file(const struct dl_phdr_info *object)
{
    const ElfW(Phdr) *header = find_dynamic(object);

    if (header == NULL) {
        return false;
    }
    const ElfW(Dyn) *entry = (const void *) (object->dlpi_addr + header->p_vaddr);
    for (; entry->d_tag != DT_NULL; entry++) {
        bool moved = entry->d_tag == DT_TEXTREL
                     || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL) != 0);
        if (moved) {
            return false;
        }
    }
    return true;
}

static void give_back(uintptr_t begin, uintptr_t end)
{
    const uintptr_t page = (uintptr_t) sysconf(_SC_PAGESIZE);

    begin -= begin % page; /* a mapping consists of whole pages; and segments share none */
    (void) madvise((void *) begin, end - begin, MADV_DONTNEED); /* if it fails, they stay */
}

/* The program has no name here; what is no file, as the kernel's own code, has one without a path. */
static int trim_object(struct dl_phdr_info *object, size_t size, void *context)
{
    (void) size;
    (void) context;
    if ((*object->dlpi_name != '\0' && *object->dlpi_name != '/') || !is_as_in_file(object)) {
        return 0;
    }
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t begin = object->dlpi_addr + segment->p_vaddr;

        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0) {
            give_back(begin, begin + segment->p_memsz);
        }
    }
    return 0;
}

void trim_code(void)
{
    (void) dl_iterate_phdr(trim_object, NULL); /* it returns what ours does */
}
