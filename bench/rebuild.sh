#!/usr/bin/env bash
# Measures `huying rebuild` over a long log, on a private PostgreSQL and on SQLite: seconds and peak memory. The log holds so
# many copies of the longest history of the example data, each in a community and on a minute of its own.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
events=${EVENTS:-1000000}

# measure BACKEND REACTOR: a line of the table.
measure() {
  python3 - "$1" "$2" "$huying" <<'PYTHON'
import resource, subprocess, sys, time
backend, reactor, huying = sys.argv[1:]
begin = time.monotonic()
said = subprocess.run([huying, "rebuild", reactor], check=True, capture_output=True, text=True).stdout
seconds = time.monotonic() - begin
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"| {reactor} | {backend} | {said.split('：')[1].split()[0]} | {seconds:.1f} | {peak:.0f} |")
PYTHON
}

start_postgres
"${psql[@]}" -c 'CREATE DATABASE huying' postgres

echo "| what | database | events | seconds | peak MB |"
echo "|---|---|---|---|---|"

DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/huying; export DATABASE_URL
serve; stop
"${psql[@]}" huying <<SQL
CREATE TEMP TABLE model AS SELECT e.* FROM event e WHERE e.stream =
  (SELECT stream FROM event WHERE aggregate = 'ticket' GROUP BY stream ORDER BY count(*) DESC, stream LIMIT 1);
CREATE TEMP TABLE here AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS k FROM place WHERE length(code) = 12;
INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload)
  SELECT md5('copy' || n)::uuid, m.stream_version, m.kind, m.v, m.actor, h.code, m.text_id,
    m.occurred_at + n * interval '1 minute', m.recorded_at + n * interval '1 minute',
    CASE m.kind WHEN 'submitted' THEN jsonb_set(jsonb_set(m.payload, '{fact,ticket}', to_jsonb(md5('copy' || n)::uuid::text)),
      '{fact,place,code}', to_jsonb(h.code)) ELSE m.payload END
  FROM generate_series(1, $events / (SELECT count(*) FROM model)) n, here h, model m
  WHERE h.k = n % (SELECT count(*) FROM here) ORDER BY n, m.stream_version;
VACUUM ANALYZE event;
CHECKPOINT;
SQL
for reactor in figures flags; do measure PostgreSQL $reactor; done
unset DATABASE_URL

serve; stop
python3 - "$dir/data/huying.db" "$events" <<'PYTHON'
import hashlib, sqlite3, sys, uuid
file, events = sys.argv[1], int(sys.argv[2])
db = sqlite3.connect(file, isolation_level=None)
db.create_function("copy_id", 1, lambda n: uuid.UUID(hashlib.md5(f"copy{n}".encode()).hexdigest()).bytes, deterministic=True)
db.create_function("copy_name", 1, lambda n: str(uuid.UUID(hashlib.md5(f"copy{n}".encode()).hexdigest())), deterministic=True)
db.executescript(f"""
BEGIN;
CREATE TEMP TABLE model AS SELECT * FROM event WHERE stream =
  (SELECT stream FROM event WHERE aggregate = 'ticket' GROUP BY stream ORDER BY count(*) DESC, stream LIMIT 1);
CREATE TEMP TABLE here AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS k FROM place WHERE length(code) = 12;
CREATE TEMP TABLE copy AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s
  WHERE n < {events} / (SELECT count(*) FROM model)) SELECT n, copy_id(n) AS id, copy_name(n) AS name FROM s;
INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload)
  SELECT c.id, m.stream_version, m.kind, m.v, m.actor, h.code, m.text_id,
    strftime('%Y-%m-%dT%H:%M:%S+00:00', unixepoch(m.occurred_at) + c.n * 60, 'unixepoch'),
    strftime('%Y-%m-%dT%H:%M:%S+00:00', unixepoch(m.recorded_at) + c.n * 60, 'unixepoch'),
    CASE m.kind WHEN 'submitted' THEN json_set(m.payload, '$.fact.ticket', c.name, '$.fact.place.code', h.code) ELSE m.payload END
  FROM copy c JOIN here h ON h.k = c.n % (SELECT count(*) FROM here) CROSS JOIN model m ORDER BY c.n, m.stream_version;
COMMIT;
""")
PYTHON
for reactor in figures flags; do measure SQLite $reactor; done
