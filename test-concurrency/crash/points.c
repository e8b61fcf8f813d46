/*
 * Loaded into `berth serve` (LD_PRELOAD): names every call of the C library that changes the state folder, tells GitHub something, answers a
 * webhook, starts a process or signals one, writes the name down before the call is made, and ends the process by SIGKILL exactly before, or
 * exactly after, one of them. Node, SQLite and libuv all call through the C library; koffi asks dlsym(3), which is answered here too.
 *
 * A point is named by what it is, and by how manieth of that name it is in the process, so other calls between them change nothing:
 *
 *   CRASH_RECORD  file that gets one line `N NAME` a call
 *   CRASH_POINT   `before N NAME` or `after N NAME`; nothing = no point
 *
 * Both, and LD_PRELOAD, are taken out of the environment: what the service starts is left alone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_NAMES 1024
#define NAME_BYTES 512
#define RECORD_AT 900
#define LABELS "/berth-crash/"

static pid_t owner;
static int record = -1;
static char state[PATH_MAX];
static char label[NAME_BYTES];
static int door_port;
static char target[NAME_BYTES + 32];
static long target_number;
static int target_after;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
  char name[NAME_BYTES + 32];
  long count;
} names[MOST_NAMES];

static void *(*real_dlsym)(void *, const char *);

/* The wrapper below stands for dlsym itself: it is found by its versions. */
static void *next(const char *name) {
  if (real_dlsym == NULL)
    for (const char *const *v = (const char *const[]){"GLIBC_2.34", "GLIBC_2.17", "GLIBC_2.2.5", NULL}; *v != NULL && real_dlsym == NULL; v++)
      *(void **)&real_dlsym = dlvsym(RTLD_NEXT, "dlsym", *v);
  return real_dlsym(RTLD_NEXT, name);
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (real == NULL) *(void **)&real = next(#name)

/* Only the service itself: the shell that starts it, and what it forks, pass. */
__attribute__((constructor)) static void begin(void) {
  char words[4096] = "";
  const char *point = getenv("CRASH_POINT"), *file = getenv("CRASH_RECORD"), *folder = getenv("BERTH_STATE_DIR");
  FILE *cmdline = fopen("/proc/self/cmdline", "r");
  size_t length = cmdline == NULL ? 0 : fread(words, 1, sizeof words - 1, cmdline);
  if (cmdline != NULL) fclose(cmdline);
  if (length == 0 || strcmp(program_invocation_short_name, "node") != 0 || memmem(words, length, "\0serve", 7) == NULL) return;
  if (file == NULL || folder == NULL || realpath(folder, state) == NULL) return;
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  record = fcntl(fd, F_DUPFD_CLOEXEC, RECORD_AT);
  close(fd);
  door_port = getenv("PORT") == NULL ? 0 : atoi(getenv("PORT"));
  char side[16];
  if (point != NULL && sscanf(point, "%15s %ld %543[^\n]", side, &target_number, target) == 3) target_after = strcmp(side, "after") == 0;
  unsetenv("CRASH_POINT");
  unsetenv("CRASH_RECORD");
  unsetenv("LD_PRELOAD");
  owner = getpid();
}

static int is_ours(void) {
  return owner != 0 && record >= 0 && getpid() == owner;
}

static void die(void) {
  syscall(SYS_kill, owner, SIGKILL);
  for (;;) pause();
}

static int is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What differs from run to run is one sign: ids and hashes become `*`, other numbers `#`. */
static void plain(char *to, size_t room, const char *from) {
  size_t used = 0;
  while (*from != '\0' && used + 2 < room) {
    size_t length = 0, digits = 0;
    for (; is_word(from[length]); length++) digits += from[length] >= '0' && from[length] <= '9';
    if (length >= 16 && digits > 0) {
      to[used++] = '*';
      from += length;
    } else if (*from >= '0' && *from <= '9') {
      to[used++] = '#';
      while (*from >= '0' && *from <= '9') from++;
    } else
      to[used++] = *from++;
  }
  to[used] = '\0';
}

/* The path below the state folder, made plain; NULL = it is elsewhere. What SQLite writes ahead has the label of its transaction. */
static const char *inside(const char *path, char *room) {
  size_t length = strlen(state);
  if (strncmp(path, state, length) != 0 || (path[length] != '/' && path[length] != '\0')) return NULL;
  const char *rest = path[length] == '/' ? path + length + 1 : ".";
  char labelled[2 * NAME_BYTES];
  snprintf(labelled, sizeof labelled, "%s%s%s", rest, label[0] == '\0' ? "" : ": ", label);
  plain(room, NAME_BYTES, strncmp(rest, "berth.db-wal", 12) == 0 ? labelled : rest);
  return room;
}

static const char *inside_at(int folder, const char *path, char *room) {
  char link[64], whole[2 * PATH_MAX];
  if (path == NULL || path[0] == '/') return path == NULL ? NULL : inside(path, room);
  if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
  else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, whole, PATH_MAX);
  if (length < 0) return NULL;
  snprintf(whole + length, PATH_MAX, "/%s", path);
  return inside(whole, room);
}

static const char *inside_fd(int fd, char *room) {
  char link[64], whole[PATH_MAX + 1];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, whole, PATH_MAX);
  if (length < 0) return NULL;
  whole[length] = '\0';
  return inside(whole, room);
}

