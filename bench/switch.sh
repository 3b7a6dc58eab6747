#!/usr/bin/env bash
# What people notice when a county is switched to an edited playbook again and again while they file and read tickets:
# requests a second and refusals, with RATE switches a second (4) and without, on PostgreSQL with fsync on and on SQLite.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=${SECONDS_EACH:-10} rate=${RATE:-4}
load() { wrk -t1 -c8 -d"${seconds}s" -s bench/switch.lua "$url" -- "$token" "/api/v1/tickets?mine=true&limit=20"; }
refused() { awk '/Non-2xx/ {n += $NF} /Socket errors/ {n += $4 + $6 + $8 + $10} END {print n + 0}' "$1"; }
persecond() { awk '/Requests\/sec/ {print int($2)}' "$1"; }
echo "| | requests a second | while switched | switches | slowest switch | refused |"
echo "|---|---|---|---|---|---|"
measure() {
  serve
  local admin; admin=$("$huying" token --role county_admin --place 532504 --person 县管理员赵敏 --ttl 1h)
  load >"$dir/warm"
  load >"$dir/still"
  python3 bench/switch.py "$url" "$admin" "$seconds" "$rate" >"$dir/switches" & local switching=$!
  load >"$dir/switched"
  wait "$switching"
  local switches slowest; read -r switches slowest <"$dir/switches"
  echo "| $1 | $(persecond "$dir/still") | $(persecond "$dir/switched") | $switches | $slowest ms | $(($(refused "$dir/still") + $(refused "$dir/switched"))) |"
  stop
}
start_postgres
"${psql[@]}" -c 'CREATE DATABASE huying' postgres
DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/huying measure PostgreSQL
measure SQLite
