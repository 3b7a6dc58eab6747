"""Writes the measured part of docs/performance.md: report.py RESULTS DOCUMENT ONLY. Ratios first, then everything."""
import os
import platform
import statistics
import subprocess
import sys
from datetime import datetime

BEGIN, END = "<!-- bench:begin (written by `make bench`) -->", "<!-- bench:end -->"
results, document, only = sys.argv[1:]
lines, facts, cannot = {}, {}, []
with open(results) as file:
    for record in file:
        kind, *cells = record.rstrip("\n").split("\t")
        if kind == "fact":
            facts[cells[0]] = cells[1]
        elif kind == "cannot":
            cannot.append(cells[0])
        else:
            lines.setdefault(tuple(cells[:4]), []).append([float(cell) if cell else None for cell in cells[4:]])
small, large = "10000", facts["tickets"]
RATE, P50, P99, APP, DATABASE = range(5)


def median(key, column):
    """Of the turns; `None` where it was not measured."""
    values = [cells[column] for cells in lines.get(key, []) if len(cells) > column and cells[column] is not None]
    return statistics.median(values) if values else None


def ratio(one, other, column=RATE):
    """The median of the ratios of turns that came one after the other; their medians where there are not as many."""
    a, b = lines.get(one, []), lines.get(other, [])
    if not a or not b:
        return None
    if len(a) == len(b):
        return statistics.median(x[column] / y[column] for x, y in zip(a, b))
    return median(one, column) / median(other, column)


def least(ratios):
    """The least, with what it is of."""
    known = [(value, name) for value, name in ratios if value is not None]
    return min(known) if known else (None, "")


def shown(value, form="%.2f"):
    return "–" if value is None else form % value


targets = []


def target(what, at_least, aim, value, form="%.2f", less=False, note="", cpu=""):
    """A row: what is asked, what came."""
    if value is None:
        verdict = "not measured"
    elif (value <= at_least) if less else (value >= at_least):
        verdict = "met, aim too" if ((value <= aim) if less else (value >= aim)) else "met"
    else:
        verdict = "**not met**"
    unit = form.partition("f")[2]
    targets.append(f"| {what} | {at_least:g}{unit} | {aim:g}{unit} | {shown(value, form)}{note} | {verdict} | {cpu} |")


def cpu(*keys):
    """CPU µs of app and database, of one and of what it is compared with."""
    def one(key):
        return f"{shown(median(key, APP), '%.0f')} + {shown(median(key, DATABASE), '%.0f')}"
    return " : ".join(one(key) for key in keys if key in lines)


pg, lite, pgbench = "PostgreSQL", "SQLite", "pgbench"
create = {backend: ("create", "create", backend, small) for backend in (pg, lite, pgbench)}
target("create, PostgreSQL, to pgbench doing BEGIN + 3 INSERTs + COMMIT", 0.6, 0.9, ratio(create[pg], create[pgbench]), cpu=cpu(create[pg], create[pgbench]))
target("create p99 there", 30, 10, median(create[pg], P99), "%.1f ms", less=True)
target("create, SQLite, to the same on PostgreSQL", 0.8, 1.3, ratio(create[lite], create[pg]), cpu=cpu(create[lite], create[pg]))
for backend in (pg, lite):
    read = ("read", "read one", backend, large)
    same = ("read", "bare handler, same SELECT", backend, large)
    target(f"read one, {backend}, to a bare handler with the same SELECT", 0.7, 0.9, ratio(read, same), cpu=cpu(read, same))
names = list(dict.fromkeys(what for part, what, *_ in lines if part == "pages"))
for size in (small, large):
    pairs = [(ratio(("pages", n, pg, size), ("pages", n, pgbench, size)), n) for n in names]
    value, name = least(pairs)
    target(f"page of 20, to the same SELECT by pgbench, {int(size):,} tickets, the least of all lenses", 0.1, 0.15, value, note=f" ({name})" if name else "",
           cpu=cpu(("pages", name, pg, size), ("pages", name, pgbench, size)))
for backend in (pg, lite):
    value, name = least([(ratio(("pages", n, backend, large), ("pages", n, backend, small)), n) for n in names])
    target(f"page, {backend}, among {int(large):,} to among 10,000, the least of all lenses", 0.9, 1.0, value, note=f" ({name})" if name else "",
           cpu=cpu(("pages", name, backend, large), ("pages", name, backend, small)))
    deep, first = ("deep", "1000th", backend, large), ("deep", "first", backend, large)
    target(f"page, {backend}, the 1,000th to the first", 0.9, 1.0, ratio(deep, first), cpu=cpu(deep, first))
