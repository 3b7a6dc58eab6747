"""Fills a database with tickets: fill.py MODELS PEOPLE COUNT sqlite FILE, or … postgres PSQL ARGUMENTS….

Times are spread over a year; the same count yields the same tickets but for the ids that the database has given out.
"""
import itertools
import json
import random
import sys
import uuid
from datetime import datetime, timedelta

from copies import Copies
from draw import CATEGORIES, CHANNELS, HOME, Draw, communities, cumulative, skewed
from stores import Postgres, Sqlite

# How often each model is copied. Nine in ten tickets of a year are ended.
SHARES = {"short": 30, "111": 11, "104": 9, "114": 9, "116": 7, "117": 8, "105": 5, "106": 4, "112": 3, "assisted": 5, "merged": 2,
          "101": 0.5, "102": 0.8, "103": 0.8, "107": 0.6, "108": 0.6, "109": 0.4, "110": 0.3, "113": 0.6, "115": 0.3,
          "assisting": 0.5, "confidential": 0.3, "paused": 0.3, "private": 0.5}
BATCH = 2000
CLERK, DISPATCHER = "01990000-0000-7000-8000-000000000004", "01990000-0000-7000-8000-000000000006"

models, people, count, backend, *arguments = sys.argv[1:]
count = int(count)
with open(models) as file:
    models = json.load(file)
with open(people) as file:
    people = json.load(file)
store = {"sqlite": Sqlite, "postgres": Postgres}[backend](arguments)


def made(name, age):
    copies = Copies(name, models[age][name], models["types"], store.binary)
    columns = {table: (("position",) if table == "event" else ()) + tuple(copies.columns(table)) for table in copies.tables if copies.tables[table]}
    return store.prepare(copies), columns


kinds, kind_sums = cumulative(SHARES)
fresh, aged = ({name: made(name, age) for name in kinds} for age in ("fresh", "aged"))
draw = Draw(count)
dice = random.Random(count)
codes = communities(people["workers"])
code_sums, resident_sums, unit_sums = skewed(codes), skewed(people["residents"], 0.7), skewed(people["units"])
categories, category_sums = cumulative(CATEGORIES)
channels, channel_sums = cumulative(CHANNELS)
now = datetime.utcnow().replace(microsecond=0) - timedelta(hours=1)
step = timedelta(days=365) / count
position = store.last
per_day, called = itertools.count(1_000_001), []
inbox = ("user_id", "kind", "ticket_id", "position", "created_at", "read_at")


def identity(at):
    """UUID v7."""
    ms = int((at - datetime(1970, 1, 1)).total_seconds() * 1000)
    bits = dice.getrandbits(74)
    return f"{ms >> 16:08x}-{ms & 0xffff:04x}-7{bits >> 62:03x}-{0x8000 | bits >> 48 & 0x3fff:04x}-{bits & 0xffffffffffff:012x}"


def pick(things, sums):
    return dice.choices(things, cum_weights=sums)[0]


for n in range(count):
    created = now - step * (count - n) + step * dice.random()
    age = now - created
    while True:
        kind = pick(kinds, kind_sums)
        copies, columns = (aged if age > timedelta(days=31) else fresh)[kind]
        if copies.fits(age):
            break
    code = pick(codes, code_sums)
    units = dice.choices(people["units"], cum_weights=unit_sums, k=2)
    known = {"id": identity(created), "place": store.places[code], "code": code, "street": code[:9], "created": created,
             "number": f"{code[:6]}-{created + timedelta(hours=8):%y%m%d}-{next(per_day)}",
             "resident": pick(people["residents"], resident_sums), "worker": people["workers"][code],
             "unit0": units[0][0], "handler0": units[0][1], "unit1": units[1][0], "handler1": units[1][1],
             "content": draw.content(), "category": pick(categories, category_sums), "channel": pick(channels, channel_sums)}
    known["excerpt"] = known["content"][:80]
    if units[0][0] == units[1][0]:
        known["unit1"], known["handler1"] = people["units"][units[0] == people["units"][0]]
    for i in range(len(copies.texts)):
        known[f"text{i}"] = identity(created)
    values = copies.values(known, created)
    for table, rows in copies.tables.items():
        for cells in rows:
            more = ()
            if table == "event":
                position += 1
                more = (position,)
            store.add(table, columns[table], cells, values, more)
    desk = CLERK if code == HOME else DISPATCHER if code[:9] == HOME[:9] else None
    if desk and age < timedelta(days=170):
        at = created.isoformat(timespec="microseconds") + "+00:00"
        ids = [uuid.UUID(id).bytes if store.binary else id for id in (desk, known["id"])]
        more = (ids[0], "to_dispatch", ids[1], position - copies.events + 1, at, at if age > timedelta(days=2) else None)
        store.add("inbox", inbox, ("", None) if not store.binary else (), values, more)
    if n % max(1, count // 200) == 7:
        called.append(known["id"])
    if n % BATCH == BATCH - 1:
        store.flush()
store.flush()
if backend == "postgres":
    store.finish()
store.contact(people["called"], called)
store.end()
