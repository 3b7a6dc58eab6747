# One ticket, in turn with a bare actix handler that does the same SELECT by sqlx, and one that does nothing. To be sourced.
part_read() {
  local backend=$1 app app_url clerk id path
  open $backend "$large"; app=$server app_url=$url
  clerk=$(token community_clerk 社区书记陈红梅 --place $home)
  id=$(python3 bench/walk.py "$url" "$clerk" '/tickets?status=closed&limit=1' 1 | sed -n 1p)
  path=/api/v1/tickets/$id
  # SQLite is asked the same; what PostgreSQL was asked tells how.
  if [ $backend = PostgreSQL ]; then
    capture "tickets_$large" "$url" <<<"read $clerk $path"
    same_select "$DATABASE_URL" || return 1
  else
    [ -f "$dir/sql/read.sql" ] || { cannot 'read on SQLite: its SELECT is seen on PostgreSQL'; return 0; }
    # The ticket comes first, then who reads.
    sed -i "s/^\[\"[^\"]*\"/[\"$id\"/" "$dir/sql/read.json"
    same_select "sqlite://$HUYING_DATA_DIR/huying.db?mode=ro" || return 1
  fi
  fact "read bytes $backend" "$(curl -s -H "authorization: Bearer $clerk" "$app_url$path" | wc -c), $(curl -s "$bare_url/select" | wc -c)"
  for _ in $(seq $rounds); do
    measure read 'read one' $backend "$large" "$app" -s bench/read.lua "$app_url" -- "$clerk" "$path"
    measure read 'bare handler, same SELECT' $backend "$large" "$bare_app" -s bench/read.lua "$bare_url" -- none /select
  done
  measure read 'bare handler, no database' $backend "$large" "$bare_app" -s bench/read.lua "$bare_url" -- none /static
  close_all
}

# same_select DATABASE: starts `bare` with the statement of a read; `bare_app` and `bare_url`.
same_select() {
  PGOPTIONS='-c plan_cache_mode=force_generic_plan -c jit=off' "$bare" "$1" "$dir/sql/read.sql" "$dir/sql/read.json" \
    >"$dir/bare.out" 2>"$dir/bare.err" &
  bare_app=$!; opened+=("$bare_app"); servers+=("$bare_app")
  for _ in $(seq 100); do bare_url=$(head -1 "$dir/bare.out"); [ -z "$bare_url" ] || return 0; sleep 0.1; done
  cannot "bare on $1: $(head -1 "$dir/bare.err")"; return 1
}
