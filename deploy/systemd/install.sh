#!/bin/sh
# 把编译好的程序装成 systemd 服务：sudo deploy/systemd/install.sh [程序]。再次运行即升级：换程序并重启。
set -eu

here=$(cd "$(dirname "$0")" && pwd)
program=${1:-$here/../../target/release/huying}
[ "$(id -u)" = 0 ] || { echo '请用 root 运行' >&2; exit 1; }
[ -x "$program" ] || { echo "没有程序 $program：请先 make release，或作为参数给出" >&2; exit 1; }
"$program" --version >/dev/null || { echo "$program 不能在这台机器上运行" >&2; exit 1; }

# Beside the old one and then in its place: what runs goes on running.
install -m 0755 "$program" /usr/local/bin/huying.new
mv /usr/local/bin/huying.new /usr/local/bin/huying
install -d -m 0755 /etc/huying /etc/systemd/system /usr/lib/sysusers.d
install -d -m 0700 /etc/huying/secrets
install -m 0644 "$here/huying.sysusers" /usr/lib/sysusers.d/huying.conf
for unit in huying.service huying-backup.service huying-backup.timer; do
    install -m 0644 "$here/$unit" "/etc/systemd/system/$unit"
done
systemd-sysusers huying.conf
systemctl daemon-reload
systemctl enable --now huying-backup.timer
systemctl enable huying.service
systemctl restart huying.service
systemctl --no-pager --lines=5 status huying.service
