"""The longest statement of each call, for pgbench and for `bare`: capture.py LOG DATABASE URL DIRECTORY PSQL….

Reads `NAME TOKEN PATH` lines. NAME.sql is the statement with $1, NAME.json its parameters; NAME.pgbench with :p1, and NAME.set
the variables, a line each. Prints what could not be had.
"""
import json
import re
import sys

from client import Client
from watch import Watch

log, database, url, directory, *psql = sys.argv[1:]
asked = [line.split() for line in sys.stdin]
for _, token, path in asked:
    # The first call of a token looks its grants up besides.
    Client(url, token).call(path)
with Watch(log, database, psql) as watch:
    for name, token, path in asked:
        client = Client(url, token)
        _, seen = watch.seen(lambda: client.call(path))
        text, parameters = max(seen["statements"], key=lambda statement: len(statement[0]), default=("", []))
        if not text or "NULL" in parameters:
            print(f"{name}: " + ("a parameter is NULL, which pgbench does not know" if text else "nothing was asked"))
            continue
        parameters = [parameter[1:-1].replace("''", "'") for parameter in parameters]
        out = f"{directory}/{name}"
        with open(out + ".sql", "w") as file:
            file.write(text)
        with open(out + ".json", "w") as file:
            json.dump(parameters, file)
        with open(out + ".pgbench", "w") as file:
            file.write(re.sub(r"\$(\d+)", r":p\1", text) + ";\n")
        with open(out + ".set", "w") as file:
            file.writelines(f"p{i + 1}={parameter}\n" for i, parameter in enumerate(parameters))
