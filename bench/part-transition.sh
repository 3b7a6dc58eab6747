# A change that can be repeated for long: a note by the clerk on tickets of her community. To be sourced.
part_transition() {
  local backend=$1 app clerk
  open $backend "$large"; app=$server
  clerk=$(token community_clerk 社区书记陈红梅 --place $home)
  python3 bench/walk.py "$url" "$clerk" "/tickets?limit=100" 10 | grep -v cursor >"$dir/ids"
  measure transition note $backend "$large" "$app" -s bench/note.lua "$url" -- "$dir/ids" "n$RANDOM" "$clerk"
  measure transition note $backend "$large" "$app" -s bench/note.lua "$url" -- "$dir/ids" "m$RANDOM" "$clerk"
  close_all
}
