# From the start of the program to its first answers, on data that is there. To be sourced.
part_start() {
  local backend=$1 size clerk
  for size in $small $large; do
    on $backend "$size"
    clerk=$(token community_clerk 社区书记陈红梅 --place $home)
    line start start $backend "$size" $(python3 bench/start.py "$huying" "$clerk") || cannot "start on $backend"
  done
}
