#include "CPOSIX.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/// Closes `descriptor` and answers -1 with the errno of before.
static int give_up(int descriptor) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static int tcp_address(const char *host, uint16_t port, struct sockaddr_storage *address, socklen_t *length) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        errno = EINVAL;
        return -1;
    }
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    return 0;
}

int cposix_listen_tcp(const char *numeric_host, uint16_t port, int backlog, int unsent_limit) {
    struct sockaddr_storage address;
    socklen_t length;
    if (tcp_address(numeric_host, port, &address, &length) != 0) return -1;
    int listener = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return -1;
    int on = 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return give_up(listener);
    // The sockets that it accepts inherit it.
    if (setsockopt(listener, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_limit, sizeof unsent_limit) != 0)
        return give_up(listener);
    // Without it [::]:80 would take IPv4 as well, and a second listener on 0.0.0.0:80 would fail.
    if (address.ss_family == AF_INET6 && setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return give_up(listener);
    if (bind(listener, (struct sockaddr *)&address, length) != 0) return give_up(listener);
    if (listen(listener, backlog) != 0) return give_up(listener);
    return listener;
}

int cposix_connect_tcp(const char *numeric_host, uint16_t port) {
    struct sockaddr_storage address;
    socklen_t length;
    if (tcp_address(numeric_host, port, &address, &length) != 0) return -1;
    int connection = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection < 0) return -1;
    if (connect(connection, (struct sockaddr *)&address, length) != 0) return give_up(connection);
    return connection;
}

int cposix_begin_connect(const char *host, uint16_t port, int index, const char *_Nullable *_Nonnull reason) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        *reason = gai_strerror(error);
        return -2;
    }
    struct addrinfo *one = found;
    while (one != NULL && index-- > 0) one = one->ai_next;
    int connection = -1;
    if (one == NULL) {
        errno = ENXIO;
    } else {
        connection = socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (connection >= 0 && connect(connection, one->ai_addr, one->ai_addrlen) != 0 && errno != EINPROGRESS)
            connection = give_up(connection);
    }
    error = errno;
    freeaddrinfo(found);
    errno = error;
    return connection;
}

int cposix_connect_outcome(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0 ? errno : error;
}

static int unix_address(const char *path, size_t length, struct sockaddr_un *address, socklen_t *size) {
    memset(address, 0, sizeof *address);
    if (length == 0 || length >= sizeof address->sun_path) {
        errno = length == 0 ? EINVAL : ENAMETOOLONG;
        return -1;
    }
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    if (path[0] == '@') {
        address->sun_path[0] = '\0';
    } else {
        *size += 1;
    }
    return 0;
}

int cposix_bind_unix(const char *path, size_t length) {
    struct sockaddr_un address;
    socklen_t size;
    if (unix_address(path, length, &address, &size) != 0) return -1;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, size) != 0) return give_up(listener);
    return listener;
}

int cposix_connect_unix(const char *path, size_t length, bool blocking) {
    struct sockaddr_un address;
    socklen_t size;
    if (unix_address(path, length, &address, &size) != 0) return -1;
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    if (connection < 0) return -1;
    if (connect(connection, (struct sockaddr *)&address, size) != 0) return give_up(connection);
    return connection;
}

int cposix_send_datagram(const char *path, size_t length, const void *bytes, size_t count) {
    struct sockaddr_un address;
    socklen_t size;
    if (unix_address(path, length, &address, &size) != 0) return -1;
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sender < 0) return -1;
    ssize_t sent = sendto(sender, bytes, count, MSG_NOSIGNAL, (struct sockaddr *)&address, size);
    if (sent < 0) return give_up(sender);
    close(sender);
    return 0;
}

int cposix_accept(int listener, struct cposix_peer *peer) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    memset(peer, 0, sizeof *peer);
    int connection = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (connection < 0) return -1;
    peer->family = address.ss_family;
    if (address.ss_family == AF_INET) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&address;
        peer->port = ntohs(v4->sin_port);
        inet_ntop(AF_INET, &v4->sin_addr, peer->address, sizeof peer->address);
    } else if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address;
        peer->port = ntohs(v6->sin6_port);
        inet_ntop(AF_INET6, &v6->sin6_addr, peer->address, sizeof peer->address);
    }
    return connection;
}

int cposix_peer_credentials(int socket, struct cposix_credentials *credentials) {
    struct ucred found;
    socklen_t length = sizeof found;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &found, &length) != 0) return -1;
    credentials->process = found.pid;
    credentials->user = found.uid;
    credentials->group = found.gid;
    return 0;
}

int cposix_peer_groups(int socket, uint32_t *groups, size_t capacity) {
    socklen_t length = (socklen_t)(capacity * sizeof *groups);
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &length) == 0) return (int)(length / sizeof *groups);
    // ERANGE: `length` is what all of them need (unix(7), Linux 4.13).
    return errno == ERANGE ? (int)(length / sizeof *groups) : -1;
}

int cposix_local_port(int socket) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(socket, (struct sockaddr *)&address, &length) != 0) return -1;
    if (address.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&address)->sin_port);
    if (address.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
    return 0;
}

int cposix_set_no_delay(int socket) {
    int on = 1;
    return setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int cposix_set_blocking(int descriptor, bool blocking) {
    int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0) return -1;
    return fcntl(descriptor, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

int cposix_pending_error(int socket) {
    int error = 0;
    socklen_t length = sizeof error;
    if (getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return -1;
    return error;
}

ssize_t cposix_send_more(int socket, const void *_Nullable bytes, size_t count) {
    return send(socket, bytes, count, MSG_NOSIGNAL | MSG_MORE);
}
