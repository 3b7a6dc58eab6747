"""Turns a model of `models.py` into rows of other tickets: what is about one ticket becomes slots, all else stays."""
import re
import uuid
from datetime import datetime, timedelta
from operator import itemgetter

TOKEN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)"
    r"|\d{6}-\d{6}-\d{5,}"
    r"|(?<=\")\d{12}(?=\")|(?<=\")\d{9}(?=\")"
    r"|(?<=\"category\":\")\w+|(?<=\"channel\":\")\w+"
)
RESIDENTS = ["01990000-0000-7000-8000-000000000001", "01990000-0000-7000-8000-000000000002"]
WORKERS = ["01990000-0000-7000-8000-000000000003", "01990000-0000-7000-8000-000000000005"]
UNITS = ["01990000-0000-7000-8000-000000000091", "01990000-0000-7000-8000-000000000092"]
HANDLERS = ["01990000-0000-7000-8000-000000000007", "01990000-0000-7000-8000-000000000008"]
# Columns that hold the numbers of the codes.
NUMBERS = {"street": "street", "community": "code", "county": None}


class Copies:
    """Rows of copies. `values` of a copy go in as a dictionary by slot; see `slots`."""

    def __init__(self, name, rows, types, binary):
        ticket = rows["ticket"][0]
        self.name, self.binary = name, binary
        self.begin = datetime.fromisoformat(ticket["created_at"])
        self.texts = [row["id"] for row in rows["free_text"]]
        self.ids = {ticket["id"]: "id", ticket["place_id"]: "place"}
        self.ids |= {id: f"text{i}" for i, id in enumerate(self.texts)}
        for names, slot in ((RESIDENTS, "resident"), (WORKERS, "worker")):
            self.ids |= {id: slot for id in names}
        for i in (0, 1):
            self.ids |= {UNITS[i]: f"unit{i}", HANDLERS[i]: f"handler{i}"}
        self.code, self.number, self.content = ticket["scope_code"], ticket["number"], ticket["content_id"]
        self.slots, self.times = [], {}
        self.latest, self.next = timedelta(), None
        for event in rows["event"]:
            # What the sweep wrote a month late is written in its time.
            event["recorded_at"] = event["occurred_at"]
            event.pop("position", None)
            event.pop("xid", None)
            self.latest = max(self.latest, datetime.fromisoformat(event["occurred_at"]) - self.begin)
        ticket["updated_at"] = (self.begin + self.latest).isoformat(timespec="microseconds")
        if ticket["next_at"]:
            self.next = datetime.fromisoformat(ticket["next_at"]) - self.begin
        self.tables = {table: [self.row(table, types[table], row) for row in rows[table]] for table in rows}
        self.events = len(rows["event"])

    def slot(self, name):
        if name not in self.slots:
            self.slots.append(name)
        return self.slots.index(name)

    def time(self, text, form):
        offset = datetime.fromisoformat(text.replace("Z", "+00:00")) - self.begin
        return self.slot((form, offset // timedelta(microseconds=1)))

    def token(self, text):
        """The slot that a token of JSON goes into; `None` when it stays."""
        if len(text) == 36 and text[8] == "-":
            return None if text not in self.ids else self.slot(self.ids[text])
        if "T" in text[10:11]:
            return self.time(text, "Z")
        if text == self.number:
            return self.slot("number")
        if text == self.code:
            return self.slot("code")
        if text == self.code[:9]:
            return self.slot("street")
        return None

    def json(self, text):
        """Format and slots of a JSON text."""
        pieces, slots, end = [], [], 0
        for found in TOKEN.finditer(text):
            before = text[max(0, found.start() - 12):found.start()]
            kind = next((kind for kind in ("category", "channel") if before.endswith(f'"{kind}":"')), None)
            slot = self.slot(kind) if kind else self.token(found.group(0))
            if slot is not None:
                pieces.append(text[end:found.start()].replace("%", "%%"))
                slots.append(slot)
                end = found.end()
        return "%s".join([*pieces, text[end:].replace("%", "%%")]), slots

    def row(self, table, types, row):
        """For each column its name and what it holds: a constant, a slot, or a JSON text."""
        cells = []
        for name, value in row.items():
            kind = types[name]
            if value is None:
                cells.append((name, "constant", None))
            elif name in ("category", "channel"):
                cells.append((name, "slot", self.slot(name)))
            elif "uuid" in kind:
                slot = self.ids.get(value)
                form = uuid.UUID(value).bytes if self.binary else value
                cells.append((name, "constant", form) if slot is None else
                             (name, "slot", self.slot(("bytes", slot) if self.binary else slot)))
            elif "timestamp" in kind:
                cells.append((name, "slot", self.time(value, "+00:00")))
            elif "json" in kind:
                cells.append((name, "json", self.json(value)))
            elif name in NUMBERS:
                cells.append((name, "slot", self.slot(NUMBERS[name])) if NUMBERS[name] else (name, "constant", value))
            elif name == "excerpt":
                cells.append((name, "slot", self.slot("excerpt")))
            elif table == "free_text" and name == "body" and row["id"] == self.content:
                cells.append((name, "slot", self.slot("content")))
            elif value == self.number:
                cells.append((name, "slot", self.slot("number")))
            elif value == self.code or value == self.code[:9]:
                cells.append((name, "slot", self.slot("code" if value == self.code else "street")))
            else:
                flag = "boolean" in kind and not self.binary
                cells.append((name, "constant", "ft"[value] if flag else value))
        return cells

    def columns(self, table):
        """Names of the columns."""
        return [name for name, _, _ in self.tables[table][0]]

    def fits(self, age):
        """Whether a ticket so old can look like this: all is past, and nothing is due before tomorrow."""
        return self.latest < age and (self.next is None or self.next > age + timedelta(days=1))

    def values(self, known, created):
        """What fills the slots of a copy."""
        values = []
        for slot in self.slots:
            if isinstance(slot, str):
                values.append(known[slot])
            elif slot[0] == "bytes":
                values.append(uuid.UUID(known[slot[1]]).bytes)
            else:
                at = created + timedelta(microseconds=slot[1])
                values.append(at.isoformat(timespec="microseconds") + slot[0])
        return values


def getter(slots):
    """As `itemgetter`, always with a tuple."""
    if len(slots) == 1:
        return lambda values, i=slots[0]: (values[i],)
    return itemgetter(*slots) if slots else lambda values: ()
