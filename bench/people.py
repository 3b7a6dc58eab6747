"""Enters people and units over the API, so that generated tickets have somebody to concern: people.py URL CODES FILE, the codes
of the communities with commas between.

A grid worker a community, units with a handler each, many residents, one caller with a phone number.
"""
import json
import sys
from concurrent.futures import ThreadPoolExecutor

from client import Client
from draw import HOME

RESIDENTS, UNITS, AT_ONCE = 4000, 18, 4
base, codes, file = sys.argv[1:]
admin, _ = Client(base).login("县管理员赵敏")
units = [("01990000-0000-7000-8000-000000000091", "01990000-0000-7000-8000-000000000007"),
         ("01990000-0000-7000-8000-000000000092", "01990000-0000-7000-8000-000000000008")]
workers = {HOME: "01990000-0000-7000-8000-000000000003"}


def id_of(answer):
    return answer.get("id") or answer["user"]["id"]


for i in range(UNITS):
    unit = id_of(admin.call("/units", {"name": f"市属单位{i + 1}", "place": HOME[:6]}))
    handler = admin.call("/users", {"name": f"经办人{i + 1}", "grants": [{"role": "department_handler", "unit": unit}]})
    units.append((unit, id_of(handler)))
for code in codes.split(","):
    if code not in workers:
        worker = admin.call("/users", {"name": "网格员" + code[6:], "grants": [{"role": "grid_worker", "places": [code]}]})
        workers[code] = id_of(worker)


def some(first):
    client = Client(base)
    return [client.login(f"居民{i + 1}")[1]["user"]["id"] for i in range(first, RESIDENTS, AT_ONCE)]


with ThreadPoolExecutor(AT_ONCE) as pool:
    parts = list(pool.map(some, range(AT_ONCE)))
residents = [parts[i % AT_ONCE][i // AT_ONCE] for i in range(RESIDENTS)]
clerk, _ = Client(base).login("社区书记陈红梅")
called = clerk.call("/tickets", {"content": "电话反映：路灯不亮", "place": {"code": HOME}, "channel": "hotline",
                                 "contact": {"name": "来电人", "phone": "13800001234"}})["id"]
with open(file, "w") as out:
    json.dump({"units": units, "workers": workers, "residents": residents, "called": called}, out)
