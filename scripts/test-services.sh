#!/bin/sh
# Makes sure the servers that the tests start for themselves (integration-tests/src/services.rs) are
# installed: PostgreSQL 15 or newer, and Redis. Says nothing when they are.
set -eu

least=15

# Looks where services.rs looks.
has_postgres() {
    if [ -n "${HUYING_TEST_PG_BIN:-}" ]; then
        new_enough "$HUYING_TEST_PG_BIN"
        return
    fi
    for bin in /usr/lib/postgresql/*/bin; do
        if new_enough "$bin"; then return 0; fi
    done
    pg_ctl=$(command -v pg_ctl) && new_enough "$(dirname "$pg_ctl")"
}

new_enough() {
    [ -x "$1/initdb" ] && [ -x "$1/pg_ctl" ] && [ -x "$1/postgres" ] || return 1
    major=$("$1/postgres" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
    [ "$major" -ge "$least" ]
}

has_redis() { command -v redis-server >/dev/null; }

# Only what is missing: installing what is there would upgrade it, and restart a server in use.
missing() {
    has_postgres || printf ' postgresql'
    has_redis || printf ' redis-server'
}

if [ -n "${HUYING_TEST_PG_BIN:-}" ] && ! has_postgres; then
    echo "HUYING_TEST_PG_BIN=$HUYING_TEST_PG_BIN 里没有 PostgreSQL $least 以上的 initdb、pg_ctl 和 postgres" >&2
    exit 1
fi

packages=$(missing)
[ -n "$packages" ] || exit 0

manual="apt-get install -y --no-install-recommends$packages"
if [ "$(id -u)" = 0 ]; then
    sudo=
elif sudo -n true 2>/dev/null; then
    sudo='sudo -n'
else
    sudo=no
    manual="sudo $manual"
fi
if [ "$sudo" = no ] || ! command -v apt-get >/dev/null; then
    echo "测试需要 PostgreSQL $least 以上和 Redis 的服务端程序，这里缺$packages，请先安装：$manual" >&2
    exit 1
fi

# The tests need the programs only: no cluster of the system's, and no service left running. Both
# settings are taken back afterwards, for they are the machine owner's to make.
cluster_conf=/etc/postgresql-common/createcluster.d/huying-tests.conf
masked=
restore() {
    $sudo rm -f "$cluster_conf"
    if [ -n "$masked" ]; then
        $sudo systemctl --quiet unmask redis-server.service
        $sudo systemctl --quiet disable redis-server.service
    fi
}
trap restore EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
$sudo mkdir -p "${cluster_conf%/*}"
echo 'create_main_cluster = false' | $sudo tee "$cluster_conf" >/dev/null
# A masked unit is not started by its package. In a container without systemd nothing starts it.
if [ -d /run/systemd/system ] && ! has_redis; then
    $sudo systemctl --quiet mask redis-server.service
    masked=yes
fi

# Another apt (a machine's first upgrade, say) may hold the lock for a while.
apt() {
    # shellcheck disable=SC2086 # $sudo and the packages are lists of words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@"
}
# shellcheck disable=SC2086
if ! { apt update && apt install -y --no-install-recommends $packages; } || [ -n "$(missing)" ]; then
    echo "没能装好测试需要的 PostgreSQL $least 以上和 Redis，请手动安装：$manual" >&2
    exit 1
fi
