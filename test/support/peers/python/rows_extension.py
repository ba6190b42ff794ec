"""An extension written with osquery's Python SDK: the tables of test/bench/serving/table.ts, formula by formula."""
import os

import osquery

COUNT = int(os.environ.get("BENCH_ROWS", "100000"))
OWNERS = ("root", "bjørn", "Łukasz", "山田")
TEXT = ("path", "directory", "filename", "sha256", "md5", "owner", "group_name", "type", "comment")
BIGINT = ("size", "mtime", "inode")
INTEGER = ("uid", "gid")
DOUBLE = ("ratio", "score")


def row(number):
    mixed = number * 2654435761 & 0xFFFFFFFF
    digits = "%08x" % mixed
    directory = "/srv/données/3CXDesktopApp/%d" % (number % 97)
    filename = "file-%d.dll" % number
    if number % 10 == 0:
        comment = "Überprüfung %d: nichts gefunden, 桌面应用" % number
    else:
        comment = "checked %d, nothing found" % number
    return {
        "path": directory + "/" + filename,
        "directory": directory,
        "filename": filename,
        "sha256": digits * 8,
        "md5": digits * 4,
        "owner": OWNERS[number % 4],
        "group_name": "staff",
        "type": "regular",
        "comment": comment,
        "size": mixed * 1024,
        "mtime": 1679000000 + number,
        "inode": 4503599627370496 + number,
        "uid": number % 1000,
        "gid": number % 50,
        "ratio": (2 * (number % 512) + 1) / 1024,
        "score": (2 * number + 1) / 8,
    }


@osquery.register_plugin
class BenchRows(osquery.TablePlugin):
    def name(self):
        return "bench_rows"

    def columns(self):
        types = [(TEXT, "TEXT"), (BIGINT, "BIGINT"), (INTEGER, "INTEGER"), (DOUBLE, "DOUBLE")]
        return [osquery.TableColumn(name=name, type=kind) for names, kind in types for name in names]

    def generate(self, context):
        return [row(number) for number in range(COUNT)]


@osquery.register_plugin
class BenchNothing(osquery.TablePlugin):
    def name(self):
        return "bench_nothing"

    def columns(self):
        return [osquery.TableColumn(name="path", type=osquery.STRING)]

    def generate(self, context):
        return []


if __name__ == "__main__":
    osquery.start_extension(name="bench_python", version="1.0.0")
