/*
 * The floor under a rescan: walks a tree and asks for the metadata of every regular file, nothing else.
 *
 * walk-stat DIR names   counts regular files by d_type
 * walk-stat DIR stat    and calls fstatat for each
 *
 * One thread, getdents through readdir, everything relative to a descriptor. Prints the number of regular files.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long files;
static unsigned long long bytes;

static void walk(int fd, int asks)
{
	DIR *directory = fdopendir(fd);
	if (!directory) {
		perror("fdopendir");
		exit(1);
	}
	for (struct dirent *entry; (entry = readdir(directory));) {
		if (entry->d_type == DT_REG) {
			files++;
			struct stat found;
			if (asks && fstatat(dirfd(directory), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) == 0)
				bytes += found.st_size;
		} else if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
			int below = openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			if (below >= 0)
				walk(below, asks);
		}
	}
	closedir(directory);
}

int main(int count, char **words)
{
	if (count != 3) {
		fprintf(stderr, "usage: walk-stat DIR names|stat\n");
		return 2;
	}
	int fd = open(words[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		perror(words[1]);
		return 1;
	}
	walk(fd, !strcmp(words[2], "stat"));
	printf("%lu\n", files);
	return bytes == 1;
}
