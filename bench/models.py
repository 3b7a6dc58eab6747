"""Histories of tickets to copy, as the program itself wrote them: those of the example, and some that are lived through here.

models.py PROGRAM DIRECTORY FILE: starts servers on SQLite in DIRECTORY. Each model is kept twice: as it is today, and as it
is when a month has passed over it, with all that time has done to it.
"""
import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta

from client import Client
from draw import HOME

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?=Z|\+00:00)")
TABLES = {"ticket": "id", "event": "stream", "free_text": "stream", "ticket_party": "ticket_id"}
WORKER, CLERK = "01990000-0000-7000-8000-000000000003", "01990000-0000-7000-8000-000000000004"
UNITS = ["01990000-0000-7000-8000-000000000091", "01990000-0000-7000-8000-000000000092"]
program, directory, file = sys.argv[1:]


def serve(*more):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = dict(os.environ, HUYING_DATA_DIR=directory, HUYING_LISTEN=f"127.0.0.1:{port}", RUST_LOG="error")
    env.pop("DATABASE_URL", None)
    server = subprocess.Popen([program, "serve", *more], env=env, stdout=subprocess.PIPE, text=True)
    return server, server.stdout.readline().split()[-1]


def end(server):
    server.terminate()
    server.wait()


def live(base):
    """Lives through what the example has nobody do; the ids of these tickets by name."""
    anyone = Client(base)
    people = {name: anyone.login(name)[0] for name in
              ("居民王芳", "网格员李建国", "社区书记陈红梅", "街道调度员杨涛", "住建局张伟", "督查员马丽")}
    resident, worker, clerk, street, unit, supervisor = people.values()

    def begin(**more):
        lamp = {"content": "北门的路灯不亮", "place": {"code": HOME}, "category": "facilities", "severity": "small"}
        return resident.call("/tickets", lamp | more)["id"]

    made = {}

    def closed(name, lead, who, how, **more):
        made[name] = begin()
        path = "/tickets/" + made[name]
        how.call(path + "/dispatch", {"lead": lead, "affair": "public"} | more)
        who.call(path + "/accept", {})
        who.call(path + "/resolve", {"outcome": "solved", "reply": "已更换灯泡，今晚正常亮灯。"})
        resident.call(path + "/rate", {"satisfaction": "satisfied", "stars": 5})

    closed("short", {"person": WORKER}, worker, clerk)
    closed("assisted", {"unit": UNITS[0]}, unit, street, assist=[{"person": WORKER}, {"unit": UNITS[1]}])
    made["assisting"] = begin(severity="large")
    street.call(f"/tickets/{made['assisting']}/dispatch", {"lead": {"unit": UNITS[0]}, "assist": [{"unit": UNITS[1]}], "handling": "pending"})
    made["confidential"] = begin(confidential=True, severity="large")
    clerk.call(f"/tickets/{made['confidential']}/dispatch", {"lead": {"person": WORKER}, "handling": "immediate"})
    made["paused"] = begin(severity="large")
    clerk.call(f"/tickets/{made['paused']}/dispatch", {"lead": {"person": WORKER}})
    worker.call(f"/tickets/{made['paused']}/accept", {})
    supervisor.call(f"/tickets/{made['paused']}/pause", {"reason": "等配件到货。"})
    made["private"] = begin(severity="small", affair="private")
    made["merged"] = begin()
    street.call(f"/tickets/{made['merged']}/merge", {"into": "01990000-0000-7000-8000-000000000101", "reason": "同一盏路灯"})
    return {str(uuid.UUID(id)): name for name, id in made.items()}


def connect():
    db = sqlite3.connect(os.path.join(directory, "huying.db"))
    db.row_factory = sqlite3.Row
    return db


def types(db):
    return {table: {row["name"]: row["type"].lower() for row in db.execute(f"PRAGMA table_info({table})")} for table in TABLES}


def shown(value):
    if isinstance(value, bytes):
        return str(uuid.UUID(bytes=value))
    return value


def dump(db, names):
    """The rows of each ticket."""
    models = {}
    for ticket in db.execute("SELECT id FROM ticket").fetchall():
        id = str(uuid.UUID(bytes=ticket["id"]))
        rows = {}
        for table, key in TABLES.items():
            order = "stream_version" if table == "event" else "1"
            found = db.execute(f"SELECT * FROM {table} WHERE {key} = ? ORDER BY {order}", (ticket["id"],)).fetchall()
            rows[table] = [{name: shown(row[name]) for name in row.keys()} for row in found]
        models[names.get(id, id[-3:])] = rows
    return models


def age(db, tables):
    """Takes a month off every time."""
    def earlier(found):
        text = found.group(0)
        return (datetime.fromisoformat(text) - timedelta(days=30)).isoformat(timespec="microseconds")

    for table, columns in tables.items():
        texts = [name for name, kind in columns.items() if "timestamp" in kind or "json" in kind]
        for row in db.execute(f"SELECT rowid AS row, {', '.join(texts)} FROM {table}").fetchall() if texts else []:
            new = [None if row[name] is None else TIME.sub(earlier, row[name]) for name in texts]
            db.execute(f"UPDATE {table} SET {', '.join(name + ' = ?' for name in texts)} WHERE rowid = ?", (*new, row["row"]))
    db.commit()


def settled(db):
    """Waits until nothing is due."""
    for _ in range(150):
        time.sleep(0.1)
        now = datetime.utcnow().isoformat() + "+00:00"
        if db.execute("SELECT count(*) FROM ticket WHERE next_at < ?", (now,)).fetchone()[0] == 0:
            return
    raise SystemExit("the models do not settle")


server, base = serve("--demo", "mile")
names = live(base)
db = connect()
settled(db)
end(server)
tables = types(db)
fresh = dump(db, names)
age(db, tables)
server, base = serve()
settled(db)
end(server)
aged = dump(db, names)
with open(file, "w") as out:
    json.dump({"types": tables, "fresh": fresh, "aged": aged}, out, ensure_ascii=False)
