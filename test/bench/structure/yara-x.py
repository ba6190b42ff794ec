"""YARA-X over every file of a directory, as many files at a time as there are cores: prints the paths that match."""
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import local

import yara_x

root, sources = sys.argv[1], sys.argv[2:]
compiler = yara_x.Compiler()
for source in sources:
    with open(source, encoding="utf-8") as text:
        compiler.add_source(text.read())
rules = compiler.build()
mine = local()


def scan(path):
    if not hasattr(mine, "scanner"):
        mine.scanner = yara_x.Scanner(rules)
    return path if mine.scanner.scan_file(path).matching_rules else None


def files():
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if not os.path.islink(path) and os.path.getsize(path) > 0:
                yield path


with ThreadPoolExecutor(os.cpu_count()) as pool:
    for path in pool.map(scan, files(), chunksize=1):
        if path:
            print(path)
