/*
 * The rival of the digest benchmark: what osquery's hash table does to a file, and nothing around it.
 *
 * `kernel DIRECTORY BITS`, bits: 1 SHA-256, 2 SHA-1, 4 MD5; 0 reads without digesting, which is the floor that the system
 * sets. Every file is opened relative to its directory, looked at with fstat, read in blocks of 16 KiB (without digests:
 * in one read of its size, if it is that small), and closed. Contexts and algorithms are fetched once, which is kinder
 * than osquery is to itself. Prints what examples/digests.rs of the scan crate prints.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 16 << 10, DIGESTS = 3 };

static const char *const names[DIGESTS] = {"SHA256", "SHA1", "MD5"};
static const int lengths[DIGESTS] = {32, 20, 16};
static EVP_MD *algorithms[DIGESTS];
static EVP_MD_CTX *contexts[DIGESTS];
static unsigned char sums[DIGESTS][EVP_MAX_MD_SIZE];
static unsigned char block[BLOCK];
static unsigned long long files, bytes;
static int bits;

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void digest_file(int fd, off_t size) {
  for (int i = 0; i < DIGESTS; i++)
    if (bits >> i & 1) EVP_DigestInit_ex2(contexts[i], algorithms[i], NULL);
  for (off_t done = 0; done < size;) {
    ssize_t got = read(fd, block, BLOCK);
    if (got <= 0) fail("read");
    done += got;
    for (int i = 0; i < DIGESTS; i++)
      if (bits >> i & 1) EVP_DigestUpdate(contexts[i], block, got);
  }
  for (int i = 0; i < DIGESTS; i++) {
    if (!(bits >> i & 1)) continue;
    unsigned char digest[EVP_MAX_MD_SIZE];
    EVP_DigestFinal_ex(contexts[i], digest, NULL);
    for (int at = 0; at < lengths[i]; at++) sums[i][at] ^= digest[at];
  }
}

static void walk(int fd) {
  DIR *directory = fdopendir(fd);
  if (!directory) fail("fdopendir");
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_type == DT_DIR) {
      if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
      int below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (below < 0) fail(entry->d_name);
      walk(below);
    } else if (entry->d_type == DT_REG) {
      int file = openat(fd, entry->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
      struct stat found;
      if (file < 0 || fstat(file, &found) != 0) fail(entry->d_name);
      digest_file(file, found.st_size);
      close(file);
      files++;
      bytes += found.st_size;
    }
  }
  closedir(directory);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: kernel DIRECTORY BITS\n");
    return 2;
  }
  bits = atoi(argv[2]);
  for (int i = 0; i < DIGESTS; i++) {
    algorithms[i] = EVP_MD_fetch(NULL, names[i], NULL);
    contexts[i] = EVP_MD_CTX_new();
    if (!algorithms[i] || !contexts[i]) fail(names[i]);
  }
  int root = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root < 0) fail(argv[1]);
  walk(root);
  printf("%llu %llu", files, bytes);
  for (int i = 0; i < DIGESTS; i++) {
    putchar(' ');
    for (int at = 0; at < lengths[i]; at++) printf("%02x", sums[i][at]);
  }
  putchar('\n');
  return 0;
}
