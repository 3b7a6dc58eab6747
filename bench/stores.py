"""Where generated rows go: a file of SQLite, or PostgreSQL by COPY. Both prepare the cells of `copies.py` once, and then only fill in."""
import sqlite3
import subprocess
import uuid

from copies import getter


class Sqlite:
    """Rows into a file that no server has open."""

    binary = True

    def __init__(self, arguments):
        self.db = sqlite3.connect(arguments[0], isolation_level=None)
        for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-1500000", "locking_mode=EXCLUSIVE", "temp_store=MEMORY"):
            self.db.execute("PRAGMA " + pragma)
        self.places = {code: str(uuid.UUID(bytes=id)) for code, id in self.db.execute("SELECT code, id FROM place")}
        self.last = self.db.execute("SELECT max(position) FROM event").fetchone()[0]
        self.rows = {}

    def prepare(self, copies):
        for table, rows in copies.tables.items():
            made = []
            for cells in rows:
                parts = [self.cell(*cell) for cell in cells]
                made.append(parts)
            copies.tables[table] = made
        return copies

    @staticmethod
    def cell(name, kind, what):
        if kind == "constant":
            return lambda values: what
        if kind == "slot":
            return lambda values: values[what]
        form, slots = what
        pick = getter(slots)
        return lambda values: form % pick(values)

    def add(self, table, columns, cells, values, more=()):
        row = (*more, *[cell(values) for cell in cells])
        into = self.rows.setdefault((table, columns), [])
        into.append(row)

    def flush(self):
        self.db.execute("BEGIN")
        for (table, columns), rows in self.rows.items():
            marks = ", ".join("?" * len(columns))
            self.db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
        self.db.execute("COMMIT")
        self.rows = {}

    def contact(self, called, tickets):
        hash = self.db.execute("SELECT phone_hash FROM ticket_contact WHERE ticket_id = ?", (uuid.UUID(called).bytes,)).fetchone()[0]
        rows = [(hash, uuid.UUID(id).bytes) for id in tickets]
        self.db.executemany("INSERT INTO ticket_contact (ticket_id, phone_hash, created_at) "
                            "SELECT id, ?, created_at FROM ticket WHERE id = ?", rows)

    def end(self):
        self.db.execute("UPDATE reactor SET position = (SELECT max(position) FROM event)")
        self.db.execute("ANALYZE")
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.close()


class Postgres:
    """Rows into COPY, a process a table."""

    binary = False

    def __init__(self, arguments):
        self.psql = arguments
        self.places = dict(line.split("|") for line in self.ask("SELECT code, id FROM place").split())
        self.last = int(self.ask("SELECT max(position) FROM event"))
        self.copies, self.rows = {}, {}

    def ask(self, sql):
        return subprocess.run([*self.psql, "-v", "ON_ERROR_STOP=1", "-c", sql], check=True, capture_output=True, text=True).stdout.strip()

    def prepare(self, copies):
        for table, rows in copies.tables.items():
            made = []
            for cells in rows:
                form, slots = [], []
                for _, kind, what in cells:
                    if kind == "constant":
                        form.append("\\N" if what is None else self.escaped(str(what)).replace("%", "%%"))
                    elif kind == "slot":
                        form.append("%s")
                        slots.append(what)
                    else:
                        form.append(self.escaped(what[0]))
                        slots.extend(what[1])
                made.append(("\t".join(form), getter(slots)))
            copies.tables[table] = made
        return copies

    @staticmethod
    def escaped(text):
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")

    def add(self, table, columns, cells, values, more=()):
        form, pick = cells
        line = form % pick(values) if form else ""
        if more:
            line = "\t".join(["\\N" if part is None else str(part) for part in more] + ([line] if line else []))
        self.rows.setdefault((table, columns), []).append(line)

    def flush(self):
        for key, rows in self.rows.items():
            if key not in self.copies:
                table, columns = key
                copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
                self.copies[key] = subprocess.Popen([*self.psql, "-v", "ON_ERROR_STOP=1", "-c", copy], stdin=subprocess.PIPE, text=True)
            self.copies[key].stdin.write("\n".join(rows) + "\n")
        self.rows = {}

    def contact(self, called, tickets):
        ids = ",".join(tickets)
        self.ask(f"INSERT INTO ticket_contact (ticket_id, phone_hash, created_at) SELECT t.id, c.phone_hash, t.created_at "
                 f"FROM string_to_table('{ids}', ',') one JOIN ticket t ON t.id = one::uuid, ticket_contact c WHERE c.ticket_id = '{called}'")

    def end(self):
        self.ask("SELECT setval(pg_get_serial_sequence('event', 'position'), (SELECT max(position) FROM event))")
        self.ask("UPDATE reactor SET position = (SELECT max(position) FROM event), xid = (SELECT max(xid) FROM event)::text::bigint")
        for command in ("VACUUM (ANALYZE)", "CHECKPOINT"):
            self.ask(command)

    def finish(self):
        for copy in self.copies.values():
            copy.stdin.close()
            if copy.wait():
                raise SystemExit("COPY failed")
