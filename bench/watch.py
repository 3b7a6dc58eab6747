"""What PostgreSQL is asked when the API is called: statements with their parameters and plans, out of its log."""
import json
import os
import re
import subprocess
import time

BEGIN = re.compile(r"^(\d+) (\S+) (LOG|DETAIL|STATEMENT|ERROR):  ")
STATEMENT = re.compile(r"duration: [\d.]+ ms  execute \S+: (.*)", re.S)
PLAN = re.compile(r"duration: ([\d.]+) ms  plan:\n(.*)", re.S)
PARAMETER = re.compile(r"\$\d+ = ('(?:[^']|'')*'|NULL)", re.S)
ON = {"log_min_duration_statement": "0", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
      "auto_explain.log_timing": "off", "auto_explain.log_format": "json"}


class Watch:
    """Watches one database while it is used in a `with`."""

    def __init__(self, log, database, psql):
        self.log, self.database, self.psql = log, database, psql
        self.known = set()

    def __enter__(self):
        self.set(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in ON.items())
        # What the server does by itself; a call is whatever else comes while it lasts.
        self.known = {text for text, _ in self.seen(lambda: time.sleep(2.5))[1]["statements"]}
        return self

    def __exit__(self, *_):
        self.set(f"ALTER SYSTEM RESET {name}" for name in ON)

    def set(self, commands):
        for command in [*commands, "SELECT pg_reload_conf()"]:
            subprocess.run([*self.psql, "-c", command], check=True, capture_output=True)
        time.sleep(0.5)

    def entries(self, begin):
        """Process, kind and text of what this database has said since."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            file.seek(begin)
            entry, ours = None, False
            for line in file:
                found = BEGIN.match(line)
                if found:
                    if entry and ours:
                        yield entry
                    ours, entry = found.group(2) == self.database, [found.group(1), found.group(3), line[found.end():]]
                elif entry:
                    entry[2] += line
            if entry and ours:
                yield entry

    def seen(self, call):
        """What the call yields, and what was asked meanwhile: `statements` with parameters, `plans`."""
        begin = os.path.getsize(self.log)
        answer = call()
        for _ in range(40):
            statements, plans, last = [], [], {}
            for process, kind, text in self.entries(begin):
                if kind == "DETAIL" and process in last:
                    statements[last[process]] = (statements[last[process]][0], PARAMETER.findall(text))
                elif found := STATEMENT.match(text):
                    last[process] = len(statements)
                    statements.append((found.group(1).strip(), []))
                elif found := PLAN.match(text):
                    try:
                        plans.append((float(found.group(1)), json.loads(found.group(2))))
                    except ValueError:
                        continue
            new = [statement for statement in statements if statement[0] not in self.known]
            plans = [(ms, plan) for ms, plan in plans if plan["Query Text"].strip() not in self.known]
            if new and len(plans) >= len(new):
                break
            time.sleep(0.02)
        return answer, {"statements": new, "plans": plans}


TICKETS = {"ticket", "ticket_party", "ticket_contact", "free_text", "clock", "event"}


def rows_read(plan, of=TICKETS):
    """Rows that the scans of a plan took out of these tables, those that a filter then left out included."""
    read = 0
    if plan.get("Relation Name") in of:
        read = sum(plan.get(count, 0) for count in ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"))
    return read * plan.get("Actual Loops", 1) + sum(rows_read(part, of) for part in plan.get("Plans", []))
