#!/usr/bin/env bash
# Measures the release build on SQLite and on PostgreSQL with fsync on, beside pgbench into the same tables, in one run:
# ratios and CPU µs a request. The machine is shared, so absolute rates are lower bounds. Prints a Markdown table.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

seconds=${SECONDS_EACH:-10}
clients=16
for tool in wrk pgbench; do
  command -v "$tool" >/dev/null || PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
  command -v "$tool" >/dev/null || { echo "缺少 $tool；请先：apt-get install wrk postgresql postgresql-contrib" >&2; exit 1; }
done
# measure NAME BACKEND wrk-arguments…: rate, p99, CPU µs of app and database.
measure() {
  local name=$1 backend=$2; shift 2
  local app0 pg0 app1 pg1 out requests
  app0=$(ticks "$server"); pg0=$(postgres_ticks)
  out=$(wrk --latency -t2 -c$clients -d"${seconds}s" "$@")
  app1=$(ticks "$server"); pg1=$(postgres_ticks)
  if grep -q 'Non-2xx' <<<"$out"; then echo "$out" >&2; exit 1; fi
  requests=$(awk '/requests in/ {print $1}' <<<"$out")
  rate=$(awk '/Requests\/sec/ {print $2}' <<<"$out")
  printf '| %s | %s | %.0f | %s | %.0f | %s |\n' "$name" "$backend" "$rate" \
    "$(awk '/^ *99%/ {print $2}' <<<"$out")" "$(awk "BEGIN {print ($app1 - $app0) * 10000 / $requests}")" \
    "$([ "$backend" = SQLite ] && echo – || awk "BEGIN {printf \"%.0f\", ($pg1 - $pg0) * 10000 / $requests}")"
}

# What is asked of one server; the lists look through what the creates have left.
suite() {
  local backend=$1
  measure create "$backend" -s bench/create.lua "$url" -- "$token" "$backend"
  create=$rate
  measure 'read one' "$backend" -s bench/read.lua "$url" -- "$clerk" /api/v1/tickets/01990000-0000-7000-8000-000000000105
  measure 'page of 20' "$backend" -s bench/read.lua "$url" -- "$clerk" /api/v1/tickets
}

start_postgres
"${psql[@]}" -c 'CREATE DATABASE huying' postgres

echo "| what | database | requests/s | p99 | app CPU µs | database CPU µs |"
echo "|---|---|---|---|---|---|"

DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/huying; export DATABASE_URL
serve; suite PostgreSQL; stop
postgres_create=$create

# Ten thousand people with five grants each: what a request costs must not depend on them. Two databases that are alike
# but for them, asked in turn.
"${psql[@]}" -c 'CREATE DATABASE crowded TEMPLATE huying' postgres
"${psql[@]}" crowded <<'SQL'
INSERT INTO app_user (id, name, grants_version, created_at)
  SELECT md5('person' || n)::uuid, u.name, 1, now() FROM (SELECT name FROM app_user LIMIT 1) u, generate_series(1, 10000) n;
INSERT INTO role_grant (id, user_id, role, scope)
  SELECT md5('grant' || n || '-' || g)::uuid, md5('person' || n)::uuid, 'grid_worker', '{"places": ["532504001007"]}'
  FROM generate_series(1, 10000) n, generate_series(1, 5) g;
INSERT INTO grant_place (grant_id, code, user_id)
  SELECT id, '532504001007', user_id FROM role_grant r WHERE NOT EXISTS (SELECT 1 FROM grant_place p WHERE p.grant_id = r.id);
