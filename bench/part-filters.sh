# Every documented filter through every lens among many tickets: rows that the database reads. To be sourced.
part_filters() {
  local backend=$1 tokens name role person scope query
  open $backend "$large"
  tokens=$dir/tokens
  : >"$tokens"
  while IFS='|' read -r name role person scope query; do
    # shellcheck disable=SC2086
    printf '%s|%s|%s\n' "$name" "$(token "$role" "$person" $scope)" "$query" >>"$tokens"
  done <<<"$lenses"
  python3 bench/filters.py $backend "$url" "$tokens" "$results" "$dir/filters-$backend.tsv" "$dir/people-$backend-$large.json" \
    "$dir/pg/log" "tickets_$large" "${psql[@]}" || cannot "filters on $backend"
  close_all
}
