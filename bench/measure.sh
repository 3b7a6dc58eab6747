# What measures. To be sourced. Each line of $results is a measurement or a fact; `bench/report.py` makes tables of them.
results=$dir/results.tsv
: >"$results"

say() { echo "$(date +%T) $*" >&2; }
fact() { printf 'fact\t%s\t%s\n' "$1" "$2" >>"$results"; }
cannot() { say "cannot be done: $*"; printf 'cannot\t%s\n' "$*" >>"$results"; }

# line PART WHAT BACKEND SIZE rate p50 p99 (ms) app database (CPU µs a request)
line() { (IFS=$'\t'; printf 'line\t%s\n' "$*") >>"$results"; say "$(printf '%s  ' "$@")"; }

# What wrk calls 812.00us, 1.20ms or 1.02s, as milliseconds.
milliseconds() { awk -v name="$1" '$1 == name { n = $2 + 0; print $2 ~ /us$/ ? n / 1000 : $2 ~ /[0-9]s$/ ? n * 1000 : n; exit }'; }

# Waits until a process has nothing more to do: what follows from requests counts as their CPU.
settle() {
  local before after
  for _ in $(seq 40); do
    before=$(ticks "$1"); sleep 0.25; after=$(ticks "$1")
    [ $((after - before)) -gt 1 ] || return 0
  done
}

# measure PART WHAT BACKEND SIZE PID wrk-arguments…
measure() {
  local key=("${@:1:4}") server=$5 app0 pg0 app1 pg1 out requests
  shift 5
  app0=$(ticks "$server"); pg0=$(postgres_ticks)
  out=$(wrk --latency -t2 -c$clients -d"${time:-$seconds}s" "$@") || { cannot "${key[*]}"; return 0; }
  settle "$server"
  app1=$(ticks "$server"); pg1=$(postgres_ticks)
  requests=$(awk '/requests in/ {print $1}' <<<"$out")
  if grep -q 'Non-2xx' <<<"$out" || [ "${requests:-0}" = 0 ]; then
    cannot "${key[*]}: $(grep -E 'Non-2xx|Socket' <<<"$out" | xargs)"; return 0
  fi
  line "${key[@]}" "$(awk '/Requests\/sec/ {print $2}' <<<"$out")" "$(milliseconds '50%' <<<"$out")" "$(milliseconds '99%' <<<"$out")" \
    "$(awk "BEGIN {print ($app1 - $app0) * 10000 / $requests}")" \
    "$([ "${key[2]}" = SQLite ] || awk "BEGIN {print ($pg1 - $pg0) * 10000 / $requests}")"
}

# by_pgbench PART WHAT SIZE DATABASE pgbench-arguments…: with the settings under which the server asks.
by_pgbench() {
  local key=("$1" "$2" pgbench "$3") database=$4 pg0 pg1 out
  shift 4
  rm -f "$dir"/latency.*
  pg0=$(postgres_ticks)
  out=$(cd "$dir" && PGOPTIONS='-c plan_cache_mode=force_generic_plan -c jit=off' pgbench -n -M prepared -h 127.0.0.1 -p "$pg_port" -U postgres \
    -c $clients -j 2 -T "${time:-$seconds}" -l --log-prefix=latency "$@" "$database" 2>"$dir/pgbench.err") ||
    { cannot "${key[*]}: $(grep -m1 ERROR "$dir/pgbench.err")"; return 0; }
  pg1=$(postgres_ticks)
  line "${key[@]}" "$(awk '/^tps/ {print $3}' <<<"$out")" \
    $(cat "$dir"/latency.* | awk '{print $3}' | sort -n | awk '{a[NR] = $1} END {print a[int(NR * 0.5) + 1] / 1000, a[int(NR * 0.99) + 1] / 1000}') "" \
    "$(awk "BEGIN {print ($pg1 - $pg0) * 10000 / $(cat "$dir"/latency.* | wc -l)}")"
  rm -f "$dir"/latency.*
}

# capture DATABASE URL: the statements of the calls on standard input, `NAME TOKEN PATH` a line, as $dir/sql/NAME.*
capture() {
  local missing
  mkdir -p "$dir/sql"
  missing=$(python3 bench/capture.py "$dir/pg/log" "$1" "$2" "$dir/sql" "${psql[@]}") || missing="statements of $1"
  [ -z "$missing" ] || cannot "$missing"
}
# The variables of a captured statement, as arguments of pgbench.
variables() {
  [ -f "$dir/sql/$1.set" ] || return 1
  variables=(); while read -r set; do variables+=(-D "$set"); done <"$dir/sql/$1.set"
}
