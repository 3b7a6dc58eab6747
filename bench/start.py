"""Milliseconds from starting the program until /health answers, and until a page of tickets does: medians of five starts.

start.py PROGRAM TOKEN: what else the server needs is in the environment.
"""
import http.client
import os
import socket
import statistics
import subprocess
import sys
import time

program, token = sys.argv[1:]
took = {"/health": [], "/api/v1/tickets": []}
for _ in range(5):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    env = dict(os.environ, HUYING_LISTEN=f"127.0.0.1:{port}", RUST_LOG="warn")
    begin = time.perf_counter()
    server = subprocess.Popen([program, "serve"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for path, times in took.items():
            while True:
                wire = http.client.HTTPConnection("127.0.0.1", port)
                try:
                    wire.request("GET", path, headers={"authorization": "Bearer " + token})
                    if wire.getresponse().status == 200:
                        break
                except OSError:
                    if server.poll() is not None or time.perf_counter() - begin > 60:
                        raise SystemExit("it does not start")
                time.sleep(0.001)
            times.append((time.perf_counter() - begin) * 1000)
    finally:
        server.terminate()
        server.wait()
print(*(f"{statistics.median(times):.0f}" for times in took.values()))
