# The data: four databases, of $small and of $large tickets on PostgreSQL and on SQLite. To be sourced.
opened=()

# on BACKEND SIZE: the settings of a server on that data.
on() {
  if [ "$1" = SQLite ]; then unset DATABASE_URL; export HUYING_DATA_DIR=$dir/data-$2
  else export DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/tickets_$2 HUYING_DATA_DIR=$dir/data-none; fi
}

# open BACKEND SIZE: a server with everything on, limits of rates that nobody reaches; its `server` and `url`.
open() {
  on "$1" "$2"
  # What serve sets besides, tokens, the parts ask for themselves.
  launch
  opened+=("$server")
}
launch() {
  local port; port=$(free_port)
  HUYING_LISTEN=127.0.0.1:$port HUYING_RATE_TICKETS=1000000/1s HUYING_RATE_CALLS=1000000/1s HUYING_RATE_LOGINS=1000000/1s \
    "$huying" serve "$@" >"$dir/out.$port" 2>"$dir/log.$port" &
  server=$!; servers+=("$server"); url=http://127.0.0.1:$port
  for _ in $(seq 600); do grep -qs listening "$dir/out.$port" && return; kill -0 "$server" || break; sleep 0.05; done
  head -5 "$dir/log.$port" >&2; return 1
}
close_all() {
  [ ${#opened[@]} = 0 ] || { kill "${opened[@]}" 2>/dev/null; wait "${opened[@]}"; } || true
  servers=(); opened=()
}

# token ROLE PERSON --place CODE, or --unit ID: of somebody of the example, or a resident.
token() { "$huying" token --role "$1" --person "$2" "${@:3}" --ttl 3h; }
county=532504 street=532504001 home=532504001007 unit=01990000-0000-7000-8000-000000000091 unit2=01990000-0000-7000-8000-000000000092
worker_id=01990000-0000-7000-8000-000000000003

begin_all() {
  local free need
  # Of a million tickets each database takes nine gigabytes, and PostgreSQL's log of writes four.
  free=$(df --output=avail -BG "$dir" | tail -1 | tr -dc 0-9); need=$((6 + large / 100000))
  [ "$free" -ge $need ] || { echo "$dir 所在磁盘剩 ${free} GB，至少要 $need GB；请换 TMPDIR 或减少 TICKETS" >&2; exit 1; }
  start_postgres -c shared_preload_libraries=auto_explain -c "log_line_prefix='%p %d '"
  fact seconds "$seconds"; fact tickets "$large"; fact postgres "$("$pg_bin/postgres" --version | grep -o '[0-9.]*' | head -1)"
  [ -f "$dir/models.json" ] || python3 bench/models.py "$huying" "$dir/models" "$dir/models.json"
  for backend in PostgreSQL SQLite; do fill $backend $small; done
  python3 bench/load.py bodies "$dir/bodies" "$dir/people-PostgreSQL-$small.json" 2000
}

fill() {
  local backend=$1 size=$2 people=$dir/people-$1-$2.json codes begin=$SECONDS
  [ ! -f "$dir/filled-$1-$2" ] || return 0
  say "filling $size tickets into $backend"
  on "$backend" "$size"
  if [ "$backend" = PostgreSQL ]; then
    "${psql[@]}" -c "DROP DATABASE IF EXISTS tickets_$size" -c "CREATE DATABASE tickets_$size" postgres
  else rm -rf "$HUYING_DATA_DIR"; fi
  launch --demo mile
  codes=$(grep -o '^[0-9]\{12\}' api/demo/mile-places.csv | paste -sd,)
  python3 bench/people.py "$url" "$codes" "$people"
  settle "$server"; kill "$server"; wait "$server" || true; servers=()
  if [ "$backend" = PostgreSQL ]; then
    python3 bench/fill.py "$dir/models.json" "$people" "$size" postgres "${psql[@]}" "tickets_$size"
  else
    python3 bench/fill.py "$dir/models.json" "$people" "$size" sqlite "$HUYING_DATA_DIR/huying.db"
  fi
  "$huying" rebuild figures >&2
  touch "$dir/filled-$1-$2"
  say "$size tickets in $backend after $((SECONDS - begin)) s"
}

# Makes room for the other.
drop() {
  [ -z "${BENCH_DIR:-}" ] || return 0
  if [ "$1" = PostgreSQL ]; then "${psql[@]}" -c "DROP DATABASE tickets_$2" postgres; else rm -rf "$dir/data-$2"; fi
}
