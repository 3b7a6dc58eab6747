"""How long after a POST is answered what follows from it is seen, asked for over and over: messages, figures, flags.

latency.py BASE-URL NAME RESIDENT CLERK WORKER: a line of the table of `bench/clocks.sh`; the last three are tokens.
"""
import http.client
import json
import statistics
import sys
import time
from urllib.parse import urlparse

TRIES = 40
base, name, resident, clerk, worker = sys.argv[1:]
where = urlparse(base)
wire = http.client.HTTPConnection(where.hostname, where.port)


def call(token, path, body=None):
    headers = {"authorization": "Bearer " + token, "content-type": "application/json"}
    wire.request("GET" if body is None else "POST", "/api/v1" + path, None if body is None else json.dumps(body), headers)
    answer = wire.getresponse()
    text = answer.read()
    assert answer.status < 300, (path, answer.status, text[:300])
    return json.loads(text)


def seen(is_there):
    begin = time.perf_counter()
    while not is_there():
        assert time.perf_counter() - begin < 30
    return (time.perf_counter() - begin) * 1000


def is_told(ticket):
    items = call(clerk, "/me/inbox?limit=3")["items"]
    return any((item["ticket"] or {}).get("id") == ticket for item in items)


def submitted():
    return call(clerk, "/figures?place=532504001007")["totals"]["submitted"]


def flags():
    return call(worker, "/flags/count")["held"]


handler = call(worker, "/me")["user"]["id"]
took = {"inbox": [], "figure": [], "flag": []}
for _ in range(TRIES):
    time.sleep(0.2)
    lamp = {"content": "北门的路灯不亮", "place": {"code": "532504001007"}, "severity": "small"}
    ticket = "/tickets/" + call(resident, "/tickets", lamp)["id"]
    took["inbox"].append(seen(lambda: is_told(ticket.removeprefix("/tickets/"))))
    before = submitted()
    call(resident, "/tickets", lamp)
    took["figure"].append(seen(lambda: submitted() > before))
    call(clerk, ticket + "/dispatch", {"lead": {"person": handler}})
    call(worker, ticket + "/accept", {})
    call(worker, ticket + "/resolve", {"outcome": "solved", "reply": "已更换灯泡"})
    before = flags()
    call(resident, ticket + "/rate", {"satisfaction": "satisfied"})
    took["flag"].append(seen(lambda: flags() > before))
cells = ["median %.0f ms, at most %.0f" % (statistics.median(ms), max(ms)) for ms in took.values()]
print("| %s | %s |" % (name, " | ".join(cells)))
