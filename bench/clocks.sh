#!/usr/bin/env bash
# How long what follows from an event takes to be seen; how far behind their time limits ring: DUE of them (10,000) within
# one second, among OPEN tickets (1,000,000), on PostgreSQL with fsync on; and what the database costs while nothing is due.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
open=${OPEN:-1000000} due=${DUE:-10000} idle=${IDLE_SECONDS:-60}

echo "| answered, and seen after | inbox | figure | red flag |"
echo "|---|---|---|---|"
follow() {
  local worker; worker=$("$huying" token --role grid_worker --place 532504001007 --person 网格员孙强 --ttl 1h)
  python3 bench/latency.py "$url" "$1" "$token" "$clerk" "$worker"
}
serve; follow SQLite; stop
start_postgres -c shared_preload_libraries=pg_stat_statements
"${psql[@]}" -c 'CREATE DATABASE huying' postgres
DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/huying; export DATABASE_URL
serve
sql() { "${psql[@]}" huying "$@"; }
follow PostgreSQL
echo
curl -sf -o "$dir/ticket" -H "authorization: Bearer $token" -H 'content-type: application/json' "$url/api/v1/tickets" \
  -d '{"content": "北门的路灯不亮", "place": {"code": "532504001007"}, "severity": "small"}'
sample=$(grep -o '"id":"[^"]*"' "$dir/ticket" | head -1 | cut -d'"' -f4)
stop

echo "filling in $open open tickets, $due of them due in one second" >&2
# Copies of one ticket with its history; those that are due have one limit at that moment, all others lie days ahead.
soon=$(sql -c "SELECT date_trunc('second', now()) + interval '1 second' * greatest(60, $open / 8000)")
names=$(sql -c "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns WHERE table_name = 'ticket'
  AND column_name NOT IN ('id', 'number', 'next_at', 'owed_since', 'state')")
sql <<SQL
SET synchronous_commit = off;
CREATE TEMP TABLE copy AS SELECT n, md5('copy' || n)::uuid AS id, '532504-261120-' || n AS number,
  CASE WHEN n <= $due THEN '$soon'::timestamptz + (n % 1000) * interval '1 ms' ELSE now() + (n % 20 + 10) * interval '1 day' END AS due
  FROM generate_series(1, $open) n;
CREATE TEMP TABLE made AS SELECT c.n, c.id, c.number, c.due,
  to_jsonb(to_char(c.due AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) AS at FROM copy c;
INSERT INTO ticket (id, number, next_at, owed_since, state, $names)
  SELECT m.id, m.number, m.due, m.due, jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(t.state,
    '{id}', to_jsonb(m.id)), '{number}', to_jsonb(m.number)), '{clocks,0,due_at}', m.at), '{clocks,0,warn_at}', m.at),
    '{clocks,1,due_at}', '"2099-01-01T00:00:00Z"'), '{clocks,1,warn_at}', '"2099-01-01T00:00:00Z"'), $names
  FROM made m, ticket t WHERE t.id = '$sample';
INSERT INTO clock (ticket_id, kind, round, started_at, due_at, warn_at, policy_version)
  SELECT m.id, k.kind, k.round, k.started_at, m.due, m.due, k.policy_version FROM made m, clock k
  WHERE k.ticket_id = '$sample' AND m.n <= $due;
INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload)
  SELECT m.id, 1, e.kind, e.v, e.actor, e.scope_code, e.text_id, e.occurred_at, e.recorded_at,
    jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(jsonb_set(e.payload, '{fact,ticket}', to_jsonb(m.id)),
      '{fact,number}', to_jsonb(m.number)), '{clocks,0,due_at}', m.at), '{clocks,0,warn_at}', m.at),
      '{clocks,1,due_at}', '"2099-01-01T00:00:00Z"'), '{clocks,1,warn_at}', '"2099-01-01T00:00:00Z"')
  FROM made m, event e WHERE e.stream = '$sample' AND e.stream_version = 1 AND m.n <= $due;
SQL
sql -c 'VACUUM ANALYZE' -c CHECKPOINT
# The moment is passed to the second: who fills in more slowly gets a later one.
[ "$(sql -c "SELECT now() + interval '10 seconds' < '$soon'")" = t ] || { echo "too slow: raise the time ahead" >&2; exit 1; }
serve
until [ "$(sql -c "SELECT now() >= '$soon'")" = t ]; do sleep 0.05; done
pg0=$(postgres_ticks); app0=$(ticks "$server")
until [ "$(sql -c "SELECT count(*) FROM event WHERE kind = 'breached' AND occurred_at >= '$soon'")" -ge "$due" ]; do
  sleep 0.1
  [ "$(sql -c "SELECT now() < '$soon'::timestamptz + interval '120 seconds'")" = t ] || { echo "not all rang" >&2; exit 1; }
done
last=$(sql -c "SELECT extract(epoch FROM now() - ('$soon'::timestamptz + interval '999 ms'))::numeric(10,2)")
pg1=$(postgres_ticks); app1=$(ticks "$server")
echo "| limits due in one second | open tickets | last written behind its time | decided behind their time: median, 99% | CPU of app and database |"
echo "|---|---|---|---|---|"
behind=$(sql -F ', ' -c "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late)::numeric(10,2) || ' s', percentile_cont(0.99) WITHIN GROUP (ORDER BY late)::numeric(10,2) || ' s'
  FROM (SELECT extract(epoch FROM recorded_at - occurred_at) AS late FROM event WHERE kind = 'breached' AND occurred_at >= '$soon') e")
echo "| $due | $open | $last s | $behind | $(awk "BEGIN {printf \"%.1f s, %.1f s\", ($app1 - $app0) / 100, ($pg1 - $pg0) / 100}") |"
twice=$(sql -c "SELECT count(*) FROM (SELECT stream FROM event WHERE kind = 'breached' AND occurred_at >= '$soon' GROUP BY stream HAVING count(*) > 1) e")
[ "$twice" = 0 ] || { echo "$twice tickets rang twice" >&2; exit 1; }
# What follows from the breaches must be over before nothing is measured, and nothing is cleaned up meanwhile.
sleep 20
sql -c 'VACUUM ANALYZE' -c 'ALTER SYSTEM SET autovacuum = off' -c 'SELECT pg_reload_conf()' -c CHECKPOINT \
  -c 'CREATE EXTENSION pg_stat_statements' >"$dir/quiet"
sleep 5
sql -c 'SELECT pg_stat_statements_reset()' >"$dir/quiet"
pg0=$(postgres_ticks); app0=$(ticks "$server")
sleep "$idle"
pg1=$(postgres_ticks); app1=$(ticks "$server")
spent() { sql -c "SELECT (sum(total_exec_time) / $idle)::numeric(10,3) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' AND query LIKE '$1'"; }
awk "BEGIN {printf \"\nnothing due, %d open: the whole database %.2f ms of CPU a second, the server %.2f\n\", $open, ($pg1 - $pg0) * 10 / $idle, ($app1 - $app0) * 10 / $idle}"
echo "of that in statements: $(spent %) ms, the sweep's $(spent 'SELECT id, next_at FROM ticket%')"
stop
