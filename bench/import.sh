#!/usr/bin/env bash
# How long a county of Mile's size takes from its sheets, and how much memory: 13,704 grids, 15,000 people, 1,000 units and
# 20,000 ties, as xlsx, twice (the second time nothing is left to do), on SQLite and on PostgreSQL with fsync on.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
sheets=$dir/sheets; mkdir -p "$sheets"
awk -F, 'NR > 1 && length($1) == 12 {print $1}' api/demo/mile-places.csv >"$sheets/communities"
awk -v want=13704 '{c[NR] = $1} END {
  print "编码,名称"; for (i = 0; i < want; i++) printf "%s%03d,第%d网格\n", c[i % NR + 1], int(i / NR) + 100, i
}' "$sheets/communities" >"$sheets/places.csv"
awk 'BEGIN {print "单位名称,类别,编号,属地编码"; split("部门 事业单位 企业 社会组织 党支部", k, " ")
  for (i = 0; i < 1000; i++) printf "示例单位%d,%s,MB%06d,532504\n", i, k[i % 5 + 1], i}' >"$sheets/units.csv"
awk -F, -v want=15000 'NR > 1 {c[NR - 1] = $1} END {split("王 李 张 刘 陈 杨 黄 赵 吴 周", f, " "); split("建国 秀英 伟 芳 娜 敏 静 强 磊 洋", g, " ")
  print "姓名,手机号,角色,地点编码"; for (i = 0; i < want; i++) printf "%s%s,139%08d,网格员,%s\n", f[i % 10 + 1], g[int(i / 10) % 10 + 1], i, c[i % (NR - 1) + 1]
}' "$sheets/places.csv" >"$sheets/people.csv"
awk -F, -v want=20000 'NR > 1 {c[NR - 1] = $1} END {print "类别,人员手机号,单位,地点编码,条线,职务"
  for (i = 0; i < want; i++) if (i < 13704) printf "包保,139%08d,,%s,,包保干部\n", i, c[i + 1]; else printf "包保,,MB%06d,%s,综治,责任单位\n", i % 1000, c[i - 13704 + 1]
}' "$sheets/places.csv" >"$sheets/ties.csv"

took() { # what, then the command: prints seconds and peak memory
  local said; said=$( { /usr/bin/time -f '%e %M' "$@" >"$dir/said"; } 2>&1 | tail -1)
  echo "$said" | awk '{printf "%.1f s, %d MB", $1, $2 / 1024}'
}
[ -x /usr/bin/time ] || { echo '缺少程序；请先：apt-get install time' >&2; exit 1; }

echo "| from sheets (xlsx) | rows | first | again | export |"
echo "|---|---|---|---|---|"
county() {
  "$huying" playbook import playbooks/mile.toml >/dev/null
  "$huying" import places api/demo/mile-places.csv >/dev/null
  for subject in places units people ties; do
    "$huying" import "$subject" "$sheets/$subject.csv" --dry-run >"$dir/said" 2>&1 || [ "$subject" != places ] || { cat "$dir/said"; exit 1; }
    # What clerks have is xlsx: that of the first database serves the other, too.
    local file=$sheets/$subject.xlsx
    [ -f "$file" ] || file=$sheets/$subject.csv
    local first again out
    first=$(took "$huying" import "$subject" "$file"); grep -q 已导入 "$dir/said" || { cat "$dir/said"; exit 1; }
    again=$(took "$huying" import "$subject" "$file"); grep -q '新增 0，更改 0' "$dir/said" || { cat "$dir/said"; exit 1; }
    out=$(took "$huying" export "$subject" "$sheets/$subject.out.xlsx" --force)
    echo "| $1: $subject$([ "${file##*.}" = csv ] && echo ' (csv)' || true) | $(($(wc -l <"$sheets/$subject.csv") - 1)) | $first | $again | $out |"
    cp "$sheets/$subject.out.xlsx" "$sheets/$subject.kept.xlsx"
  done
  for subject in places units people ties; do mv "$sheets/$subject.kept.xlsx" "$sheets/$subject.xlsx"; done
}
export HUYING_DATA_DIR=$dir/data
county 'SQLite'
rm -rf "$dir/data"; county 'SQLite'
start_postgres
"${psql[@]}" -c 'CREATE DATABASE huying' postgres
HUYING_MASTER_KEY=$(head -c 32 /dev/zero | base64); export HUYING_MASTER_KEY
export DATABASE_URL=postgres://postgres@127.0.0.1:$pg_port/huying
county 'PostgreSQL'
