# A page of 20 through each lens, among few tickets and among many, in turn with pgbench doing the same SELECT; the
# thousandth page in turn with the first. To be sourced.
lenses='county|supervisor|督查员马丽|--place 532504|place=532504
street|street_dispatcher|街道调度员杨涛|--place 532504001|place=532504001
community|community_clerk|社区书记陈红梅|--place 532504001007|place=532504001007
unit|department_handler|住建局张伟|--unit 01990000-0000-7000-8000-000000000091|unit=01990000-0000-7000-8000-000000000091
mine|resident|居民1|--place 532504|mine=true
handler|grid_worker|网格员李建国|--place 532504001007|handler=01990000-0000-7000-8000-000000000003
claimable|party_member|党员周强|--place 532504|claimable=true
assist|department_handler|执法队刘军|--unit 01990000-0000-7000-8000-000000000092|assist=true&unit=01990000-0000-7000-8000-000000000092
number|supervisor|督查员马丽|--place 532504|q=NUMBER
phone|supervisor|督查员马丽|--place 532504|q=13800001234'

part_pages() {
  local backend=$1 size name path asker deep time=$(((seconds + 5) / 6))
  local -A apps urls
  for size in $small $large; do open $backend "$size"; apps[$size]=$server urls[$size]=$url; done
  for size in $small $large; do
    on $backend "$size"
    lens_calls "${urls[$size]}" >"$dir/calls-$size"
    [ $backend = SQLite ] || sed "s/^/page-$size-/" "$dir/calls-$size" | capture "tickets_$size" "${urls[$size]}"
  done
  while read -r name _; do
    for _ in $(seq $rounds); do
      for size in $small $large; do
        read -r asker path < <(sed -n "s/^$name //p" "$dir/calls-$size")
        measure pages "$name" $backend "$size" "${apps[$size]}" -s bench/read.lua "${urls[$size]}" -- "$asker" "$path"
        [ $backend = PostgreSQL ] && variables "page-$size-$name" || continue
        by_pgbench pages "$name" "$size" "tickets_$size" -f "$dir/sql/page-$size-$name.pgbench" "${variables[@]}"
      done
    done
  done <"$dir/calls-$small"
  read -r asker path < <(sed -n 's/^county //p' "$dir/calls-$large")
  deep=$path'&cursor='$(python3 bench/walk.py "${urls[$large]}" "$asker" "$path" 999 | sed -n 's/^cursor //p') ||
    { cannot "the 1,000th page on $backend"; return 0; }
  for _ in $(seq $rounds); do
    measure deep first $backend "$large" "${apps[$large]}" -s bench/read.lua "${urls[$large]}" -- "$asker" "$path"
    measure deep 1000th $backend "$large" "${apps[$large]}" -s bench/read.lua "${urls[$large]}" -- "$asker" "$deep"
  done
  memory $backend "pages, $large tickets" "${apps[$large]}"
  close_all
}

# lens_calls URL: `NAME TOKEN PATH` of each lens, on the data that is `on`.
lens_calls() {
  local name role person scope query asker
  while IFS='|' read -r name role person scope query; do
    # shellcheck disable=SC2086
    asker=$(token "$role" "$person" $scope)
    echo "$name $asker /api/v1/tickets?${query/NUMBER/$(some_number "$1" "$asker")}"
  done <<<"$lenses"
}
some_number() { curl -sf -H "authorization: Bearer $2" "$1/api/v1/tickets?limit=1" | grep -o '"number":"[^"]*"' | cut -d'"' -f4; }
