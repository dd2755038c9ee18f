/* What a USB microphone does when it is pulled out or held by another program, for a PCM of ALSA's `file` plugin, which
   passes on no errors. Preloaded; the folder ALSA_MICROPHONE_STATE holds a file `unplugged` or `busy` to say so, and gets
   one `refused`: a line for each time that it was to be opened and was unplugged, in Unix seconds. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int named(char path[4096], const char *state) {
    const char *folder = getenv("ALSA_MICROPHONE_STATE");
    return folder && snprintf(path, 4096, "%s/%s", folder, state) < 4096;
}

static int is(const char *state) {
    char path[4096];
    return named(path, state) && !access(path, F_OK);
}

static void note_refusal(void) {
    char path[4096];
    struct timespec now;
    FILE *file = named(path, "refused") ? fopen(path, "a") : NULL;
    if (!file) return;
    clock_gettime(CLOCK_REALTIME, &now);
    fprintf(file, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    fclose(file);
}

int snd_pcm_open(void **pcm, const char *name, int stream, int mode) {
    int (*next)(void **, const char *, int, int) = dlsym(RTLD_NEXT, "snd_pcm_open");
    if (is("unplugged")) {
        note_refusal();
        return -ENOENT;
    }
    return is("busy") ? -EBUSY : next(pcm, name, stream, mode);
}

long snd_pcm_readi(void *pcm, void *buffer, unsigned long frames) {
    static long (*next)(void *, void *, unsigned long);
    if (!next) next = dlsym(RTLD_NEXT, "snd_pcm_readi");
    return is("unplugged") ? -ENODEV : next(pcm, buffer, frames);
}