SQL
for database in huying crowded; do "${psql[@]}" $database -c 'VACUUM ANALYZE' -c CHECKPOINT; done
serve; few=("$server" "$url" "$clerk")
DATABASE_URL=${DATABASE_URL%/*}/crowded serve; many=("$server" "$url" "$clerk")
for round in 1 2 3 4; do
  for whose in few many; do
    declare -n of=$whose
    server=${of[0]}
    measure "$whose" PostgreSQL -s bench/read.lua "${of[1]}" -- "${of[2]}" /api/v1/tickets/01990000-0000-7000-8000-000000000105 >>"$dir/$whose"
  done
done
# The mean of the rounds, and of p99 the worst.
mean() {
  awk -F' *\\| *' -v name="$1" '{ rate += $4; if ($5 + 0 > p99) p99 = $5 + 0; app += $6; pg += $7 }
    END { printf "| %s | PostgreSQL | %.0f | %.2fms | %.0f | %.0f |\n", name, rate / NR, p99, app / NR, pg / NR }' "$2"
}
mean 'read one, the people of the example' "$dir/few"
mean 'read one, 10,000 people more, 50,000 grants' "$dir/many"
people=$(awk -F'|' '{ sum[FILENAME] += $4 } END { for (name in sum) if (name ~ /many$/) many = sum[name]; else few = sum[name]; printf "%.2f", many / few }' "$dir/few" "$dir/many")
stop

# The same rows by hand: BEGIN, 3 INSERTs, COMMIT, into the same tables with the same indexes.
sample=$("${psql[@]}" huying -c "SELECT id FROM ticket ORDER BY created_at DESC LIMIT 1")
literal() { "${psql[@]}" huying -c "SELECT quote_literal($1) FROM ticket t JOIN event e ON e.stream = t.id JOIN free_text x ON x.id = t.content_id WHERE t.id = '$sample' AND e.stream_version = 1"; }
columns="version, status, county, street, community, scope_code, place_id, requester_id, category, severity, channel, round, content_id, next_at, owed_since, created_at, updated_at"
row=$("${psql[@]}" huying -c "SELECT format('%s,%L,%s,%s,%s,%L,%L,%L,%L,%L,%L,%s,%L,%L,%L', version, status, county, street, community, scope_code, place_id, requester_id, category, severity, channel, round, content_id, next_at, owed_since) FROM ticket WHERE id = '$sample'")
cat >"$dir/insert.sql" <<SQL
BEGIN;
INSERT INTO ticket (id, number, $columns, state, state_v) VALUES (gen_random_uuid(), gen_random_uuid()::text, $row, now(), now(), $(literal t.state::text), 1);
INSERT INTO event (stream, stream_version, kind, v, actor, scope_code, text_id, occurred_at, recorded_at, payload) VALUES (gen_random_uuid(), 1, 'submitted', 1, $(literal t.requester_id), '532504001007', $(literal x.id), now(), now(), $(literal e.payload::text));
INSERT INTO free_text (id, stream, body) VALUES (gen_random_uuid(), gen_random_uuid(), $(literal x.body));
COMMIT;
SQL
pg0=$(postgres_ticks)
tps=$(pgbench -n -M prepared -h 127.0.0.1 -p "$pg_port" -U postgres -c $clients -j 2 -T "$seconds" -f "$dir/insert.sql" huying \
  | awk '/^tps/ {print $3} /transactions actually processed/ {split($NF, n, "/"); print n[1] > "'"$dir/count"'"}')
pg1=$(postgres_ticks)
awk "BEGIN {printf \"| BEGIN + 3 INSERTs + COMMIT by pgbench | PostgreSQL | %.0f | | – | %.0f |\n\", $tps, ($pg1 - $pg0) * 10000 / $(cat "$dir/count")}"

unset DATABASE_URL
serve; suite SQLite; stop
sqlite_create=$create

awk "BEGIN {printf \"\nratios: create on PostgreSQL to pgbench %.2f; create on SQLite to PostgreSQL %.2f; reads with 10,000 people more to without %.2f\n\", $postgres_create / $tps, $sqlite_create / $postgres_create, $people}"
echo "commit $(git rev-parse --short HEAD), $(nproc) cores, $clients connections, ${seconds} s each, $("$pg_bin/postgres" --version)"
