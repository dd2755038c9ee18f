/* What a USB microphone does when it is pulled out or held by another program, for a PCM of ALSA's `file` plugin, which
   passes on no errors. Preloaded; the folder ALSA_MICROPHONE_STATE holds a file `unplugged` or `busy` to say so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int is(const char *state) {
    const char *folder = getenv("ALSA_MICROPHONE_STATE");
    char path[4096];
    return folder && snprintf(path, sizeof path, "%s/%s", folder, state) < (int)sizeof path && !access(path, F_OK);
}

int snd_pcm_open(void **pcm, const char *name, int stream, int mode) {
    int (*next)(void **, const char *, int, int) = dlsym(RTLD_NEXT, "snd_pcm_open");
    if (is("unplugged")) return -ENOENT;
    return is("busy") ? -EBUSY : next(pcm, name, stream, mode);
}

long snd_pcm_readi(void *pcm, void *buffer, unsigned long frames) {
    static long (*next)(void *, void *, unsigned long);
    if (!next) next = dlsym(RTLD_NEXT, "snd_pcm_readi");
    return is("unplugged") ? -ENODEV : next(pcm, buffer, frames);
}
