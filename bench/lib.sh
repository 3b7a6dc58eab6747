# What the measurements share: a private PostgreSQL with fsync on, servers of the release build, CPU time. To be sourced.
# BENCH_DIR is a directory that stays, with what was filled in; without it everything goes at the end.
cd "$(dirname "${BASH_SOURCE[0]}")/.."
huying=${HUYING_BIN:-$PWD/target/release/huying}
pg_bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
PATH=$PATH:$pg_bin
need=()
for tool in psql pgbench pg_ctl; do command -v "$tool" >/dev/null || need+=(postgresql postgresql-contrib); done
[ -f "$(pg_config --pkglibdir 2>/dev/null || echo "${pg_bin%/bin}/lib")/auto_explain.so" ] || need+=(postgresql-contrib)
for tool in wrk python3 curl; do command -v "$tool" >/dev/null || need+=("$tool"); done
[ ${#need[@]} = 0 ] || { echo "缺少程序；请先：apt-get install $(printf '%s\n' "${need[@]}" | sort -u | xargs)" >&2; exit 1; }
if [ -n "${BENCH_DIR:-}" ]; then mkdir -p "$BENCH_DIR"; dir=$(cd "$BENCH_DIR" && pwd); else dir=$(mktemp -d "${TMPDIR:-/tmp}/huying-bench.XXXXXX"); fi
chmod 711 "$dir"
as_postgres() { if [ "$(id -u)" = 0 ]; then (cd /tmp && runuser -u postgres -- "$@"); else "$@"; fi; }
servers=()
finish() {
  [ ${#servers[@]} = 0 ] || { kill "${servers[@]}"; wait "${servers[@]}"; } 2>/dev/null || true
  [ ! -f "$dir/pg/postmaster.pid" ] || as_postgres "$pg_bin/pg_ctl" -s -D "$dir/pg" -m fast stop || true
  [ -n "${BENCH_DIR:-}" ] || rm -rf "$dir"
}
trap finish EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# CPU ticks (10 ms) of a process and of its children, those that have ended included.
ticks() {
  local total=0 pid
  for pid in "$@"; do
    total=$((total + $(awk '{print $14 + $15 + $16 + $17}' "/proc/$pid/stat" 2>/dev/null || echo 0)))
  done
  echo "$total"
}
postgres_ticks() {
  [ -f "$dir/pg/postmaster.pid" ] || { echo 0; return; }
  local main; main=$(head -1 "$dir/pg/postmaster.pid")
  ticks "$main" $(pgrep -P "$main")
}

serve() {
  local port; port=$(free_port)
  HUYING_LISTEN=127.0.0.1:$port "$huying" serve --demo mile >"$dir/out.$port" 2>"$dir/log.$port" &
  server=$!; servers+=("$server")
  for _ in $(seq 100); do grep -qs listening "$dir/out.$port" && break; sleep 0.1; done
  url=http://127.0.0.1:$port
  token=$("$huying" token --role resident --place 532504 --person 居民王芳 --ttl 1h)
  clerk=$("$huying" token --role community_clerk --place 532504001007 --person 社区书记陈红梅 --ttl 1h)
}
stop() { kill "${servers[@]}"; wait "${servers[@]}" || true; servers=(); }


# Starts PostgreSQL; options of its own come as arguments.
start_postgres() {
  if [ ! -d "$dir/pg" ]; then
    [ "$(id -u)" != 0 ] || { mkdir "$dir/pg"; chown postgres "$dir/pg"; }
    as_postgres "$pg_bin/initdb" -A trust -U postgres --locale=C.UTF-8 -D "$dir/pg" >/dev/null
  fi
  pg_port=$(free_port)
  as_postgres "$pg_bin/pg_ctl" -s -w -D "$dir/pg" -l "$dir/pg/log" \
    -o "-p $pg_port -h 127.0.0.1 -k '' -c shared_buffers=512MB -c max_wal_size=4GB $*" start
  psql=("$pg_bin/psql" -qAt -h 127.0.0.1 -p "$pg_port" -U postgres)
}

export PYTHONDONTWRITEBYTECODE=1 HUYING_DATA_DIR=$dir/data HUYING_MASTER_KEY=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
