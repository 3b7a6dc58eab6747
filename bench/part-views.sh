# Figures, an inbox, a timeline. To be sourced.
part_views() {
  local backend=$1 app supervisor clerk handler id year time=$(((seconds + 2) / 3))
  year="from=$(date -u -d '-364 days' +%F)&to=$(date -u +%F)"
  open $backend "$large"; app=$server
  supervisor=$(token supervisor 督查员马丽 --place $county)
  clerk=$(token community_clerk 社区书记陈红梅 --place $home)
  handler=$(token department_handler 住建局张伟 --unit $unit)
  id=$(python3 bench/walk.py "$url" "$clerk" '/tickets?status=closed&limit=1' 1 | sed -n 1p)
  while IFS='|' read -r name asker path; do
    measure views "$name" $backend "$large" "$app" -s bench/read.lua "$url" -- "${!asker}" "/api/v1$path"
  done <<EOF
figures of a county, 30 days|supervisor|/figures?place=$county
figures of a county, a year|supervisor|/figures?place=$county&$year
figures of a unit, a year|handler|/figures?unit=$unit&$year
figures by street, a year|supervisor|/figures/places?place=$county&$year
figures by community, a year|supervisor|/figures/places?place=$street&$year
inbox, 20 messages|clerk|/me/inbox
timeline of a closed ticket|clerk|/tickets/$id/timeline
EOF
  close_all
}
