#!/usr/bin/env bash
# The whole benchmark: the release build on PostgreSQL with fsync on and on SQLite, among 10,000 and among a million tickets,
# beside pgbench and bare handlers doing the same SQL in the same run. Writes its part of docs/performance.md.
# SECONDS_EACH (10), TICKETS (1000000), ONLY=create,pages,… for some parts, HUYING_BIN, BENCH_DIR to keep what was filled in.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seconds=${SECONDS_EACH:-10} large=${TICKETS:-1000000} small=10000 clients=16 rounds=3
# What writes comes last: a page costs more among tickets that were just changed.
all=read,pages,views,filters,start,create,watch,transition
only=,${ONLY:-$all},
bare=${BARE_BIN:-$PWD/target/release/bare}
for program in "$huying" "$bare"; do [ -x "$program" ] || { echo "缺少 $program；请运行 make bench" >&2; exit 1; }; done
. bench/measure.sh
. bench/data.sh
for part in read pages views filters start create watch transition; do . "bench/part-$part.sh"; done

begin=$SECONDS
begin_all
IFS=, read -ra parts <<<"$all"
for backend in PostgreSQL SQLite; do
  fill $backend "$large"
  for part in "${parts[@]}"; do
    [[ $only == *,$part,* ]] || continue
    say "$part on $backend"
    # What cannot be done says so, and the others go on.
    "part_$part" $backend || cannot "$part on $backend"
    close_all
  done
  drop $backend "$large"
done
fact minutes $(((SECONDS - begin + 30) / 60))
python3 bench/report.py "$results" docs/performance.md "${ONLY:-}"
