#define _GNU_SOURCE
#include "CConfine.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int confine_limit(int which, uint64_t soft, uint64_t hard) {
    static const int resources[] = {-1, RLIMIT_DATA, RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_CORE};
    struct rlimit limit;
    if (which < CONFINE_MEMORY || which > CONFINE_CORE) {
        errno = EINVAL;
        return -1;
    }
    if (getrlimit(resources[which], &limit) != 0) return -1;
    if (hard < limit.rlim_max) limit.rlim_max = hard;
    limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
    return setrlimit(resources[which], &limit);
}

int confine_drop_privileges(void) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    /* What may not be gained again by exec; only who has CAP_SETPCAP must and can say so. */
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EPERM) return -1;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return -1;
    if (syscall(SYS_capset, &header, none) != 0) return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int confine_look_up_over_tcp(void) { return setenv("RES_OPTIONS", "use-vc", 1); }

int confine_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    if (tasks == NULL) return -1;
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        if (entry->d_name[0] != '.') count++;
    }
    closedir(tasks);
    return count;
}

int confine_join(const char *folder) {
    int group = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC), processes, saved;
    ssize_t written;
    if (group < 0) return -1;
    processes = openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    saved = errno;
    close(group);
    if (processes < 0) {
        errno = saved;
        return -1;
    }
    written = write(processes, "0", 1);
    saved = errno;
    close(processes);
    errno = saved;
    return written == 1 ? 0 : -1;
}