/* Counts and writes down a call by its name. Not 0 = the process is to die when the call has been made. */
static int at_point(const char *call, const char *what) {
  char name[NAME_BYTES + 32] = "", line[NAME_BYTES + 64];
  snprintf(name, sizeof name, "%s%s%s", call, what[0] == '\0' ? "" : " ", what);
  pthread_mutex_lock(&lock);
  size_t at = 0;
  while (at < MOST_NAMES && names[at].name[0] != '\0' && strcmp(names[at].name, name) != 0) at++;
  if (at == MOST_NAMES) abort();
  memcpy(names[at].name, name, sizeof name);
  long number = ++names[at].count;
  int length = snprintf(line, sizeof line, "%ld %s\n", number, name);
  if (syscall(SYS_write, record, line, (size_t)length) != length) abort();
  int is_target = number == target_number && strcmp(name, target) == 0;
  if (is_target && !target_after) die();
  pthread_mutex_unlock(&lock);
  return is_target;
}

/* Runs the call between its two points. */
#define BETWEEN(is_effect, call, what, made) \
  do { \
    if (!(is_effect)) return made; \
    int dies = at_point(call, what); \
    __typeof__(made) result = made; \
    int error = errno; \
    if (dies) die(); \
    errno = error; \
    return result; \
  } while (0)

/* labels.ts speaks to us by the removal of a folder that is nowhere. */
static int is_label(const char *path) {
  if (owner == 0 || strncmp(path, LABELS, strlen(LABELS)) != 0) return 0;
  snprintf(label, sizeof label, "%s", path + strlen(LABELS));
  return 1;
}

static int is_there(int folder, const char *path) {
  struct stat status;
  int error = errno, is = fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
  errno = error;
  return is;
}

/* Files and folders by path. What changes nothing (a folder that is there, a file that is not) is no point. */

#define OPEN(name, args, folder, call) \
  int name args { \
    REAL(name); \
    char room[NAME_BYTES]; \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
      va_list more; \
      va_start(more, flags); \
      mode = va_arg(more, mode_t); \
      va_end(more); \
    } \
    const char *in = is_ours() && (flags & (O_CREAT | O_TRUNC)) ? inside_at(folder, path, room) : NULL; \
    int is_new = in != NULL && (flags & O_CREAT) && !is_there(folder, path); \
    BETWEEN(in != NULL && (is_new || (flags & O_TRUNC)), is_new ? "create" : "truncate", in, call); \
  }
OPEN(open, (const char *path, int flags, ...), AT_FDCWD, real(path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), AT_FDCWD, real(path, flags, mode))
OPEN(openat, (int folder, const char *path, int flags, ...), folder, real(folder, path, flags, mode))

#define AT_PATH(type, name, args, folder, path, is_effect, call) \
  type name args { \
    REAL(name); \
    char room[NAME_BYTES]; \
    const char *in = is_ours() ? inside_at(folder, path, room) : NULL; \
    BETWEEN(in != NULL && (is_effect), #name, in, call); \
  }
AT_PATH(int, mkdir, (const char *path, mode_t mode), AT_FDCWD, path, !is_there(AT_FDCWD, path), real(path, mode))
AT_PATH(int, rmdir, (const char *path), AT_FDCWD, path, is_there(AT_FDCWD, path), is_label(path) ? 0 : real(path))
AT_PATH(int, unlink, (const char *path), AT_FDCWD, path, is_there(AT_FDCWD, path), real(path))
AT_PATH(int, remove, (const char *path), AT_FDCWD, path, is_there(AT_FDCWD, path), real(path))
AT_PATH(int, unlinkat, (int folder, const char *path, int flags), folder, path, is_there(folder, path), real(folder, path, flags))
AT_PATH(int, rename, (const char *from, const char *path), AT_FDCWD, path, is_there(AT_FDCWD, from), real(from, path))
AT_PATH(int, link, (const char *from, const char *path), AT_FDCWD, path, !is_there(AT_FDCWD, path), real(from, path))
AT_PATH(int, symlink, (const char *to, const char *path), AT_FDCWD, path, 1, real(to, path))
AT_PATH(int, truncate, (const char *path, off_t length), AT_FDCWD, path, 1, real(path, length))
AT_PATH(int, chmod, (const char *path, mode_t mode), AT_FDCWD, path, 1, real(path, mode))
AT_PATH(int, fchmodat, (int folder, const char *path, mode_t mode, int flags), folder, path, 1, real(folder, path, mode, flags))
AT_PATH(int, chown, (const char *path, uid_t user, gid_t group), AT_FDCWD, path, 1, real(path, user, group))
AT_PATH(int, utimensat, (int folder, const char *path, const struct timespec times[2], int flags), folder, path, 1, real(folder, path, times, flags))

/* Files by descriptor. */

#define AT_FD(type, name, args, fd, call) \
  type name args { \
    REAL(name); \
    char room[NAME_BYTES]; \
    const char *in = is_ours() ? inside_fd(fd, room) : NULL; \
    BETWEEN(in != NULL, #name, in, call); \
  }
AT_FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t from), fd, real(fd, bytes, count, from))
AT_FD(int, fsync, (int fd), fd, real(fd))
AT_FD(int, fdatasync, (int fd), fd, real(fd))
AT_FD(int, ftruncate64, (int fd, off64_t length), fd, real(fd, length))
AT_FD(int, fchmod, (int fd, mode_t mode), fd, real(fd, mode))
AT_FD(int, fchown, (int fd, uid_t user, gid_t group), fd, real(fd, user, group))
AT_FD(int, futimens, (int fd, const struct timespec times[2]), fd, real(fd, times))
AT_FD(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t count), to, real(to, from, at, count))
AT_FD(ssize_t, sendfile, (int to, int from, off_t *at, size_t count), to, real(to, from, at, count))

