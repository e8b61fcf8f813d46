/* The floor: the system calls of a lock, in a loop of C. Prints nanoseconds of each turn, or of the whole sweep.
 * usage: lock turns PATH N | lock sweep FOLDER */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return at.tv_sec * 1000000000LL + at.tv_nsec;
}

/* Open, lock, compare; the descriptor, or -1 where somebody else has it. */
static int acquire(const char *path) {
  struct stat ours, theirs;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) exit(1);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return -1;
  }
  if (fstat(fd, &ours) != 0 || stat(path, &theirs) != 0 || ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) exit(1);
  return fd;
}

static void sweep(const char *folder) {
  char mark[8192];
  struct dirent *entry;
  long removed = 0;
  if (chdir(folder) != 0) exit(1);
  long long began = now();
  DIR *all = opendir(".");
  while ((entry = readdir(all)) != NULL) {
    if (strstr(entry->d_name, ".lock") == NULL) continue;
    int fd = acquire(entry->d_name);
    if (fd < 0) continue;
    if (pread(fd, mark, sizeof mark, 0) == 0 && unlink(entry->d_name) == 0) removed++;
    close(fd);
  }
  closedir(all);
  printf("%lld %ld\n", now() - began, removed);
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "sweep") == 0) {
    sweep(words[2]);
    return 0;
  }
  if (count != 4) return 2;
  long turns = atol(words[3]);
  long long began = now();
  for (long turn = 0; turn < turns; turn++) {
    int fd = acquire(words[2]);
    if (fd < 0) return 1;
    close(fd);
  }
  printf("%lld\n", (now() - began) / turns);
  return 0;
}
