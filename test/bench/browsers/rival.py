"""The obvious way: open each History read-only with the library's own SQLite, and ask for the hosts with LIKE."""
import json
import os
import sqlite3
import sys

root, wanted = sys.argv[1], json.loads(sys.argv[2])
where = " OR ".join(["url LIKE ?"] * len(wanted))
found = []
for profile in os.listdir(root):
    db = sqlite3.connect(f"file:{root}/{profile}/History?immutable=1", uri=True)
    for (url,) in db.execute(f"SELECT url FROM urls WHERE {where}", [f"%{one}%" for one in wanted]):
        host = url.split("/")[2]
        for one in wanted:
            name = one.split("/")[0]
            path = one[len(name) :]
            if (host == name or host.endswith("." + name)) and url.split(host, 1)[1].lower().startswith(path):
                found.append(f"{profile} {url}")
    db.close()
print(json.dumps(sorted(found)))