/* The foreign call of a lock: whoever asks for flock(2) by name gets this one. */
AT_FD(int, flock, (int fd, int operation), fd, real(fd, operation))

void *dlsym(void *library, const char *name) {
  if (real_dlsym == NULL) next("dlsym");
  return is_ours() && strcmp(name, "flock") == 0 ? (void *)&flock : real_dlsym(library, name);
}

/* libuv copies files by system call number where it can. */
long syscall(long number, ...) {
  REAL(syscall);
  va_list more;
  long words[6];
  va_start(more, number);
  for (int at = 0; at < 6; at++) words[at] = va_arg(more, long);
  va_end(more);
  char room[NAME_BYTES];
  const char *in = number == SYS_copy_file_range && is_ours() ? inside_fd((int)words[2], room) : NULL;
  BETWEEN(in != NULL, "copy_file_range", in, real(number, words[0], words[1], words[2], words[3], words[4], words[5]));
}

/* Sockets, pipes, and files that are written to from where they stand. */

/* By its first line: a request without its question, or an answer with its status. NULL = it is the beginning of neither. */
static const char *first_line(int is_answer, const char *text, size_t length, char *room) {
  size_t word = 0, end;
  if (is_answer && length > 12 && memcmp(text, "HTTP/1.1 ", 9) == 0) return snprintf(room, NAME_BYTES, "answer %.3s", text + 9), room;
  while (word < length && text[word] >= 'A' && text[word] <= 'Z') word++;
  if (is_answer || word == 0 || word + 1 >= length || text[word] != ' ' || text[word + 1] != '/') return NULL;
  for (end = word + 1; end < length && text[end] != ' ' && text[end] != '?'; end++);
  char line[NAME_BYTES];
  snprintf(line, sizeof line, "%.*s", (int)end, text);
  return plain(room, NAME_BYTES, line), room;
}

static const char *named(int fd, const void *bytes, size_t length, const char **call, char *room) {
  struct stat status;
  if (!is_ours() || fd == record || fstat(fd, &status) != 0) return NULL;
  if (S_ISREG(status.st_mode)) return *call = "write", inside_fd(fd, room);
  if (S_ISFIFO(status.st_mode) && length > 0 && *(const char *)bytes == '{') return *call = "write", "control pipe";
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (!S_ISSOCK(status.st_mode) || getsockname(fd, (struct sockaddr *)&address, &size) != 0 || address.sin_family != AF_INET) return NULL;
  *call = "send";
  int is_answer = ntohs(address.sin_port) == door_port;
  const char *line = first_line(is_answer, bytes, length, room);
  return line != NULL ? line : is_answer ? "rest of an answer" : "rest of a request";
}

#define OUT(name, args, fd, bytes, length, made) \
  ssize_t name args { \
    REAL(name); \
    char room[NAME_BYTES]; \
    const char *call = ""; \
    const char *what = named(fd, bytes, length, &call, room); \
    BETWEEN(what != NULL, call, what, made); \
  }
#define BASE(parts, count) ((count) > 0 ? (parts)[0].iov_base : "")
#define LENGTH(parts, count) ((count) > 0 ? (parts)[0].iov_len : 0)
OUT(write, (int fd, const void *bytes, size_t length), fd, bytes, length, real(fd, bytes, length))
OUT(send, (int fd, const void *bytes, size_t length, int flags), fd, bytes, length, real(fd, bytes, length, flags))
OUT(writev, (int fd, const struct iovec *parts, int count), fd, BASE(parts, count), LENGTH(parts, count), real(fd, parts, count))
OUT(sendmsg, (int fd, const struct msghdr *message, int flags), fd, BASE(message->msg_iov, message->msg_iovlen),
    LENGTH(message->msg_iov, message->msg_iovlen), real(fd, message, flags))

/* Processes. */

pid_t fork(void) {
  REAL(fork);
  if (!is_ours()) return real();
  int dies = at_point("fork", "");
  pid_t child = real();
  if (dies && child != 0) die();
  return child;
}

int kill(pid_t pid, int signal) {
  REAL(kill);
  BETWEEN(is_ours() && signal != 0, "kill", strsignal(signal), real(pid, signal));
}
