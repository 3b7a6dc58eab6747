#!/usr/bin/env bash
# How long others wait while a community with a sixth of TICKETS (600,000) under it is moved, on PostgreSQL with fsync on.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
large=${TICKETS:-600000}
. bench/measure.sh; . bench/data.sh
start_postgres -c shared_preload_libraries=auto_explain -c "log_line_prefix='%p %d '"
[ -f "$dir/models.json" ] || python3 bench/models.py "$huying" "$dir/models" "$dir/models.json"
fill PostgreSQL "$large"
on PostgreSQL "$large"
launch
python3 bench/move.py "$url" "$(token county_admin 县管理员 --place $county)" "$(token resident 居民王芳 --place $county)" \
  "${psql[@]}" "tickets_$large" -c "SELECT count(*) FROM ticket WHERE scope_code LIKE '$home%'"
