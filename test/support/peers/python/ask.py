"""What the Python SDK's client gets from an extension: a ping, then columns and rows of each table, as a line of JSON.

    ask.py SOCKET TABLE...
"""
import json
import sys

import osquery


def call(client, table, request):
    answer = client.call("table", table, request)
    if answer.status.code != 0:
        sys.exit("%s %s: %s" % (table, request["action"], answer.status.message))
    return answer.response


def main():
    connection = osquery.ExtensionClient(path=sys.argv[1])
    if not connection.open(timeout=10):
        sys.exit("cannot connect to " + sys.argv[1])
    client = connection.extension_client()
    status = client.ping()
    tables = {
        name: {
            "columns": call(client, name, {"action": "columns"}),
            "rows": call(client, name, {"action": "generate", "context": '{"constraints":[]}'}),
        }
        for name in sys.argv[2:]
    }
    ping = {"code": status.code, "message": status.message, "uuid": str(status.uuid)}
    print(json.dumps({"ping": ping, "tables": tables}))


main()
