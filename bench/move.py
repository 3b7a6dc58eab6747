"""Moves a community while six clients read pages, read a ticket and file tickets, and says how long each of them waited
before and meanwhile. Arguments: the server, an administrator's and a resident's token, and a command that counts what is left.
"""
import http.client
import json
import subprocess
import sys
import threading
import time

url, admin, resident, *count = sys.argv[1:]
host = url.split("//")[1]
waits = {"page": [], "ticket": [], "create": []}
ended = threading.Event()


def call(connection, method, path, token, body=None, key=None):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    if key:
        headers["idempotency-key"] = key
    connection.request(method, f"/api/v1{path}", body and json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read()


def client(kind, number, ticket):
    connection = http.client.HTTPConnection(host, timeout=30)
    lamp = {"content": "搬迁期间报修路灯", "place": {"code": "532504002001"}}
    turn = 0
    while not ended.is_set():
        turn += 1
        begun = time.time()
        if kind == "page":
            status, _ = call(connection, "GET", "/tickets?place=532504&limit=20", admin)
        elif kind == "ticket":
            status, _ = call(connection, "GET", ticket, admin)
        else:
            status, _ = call(connection, "POST", "/tickets", resident, lamp, f"move-{number}-{turn}-{begun}")
        waits[kind].append((begun, time.time() - begun, status))
        time.sleep(0.01)


def left():
    return int(subprocess.run(count, capture_output=True, text=True, check=True).stdout.strip())


def one(method, path, body=None):
    status, answer = call(http.client.HTTPConnection(host, timeout=60), method, path, admin, body)
    assert status == 200, answer
    return json.loads(answer)


first = one("GET", "/tickets?place=532504&limit=1")["items"][0]["id"]
clients = [threading.Thread(target=client, args=(kind, n, f"/tickets/{first}"), daemon=True) for n in range(2) for kind in waits]
for thread in clients:
    thread.start()
time.sleep(8)
tickets = left()
place = one("GET", "/places?code=532504001007")["items"][0]["id"]
began = time.time()
one("POST", f"/places/{place}/move", {"parent": "532504002", "reason": "区划调整"})
answered = time.time()
while left() and time.time() - began < 600:
    time.sleep(1)
along = time.time()
ended.set()
print(f"| {tickets:,} tickets moved: the call, until all went along | {(answered - began) * 1000:.0f} ms, {along - began:.0f} s |")
print("| | before: median, 99%, at most | meanwhile |")
print("|---|---|---|")
for kind, all_of in waits.items():
    cells = []
    for begin, end in ((0, began), (began, along)):
        took = sorted(wait * 1000 for at, wait, _ in all_of if begin <= at < end)
        cells.append(f"{took[len(took) // 2]:.1f}, {took[int(len(took) * 0.99)]:.1f}, {took[-1]:.0f} ms")
    statuses = sorted({status for _, _, status in all_of})
    print(f"| {kind} ({', '.join(map(str, statuses))}) | {cells[0]} | {cells[1]} |")
