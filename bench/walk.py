"""Turns pages: walk.py URL TOKEN PATH PAGES. Prints the ids of what it saw, and `cursor CURSOR` of the page after those."""
import sys

from client import Client

base, token, path, pages = sys.argv[1:]
client, cursor = Client(base, token), ""
for _ in range(int(pages)):
    page = client.call(path + cursor)
    for item in page["items"]:
        print(item["id"])
    if not page["next_cursor"]:
        raise SystemExit("there are no so many pages")
    cursor = ("&" if "?" in path else "?") + "cursor=" + page["next_cursor"]
print("cursor", cursor.split("=", 1)[1])
