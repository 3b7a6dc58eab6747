# 点单, in turn with pgbench doing BEGIN + 3 INSERTs + COMMIT into the same tables, and with SQLite. To be sourced.
part_create() {
  # Both are measured in turn, at once.
  [ "$1" = PostgreSQL ] || return 0
  local tokens=() lite=() app app_url lite_app lite_url files=() n
  # Of its own, so that nobody follows what pgbench writes.
  "${psql[@]}" -c 'DROP DATABASE IF EXISTS plain' -c "CREATE DATABASE plain TEMPLATE tickets_$small" postgres
  open PostgreSQL $small; app=$server app_url=$url
  for n in 1 2 3 4 5 6 7 8; do tokens+=("$(token resident "居民$n" --place $county)"); done
  open SQLite $small; lite_app=$server lite_url=$url
  for n in 1 2 3 4 5 6 7 8; do lite+=("$(token resident "居民$n" --place $county)"); done
  # Some to take as models.
  time=1 measure warm create PostgreSQL $small "$app" -s bench/create.lua "$app_url" -- "$dir/bodies" "warm$RANDOM" "${tokens[@]}"
  time=1 measure warm create SQLite $small "$lite_app" -s bench/create.lua "$lite_url" -- "$dir/bodies" "warm$RANDOM" "${lite[@]}"
  rm -f "$dir"/insert-*.sql
  python3 bench/load.py inserts "$dir" 64 "${psql[@]}" tickets_$small
  for n in "$dir"/insert-*.sql; do files+=(-f "$n"); done
  for n in $(seq $rounds); do
    measure create create PostgreSQL $small "$app" -s bench/create.lua "$app_url" -- "$dir/bodies" "a$n$RANDOM" "${tokens[@]}"
    by_pgbench create create $small plain "${files[@]}"
    measure create create SQLite $small "$lite_app" -s bench/create.lua "$lite_url" -- "$dir/bodies" "b$n$RANDOM" "${lite[@]}"
  done
  memory PostgreSQL 'create' "$app"; memory SQLite 'create' "$lite_app"
}

# memory BACKEND WHAT PID: megabytes at most so far, and now.
memory() {
  line memory "$2" "$1" "" $(awk '/VmHWM|VmRSS/ {printf "%.0f ", $2 / 1024}' "/proc/$3/status")
}
