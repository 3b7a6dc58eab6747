"""What wrk and pgbench write.

load.py bodies FILE PEOPLE COUNT: bodies of new tickets, a line each.
load.py inserts DIRECTORY DATABASE COUNT PSQL…: scripts for pgbench that put today's row of a ticket, its first event and its
text into the tables, each with another of the newest tickets as its model.
"""
import json
import random
import subprocess
import sys

from draw import CATEGORIES, Draw, communities, cumulative, skewed


def bodies(file, people, count):
    with open(people) as read:
        codes = communities(json.load(read)["workers"])
    draw, dice, sums = Draw(7), random.Random(7), skewed(codes)
    categories, category_sums = cumulative(CATEGORIES)
    with open(file, "w") as out:
        for _ in range(int(count)):
            body = {"content": draw.content(), "place": {"code": dice.choices(codes, cum_weights=sums)[0]},
                    "category": dice.choices(categories, cum_weights=category_sums)[0],
                    "severity": dice.choices(["small", "large", "complex"], [80, 17, 3])[0]}
            out.write(json.dumps(body, ensure_ascii=False) + "\n")


# What is another for each row, as an expression.
FRESH = {"ticket": {"id": "gen_random_uuid()", "number": "gen_random_uuid()::text", "created_at": "now()", "updated_at": "now()"},
         "event": {"position": None, "xid": None, "stream": "gen_random_uuid()", "occurred_at": "now()", "recorded_at": "now()"},
         "free_text": {"id": "gen_random_uuid()", "stream": "gen_random_uuid()"}}
JOINS = {"ticket": "t.id = r.id", "event": "r.stream = t.id AND r.stream_version = 1", "free_text": "r.id = t.content_id"}


def inserts(directory, count, psql):
    def ask(sql):
        answer = subprocess.run([*psql, "-v", "ON_ERROR_STOP=1", "-c", sql], check=True, capture_output=True, text=True).stdout
        return answer.rstrip("\n").split("\n")

    tickets = ask(f"SELECT id FROM ticket WHERE version = 1 ORDER BY created_at DESC LIMIT {int(count)}")
    for i, ticket in enumerate(tickets):
        lines = ["BEGIN;"]
        for table, fresh in FRESH.items():
            columns = ask(f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY ordinal_position")
            columns = [column for column in columns if fresh.get(column, "") is not None]
            row = ", ', ', ".join(f"'{fresh[column]}'" if column in fresh else f"quote_nullable(r.{column}::text)" for column in columns)
            values = ask(f"SELECT concat({row}) FROM ticket t JOIN {table} r ON {JOINS[table]} WHERE t.id = '{ticket}'")
            lines.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({' '.join(values)});")
        with open(f"{directory}/insert-{i}.sql", "w") as out:
            out.write("\n".join([*lines, "COMMIT;"]) + "\n")


if sys.argv[1] == "bodies":
    bodies(*sys.argv[2:])
else:
    inserts(sys.argv[2], sys.argv[3], sys.argv[4:])