if "filters" in facts:
    calls, within, capped, above, most = facts["filters"].split()
    verdict = "met" if above == "0" else f"**not met** by {above}"
    targets.append(f"| rows read for any documented filter, {int(large):,} tickets | 50 × limit, or 5,000 | | {within} of {calls} calls within 1,000, "
                   f"{capped} within 5,000, most {int(most):,} | {verdict} | |")
for backend in (pg, lite):
    values = [cells[0] for key, turns in lines.items() if key[0] == "memory" and key[2] == backend for cells in turns]
    target(f"memory under load, {backend}, at most", 200, 100, max(values) if values else None, "%.0f MB", less=True)
for backend in (pg, lite):
    loud, quiet = (sum(median(("watch", f"create, log {log}", backend, small), column) or 0 for column in (APP, DATABASE)) for log in ("info", "off"))
    target(f"the log's part of a create's CPU, {backend}", 10, 5, (loud - quiet) / loud * 100 if loud and quiet else None, "%.1f percent", less=True)
for size in (small, large):
    start = median(("start", "start", lite, size), P50)
    target(f"start to the first page, SQLite, {int(size):,} tickets", 0.5, 0.1, None if start is None else start / 1000, "%.2f s", less=True)

out = [BEGIN, "", "## Targets", "", "Medians of turns. CPU is µs a request, app + database, of the one and of what it is compared with.", "",
       "| what | at least | aim | measured | | CPU µs |", "|---|---|---|---|---|---|", *targets]


def table(title, part, head, row):
    keys = [key for key in lines if key[0] == part]
    if keys:
        columns = head.split("|")
        out.extend(["", f"## {title}", "", f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)])
        out.extend(row(key) for key in keys)


def asked(key):
    _, what, backend, size = key
    return (f"| {what} | {backend} | {int(size):,} | {shown(median(key, RATE), '%.0f')} | {shown(median(key, P50))} | {shown(median(key, P99))} | "
            f"{shown(median(key, APP), '%.0f')} | {shown(median(key, DATABASE), '%.0f')} |")


HEAD = "what|on|tickets|requests/s|p50 ms|p99 ms|app CPU µs|database CPU µs"
for title, part in (("Create", "create"), ("Change: a note", "transition"), ("Read one", "read"), ("Pages of 20, by lens", "pages"),
                    ("What the log costs", "watch"), ("The 1,000th page", "deep"), ("Figures, inbox, timeline", "views")):
    table(title, part, HEAD, asked)
    if part == "read":
        out.extend(["", *(f"An answer on {backend} has {facts[f'read bytes {backend}']} bytes: the server's, the bare handler's."
                          for backend in (pg, lite) if f"read bytes {backend}" in facts)])
table("Memory", "memory", "after|on|at most MB|then MB",
      lambda key: f"| {key[1]} | {key[2]} | {shown(max(t[0] for t in lines[key]), '%.0f')} | {shown(lines[key][-1][1], '%.0f')} |")
table("Start", "start", "on|tickets|/health answers after ms|a page after ms",
      lambda key: f"| {key[2]} | {int(key[3]):,} | {shown(median(key, 0), '%.0f')} | {shown(median(key, 1), '%.0f')} |")
table("Filters that cost most", "filters", "asker: query|on|rows read|ms|entries",
      lambda key: f"| `{key[1]}` | {key[2]} | {shown(median(key, 0) or None, '%.0f')} | {shown(median(key, 1), '%.1f')} | {shown(median(key, 2), '%.0f')} |")
out.extend(["", *(f"On {backend}: {facts[f'filters {backend}']}." for backend in (pg, lite) if f"filters {backend}" in facts)])


def said(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


with open("/proc/cpuinfo") as file:
    model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), platform.machine())
memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
changed = " and changes" if said("git", "status", "--porcelain", "--untracked-files=no", "--", "*.rs", "Cargo.lock") else ""
out.extend(["", "## Where and when", "", f"Commit {said('git', 'rev-parse', '--short', 'HEAD')}{changed}, {datetime.utcnow():%Y-%m-%d}; {os.cpu_count()} cores "
            f"({model}), {memory:.0f} GB, Linux {platform.release()}; PostgreSQL {facts['postgres']}, fsync on; {facts['seconds']} s each, 16 connections; "
            f"load at the end {os.getloadavg()[0]:.1f}; the run took {facts.get('minutes', '?')} minutes" + (f"; only {only}." if only else ".")])
out.extend(["", *(f"- Could not be done: {what}" for what in cannot)] if cannot else [])
out.extend(["", END])
text = "\n".join(out).replace("\n\n\n", "\n\n")
with open(document) as file:
    prose = file.read()
if BEGIN in prose:
    prose = prose[:prose.index(BEGIN)] + text + prose[prose.index(END) + len(END):]
else:
    prose += "\n" + text + "\n"
with open(document, "w") as file:
    file.write(prose)
print(text)
