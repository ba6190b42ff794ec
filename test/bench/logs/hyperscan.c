/*
 * The rival of the log benchmark: Hyperscan's caseless literals over a log in blocks of whole lines, and nothing around it.
 *
 * `hyperscan LOG LIST` prints the lines that hold a string of the list, as `grep -F -i -f` does, in one thread. Blocks have
 * 256 KiB, which suits its caches as it does ours, and lie at the beginning of a page; lines are looked for around matches
 * only, and once a line is found, further matches in it cost a comparison. To the errors goes what compiling took, and the
 * reading, in milliseconds. A line longer than a block is refused: the benchmark's logs have none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 << 10, PAGE = 4096, MOST = 20000 };

struct view {
  const char *bytes;
  size_t length;
  /* Lines that end here or before were printed. */
  size_t printed;
};

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int found(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context) {
  (void)id, (void)from, (void)flags;
  struct view *view = context;
  if (to <= view->printed) return 0;
  const char *last = view->bytes + to - 1;
  const char *start = memrchr(view->bytes, '\n', to - 1);
  start = start ? start + 1 : view->bytes;
  const char *end = memchr(last, '\n', view->bytes + view->length - last);
  end = end ? end : view->bytes + view->length;
  fwrite(start, 1, end - start, stdout);
  putchar('\n');
  view->printed = end - view->bytes;
  return 0;
}

static hs_database_t *compiled(const char *list) {
  static const char *strings[MOST];
  static size_t lengths[MOST];
  static unsigned flags[MOST], ids[MOST];
  FILE *file = fopen(list, "r");
  if (!file) fail("cannot open the list");
  unsigned count = 0;
  char *line = NULL;
  size_t room = 0;
  for (ssize_t got; (got = getline(&line, &room, file)) > 0;) {
    if (line[got - 1] == '\n') line[--got] = 0;
    if (got == 0) continue;
    if (count == MOST) fail("too many strings");
    strings[count] = strdup(line);
    lengths[count] = got;
    flags[count] = HS_FLAG_CASELESS;
    ids[count] = count;
    count++;
  }
  hs_database_t *database;
  hs_compile_error_t *error;
  if (hs_compile_lit_multi(strings, flags, ids, lengths, count, HS_MODE_BLOCK, NULL, &database, &error) != HS_SUCCESS)
    fail(error->message);
  return database;
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage: hyperscan LOG LIST");
  double started = now();
  hs_database_t *database = compiled(argv[2]);
  hs_scratch_t *scratch = NULL;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) fail("no scratch");
  double ready = now();
  int fd = open(argv[1], O_RDONLY);
  if (fd < 0) fail("cannot open the log");
  /* What is left of a line lies before the page at which the next block begins. */
  char *room = aligned_alloc(PAGE, 2 * BLOCK);
  char *block = room + BLOCK;
  size_t left = 0;
  for (;;) {
    ssize_t got = read(fd, block, BLOCK);
    if (got < 0) fail("cannot read the log");
    struct view view = {block - left, left + got, 0};
    if (got > 0) {
      const char *end = memrchr(block, '\n', got);
      if (!end) fail("a line is longer than a block");
      view.length = end + 1 - view.bytes;
    }
    if (view.length && hs_scan(database, view.bytes, view.length, 0, scratch, found, &view) != HS_SUCCESS) fail("scan");
    if (got == 0) break;
    left = block + got - (view.bytes + view.length);
    memmove(block - left, view.bytes + view.length, left);
  }
  fflush(stdout);
  fprintf(stderr, "%.0f %.0f\n", ready - started, now() - ready);
  return 0;
}
