/* Landlock, by its system calls: the C library has no functions for it, and Debian 12's headers end at version 2. */
#define _GNU_SOURCE
#include "CConfine.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { create_ruleset = 444, add_rule = 445, restrict_self = 446 };
enum { beneath_path = 1, to_port = 2 };

/* Rights over files. */
#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_FOLDER (1ULL << 3)
#define REMOVE_FOLDER (1ULL << 4)
#define REMOVE_FILE (1ULL << 5)
#define MAKE_CHARACTER (1ULL << 6)
#define MAKE_FOLDER (1ULL << 7)
#define MAKE_FILE (1ULL << 8)
#define MAKE_SOCKET (1ULL << 9)
#define MAKE_FIFO (1ULL << 10)
#define MAKE_BLOCK (1ULL << 11)
#define MAKE_SYMLINK (1ULL << 12)
#define REFER (1ULL << 13)
#define TRUNCATE (1ULL << 14)
#define DEVICE_IOCTL (1ULL << 15)
/* Rights over the network, and what is kept within the process. */
#define BIND_TCP (1ULL << 0)
#define CONNECT_TCP (1ULL << 1)
#define ABSTRACT_SOCKETS (1ULL << 0)
#define SIGNALS (1ULL << 1)

struct ruleset {
    uint64_t files, network, scoped;
};
struct path_rule {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));
struct port_rule {
    uint64_t allowed, port;
};

/* All rights over files that a version knows. */
static uint64_t known(int version) {
    uint64_t rights = (MAKE_SYMLINK << 1) - 1;
    if (version >= 2) rights |= REFER;
    if (version >= 3) rights |= TRUNCATE;
    if (version >= 5) rights |= DEVICE_IOCTL;
    return rights;
}

int confine_rules_begin(int version, int handled) {
    struct ruleset set = {known(version), 0, 0};
    size_t size = sizeof set.files;
    if (version >= 4) {
        size += sizeof set.network;
        if (handled & CONFINE_NO_TCP) set.network = BIND_TCP | CONNECT_TCP;
    }
    if (version >= 6) {
        size += sizeof set.scoped;
        if (handled & CONFINE_NO_SIGNALS) set.scoped |= SIGNALS;
        if (handled & CONFINE_NO_ABSTRACT_SOCKETS) set.scoped |= ABSTRACT_SOCKETS;
    }
    return (int)syscall(create_ruleset, &set, size, 0);
}

int confine_rules_allow_path(int rules, int version, const char *path, int uses) {
    struct path_rule rule = {0, open(path, O_PATH | O_CLOEXEC)};
    struct stat status;
    long result;
    int saved;
    if (rule.parent < 0) return -1;
    if (fstat(rule.parent, &status) != 0) {
        saved = errno;
        close(rule.parent);
        errno = saved;
        return -1;
    }
    if (uses & CONFINE_READ) rule.allowed |= READ_FILE | READ_FOLDER;
    if (uses & CONFINE_EXECUTE) rule.allowed |= EXECUTE;
    if (uses & CONFINE_WRITE) {
        rule.allowed |= WRITE_FILE | TRUNCATE | REMOVE_FOLDER | REMOVE_FILE | MAKE_FOLDER | MAKE_FILE | MAKE_SYMLINK |
                        MAKE_SOCKET | MAKE_FIFO | REFER | DEVICE_IOCTL;
    }
    /* What only makes sense in a folder is an error for anything else. */
    if (!S_ISDIR(status.st_mode)) rule.allowed &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | DEVICE_IOCTL;
    rule.allowed &= known(version);
    result = syscall(add_rule, rules, beneath_path, &rule, 0);
    saved = errno;
    close(rule.parent);
    errno = saved;
    return (int)result;
}

int confine_rules_allow_port(int rules, uint16_t port) {
    struct port_rule rule = {CONNECT_TCP, port};
    return (int)syscall(add_rule, rules, to_port, &rule, 0);
}

int confine_rules_enforce(int rules) { return (int)syscall(restrict_self, rules, 0); }
