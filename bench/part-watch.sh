# 点单 with the log as it comes, and without: what it costs to be watched. Metrics are always on. To be sourced.
part_watch() {
  local log n tokens
  on "$1" $small
  for n in 1 2 3 4 5 6 7 8; do tokens+=("$(token resident "居民$n" --place $county)"); done
  for n in $(seq $rounds); do
    for log in info off; do
      RUST_LOG=$log open "$1" $small
      time=1 measure warm create "$1" $small "$server" -s bench/create.lua "$url" -- "$dir/bodies" "warm$RANDOM" "${tokens[@]}"
      measure watch "create, log $log" "$1" $small "$server" -s bench/create.lua "$url" -- "$dir/bodies" "w$n$RANDOM" "${tokens[@]}"
      close_all
    done
  done
}
