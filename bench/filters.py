"""Every filter that the document names, through every lens, and in pairs: how many rows the database reads for one call.

filters.py BACKEND URL TOKENS RESULTS TABLE PEOPLE LOG DATABASE PSQL…: TOKENS has `name|token|query` a line, the lenses. On SQLite, which does not tell rows, the time of a call. All calls go to TABLE, what stands out to RESULTS.
"""
import contextlib
import itertools
import json
import statistics
import sys
import time
from datetime import datetime, timedelta

from client import Client
from draw import CATEGORIES, HOME
from watch import Watch, rows_read

LIMIT, SCAN = 20, 5000
# Each entry of a page shows its text besides, and one is read to see whether there are more.
SHOWN = 2 * (LIMIT + 1)
backend, url, tokens, results, table, people, log, database, *psql = sys.argv[1:]
with open(people) as file:
    people = json.load(file)
with open(tokens) as file:
    lenses = [line.rstrip("\n").split("|") for line in file]
clients = {name: Client(url, token) for name, token, _ in lenses}
handler, unit = people["workers"][HOME], people["units"][1][0]
number = clients["county"].call("/tickets?limit=1")["items"][0]["number"]


def ago(days):
    return f"{datetime.utcnow() - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


# Values that the document does not list; of each the first is the rarer. Of lists the document's words are tried.
VALUES = {"place": ["532504001022", HOME, "532504"], "unit": [people["units"][-1][0], unit], "handler": [people["workers"]["532504001022"], handler],
          "category": ["nothing-of-the-kind", *CATEGORIES], "service": ["nothing-of-the-kind"], "desk": ["532504", "532504001", HOME], "from": [ago(20), ago(200)], "to": [ago(360), ago(100)]}
LENSES = {"mine", "assist", "claimable", "q", "place", "unit", "handler"}
TURNING = {"cursor", "limit"}
# Through which lenses pairs are tried: the widest, and two whose index is another.
PAIRED = ("county", "unit", "mine") if backend == "PostgreSQL" else ()
RARE = {"status": "declined", "severity": "complex", "affair": "private", "channel": "mass_meeting", "handling": "pending"}


def documented():
    """Values to try of each filter, the rarest first."""
    with open("openapi/openapi.json") as file:
        parameters = json.load(file)["paths"]["/api/v1/tickets"]["get"]["parameters"]
    tried = {}
    for parameter in parameters:
        name, schema = parameter["name"], parameter["schema"]
        if parameter["in"] != "query" or name in TURNING or (name in LENSES and name not in VALUES):
            continue
        if "enum" in schema:
            tried[name] = sorted(schema["enum"], key=lambda word: word != RARE.get(name))
        elif schema.get("type") == "boolean":
            tried[name] = ["true", "false"]
        elif name in VALUES:
            tried[name] = VALUES[name]
        else:
            raise SystemExit(f"teach bench/filters.py values of the filter {name}")
    return tried


def calls():
    """Who asks, and for what."""
    filters = documented()
    for name, _, lens in lenses:
        lens = lens.replace("NUMBER", number)
        taken = {part.split("=")[0] for part in lens.split("&")}
        yield name, lens
        single = {key: values for key, values in filters.items() if key not in taken}
        for key, values in single.items():
            yield from ((name, f"{lens}&{key}={value}") for value in values)
        for (one, a), (other, b) in itertools.combinations(single.items(), 2) if name in PAIRED else ():
            yield name, f"{lens}&{one}={a[0]}&{other}={b[0]}"
    # Those who do not see all that lies there: sight is tried on each entry.
    for (name, _, _), (_, _, lens) in itertools.product(lenses, lenses):
        yield name, lens.replace("NUMBER", number)
        yield name, lens.replace("NUMBER", number) + "&status=declined"


measured, refused = [], 0
watching = Watch(log, database, psql) if backend == "PostgreSQL" else contextlib.nullcontext()
with watching as watch:
    for name, query in dict.fromkeys(calls()):
        path = f"/tickets?limit={LIMIT}&{query}"
        for _ in range(2):
            rows = 0
            if watch:
                (status, text), seen = watch.seen(lambda: clients[name].raw(path))
                took = sum(ms for ms, _ in seen["plans"])
                rows = sum(rows_read(plan["Plan"]) for _, plan in seen["plans"])
            else:
                begin = time.perf_counter()
                status, text = clients[name].raw(path)
                took = (time.perf_counter() - begin) * 1000
            if status in (401, 403, 422):
                refused += 1
                break
            if status != 200:
                raise SystemExit(f"{path}: {status} {text.decode()[:200]}")
            page = json.loads(text)
            measured.append((rows, took, len(page["items"]), name, query))
            # And the page after it.
            if not page["next_cursor"]:
                break
            path = f"/tickets?limit={LIMIT}&{query}&cursor={page['next_cursor']}"
            query += " (next page)"

measured.sort(reverse=True)
with open(table, "w") as out:
    out.writelines("%d\t%.1f\t%d\t%s\t%s\n" % row for row in measured)
within = sum(rows <= 50 * LIMIT for rows, *_ in measured)
capped = sum(50 * LIMIT < rows <= SCAN + SHOWN for rows, *_ in measured)
slowest = sorted(measured, key=lambda row: -row[1])
with open(results, "a") as out:
    if backend == "PostgreSQL":
        out.write(f"fact\tfilters\t{len(measured)} {within} {capped} {len(measured) - within - capped} {measured[0][0]}\n")
    out.write(f"fact\tfilters {backend}\t{len(measured)} calls ({refused} refused), median {statistics.median(row[1] for row in measured):.1f} ms, "
              f"slowest {slowest[0][1]:.1f} ms\n")
    for rows, took, items, name, query in measured[:12] if backend == "PostgreSQL" else slowest[:8]:
        out.write(f"line\tfilters\t{name}: {query}\t{backend}\t\t{rows}\t{took:.1f}\t{items}\n")
