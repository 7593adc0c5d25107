#include "CPOSIX.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

ssize_t cposix_attribute(int descriptor, const char *name, uint8_t *buffer, size_t capacity) {
    return fgetxattr(descriptor, name, buffer, capacity);
}

ssize_t cposix_attribute_names(int descriptor, uint8_t *buffer, size_t capacity) {
    return flistxattr(descriptor, (char *)buffer, capacity);
}

int cposix_set_attribute(int descriptor, const char *name, const uint8_t *value, size_t size) {
    return fsetxattr(descriptor, name, value, size, 0);
}

int cposix_remove_attribute(int descriptor, const char *name) { return fremovexattr(descriptor, name); }

int cposix_is_mount_point(int directory, const char *name) {
    struct statx found;
    if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &found) != 0) return -1;
    if (found.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT)
        return (found.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    // Before Linux 5.8 only another file system can be told.
    struct statx home;
    if (statx(directory, "", AT_EMPTY_PATH, STATX_TYPE, &home) != 0) return -1;
    return found.stx_dev_major != home.stx_dev_major || found.stx_dev_minor != home.stx_dev_minor;
}

int cposix_reserve(int descriptor, int64_t size) {
    return fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, size);
}
