/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A main() for a fuzz target where there is no fuzzer: every file of its folder of the corpus, or
 * those named, once.
 *
 *   fuzz_NAME [FILE...]
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX (4 * 1024 * 1024)
#define PATH_SIZE 1024
#define PREFIX "fuzz_"

static bool replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(INPUT_MAX);
    size_t len = 0;
    bool read = false;

    printf("%s\n", path); /* the last line tells which it was */
    fflush(stdout);
    if (file != NULL && bytes != NULL) {
        len = fread(bytes, 1, INPUT_MAX, file);
        read = ferror(file) == 0;
        fclose(file);
    }
    if (read) {
        uint8_t *exact = malloc(len > 0 ? len : 1); /* so that reading on is noticed */

        FUZZ_HOLDS(exact != NULL);
        memcpy(exact, bytes, len);
        (void) LLVMFuzzerTestOneInput(exact, len);
        free(exact);
    }
    free(bytes);
    return read;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static unsigned replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_visible, alphasort);
    unsigned replayed = 0;

    for (int i = 0; i < count; i++) {
        char path[2 * PATH_SIZE];

        (void) snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        replayed += replay(path);
        free(entries[i]);
    }
    free(entries);
    return replayed;
}

int main(int argc, char **argv)
{
    const char *name = program_invocation_short_name;
    char folder[PATH_SIZE];
    unsigned replayed = 0;

    name += strncmp(name, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0;
    (void) snprintf(folder, sizeof(folder), "%s/%s", CORPUS_FOLDER, name);
    for (int i = 1; i < argc; i++) {
        replayed += replay(argv[i]);
    }
    if (argc <= 1) {
        replayed = replay_folder(folder);
    }
    printf("Tested: %u | Passing: %u | Failing: 0 | Crashing: 0\n", replayed, replayed);
    return replayed > 0 ? 0 : 1;
}
