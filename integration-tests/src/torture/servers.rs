//! A PostgreSQL, a Redis and a directory of one's own, each with a keeper that stops, hangs, fills up and starts them again
//! at a word, and removes them when this process is gone.

use crate::services::{self, Server};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Start of scripts whose files lie on `$disk`; it is small, a tmpfs of `$2`, unless that is empty.
const DISK: &str = r#"
chmod 711 "$dir"
disk=$dir/disk
mkdir "$disk"
if [ -n "$2" ]; then
    mount -t tmpfs -o "size=$2,mode=700" huying-test "$disk" || { rm -rf "$dir"; exit 1; }
fi
remove() {
    if [ -n "$kept" ] && [ -n "$2" ]; then cp -a "$disk" "$dir/kept"; fi
    if [ -n "$2" ]; then umount "$disk" || umount -l "$disk"; fi
    [ -n "$kept" ] || rm -rf "$dir"
}
# To the last byte.
fill() {
    dd if=/dev/zero of="$disk/ballast" bs=64k
    dd if=/dev/zero of="$disk/ballast" bs=512 oflag=append conv=notrunc
    true
}
empty() { rm -f "$disk/ballast"; }
"#;

/// Answers each word with a line.
const FOLDER: &str = r#"
echo ready
while read -r word; do
    [ "$word" != where ] || { echo "$dir"; continue; }
    case $word in
    fill) fill ;;
    empty) empty ;;
    keep) kept=yes ;;
    esac >>"$dir/keeper.log" 2>&1
    echo done
done
remove "$@"
"#;

/// `$3` is the directory with PostgreSQL's programs, `$4` the server's options.
const POSTGRES: &str = r#"
as_postgres() { "$@"; }
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    chown postgres "$dir" "$disk"
    as_postgres() { runuser -u postgres -- "$@"; }
fi
pg_ctl() { as_postgres "$bin/pg_ctl" -D "$disk/data" -w -t 60 "$@"; }
port=$1 bin=$3 options=$4
start() { pg_ctl status || pg_ctl -l "$dir/server.log" -o "-p $port $options" start; }
stop() { pg_ctl -m "$1" stop; }
if {
    as_postgres "$bin/initdb" -D "$disk/data" --no-sync -A trust -E UTF8 --locale=C.UTF-8 -U postgres --wal-segsize=1 && start
} >"$dir/keeper.log" 2>&1; then
    echo ready
    while read -r word; do
        [ "$word" != where ] || { echo "$dir"; continue; }
        case $word in
        start) start ;;
        immediate | fast) stop "$word" ;;
        fill) fill ;;
        empty) empty ;;
        keep) kept=yes ;;
        esac >>"$dir/keeper.log" 2>&1 && echo done || echo failed
    done
else
    cat "$dir"/*.log
fi
stop immediate >>"$dir/keeper.log" 2>&1
remove "$@"
"#;

/// `$!` is not waited for before it is killed, so the pid is nobody else's.
const REDIS: &str = r#"
start() {
    : >"$dir/server.log"
    redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir" \
        --logfile "$dir/server.log" >"$dir/setup.log" 2>&1 &
    polls=0
    until grep -q 'Ready to accept connections' "$dir/server.log"; do
        polls=$((polls + 1))
        [ "$polls" -le 1500 ] && kill -0 $! 2>/dev/null || return 1
        sleep 0.02
    done
}
stop() { kill -KILL $! 2>/dev/null; wait; }
if start "$1"; then
    echo ready
    while read -r word; do
        case $word in
        kill) stop ;;
        hang) kill -STOP $! ;;
        go) kill -CONT $! ;;
        start) start "$1" ;;
        esac && echo done || echo failed
    done
else
    cat "$dir"/*.log
fi
stop
rm -rf "$dir"
"#;

/// fsync is on, as it is by default. Little is written ahead, so a small disk is full soon.
const POSTGRES_OPTIONS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100 \
    -c shared_buffers=32MB -c min_wal_size=2MB -c max_wal_size=16MB";

/// What can be started, stopped and filled up.
#[derive(Debug)]
pub(super) struct Kept(Server);

impl Kept {
    /// A directory, on a disk of this size or on no disk of its own.
    pub(super) fn folder(size: Option<&str>) -> Self {
        Self(Server::start("目录", &[DISK, FOLDER].concat(), &[size.unwrap_or_default()]))
    }

    /// A PostgreSQL whose data is on a disk of this size, or on no disk of its own.
    pub(super) fn postgres(size: Option<&str>) -> Self {
        let bin = services::postgres_bin().expect("PostgreSQL 未安装：请改用 `make test`，它会先装好");
        let bin = bin.to_str().expect("PostgreSQL 的路径须是 UTF-8");
        let arguments = [size.unwrap_or_default(), bin, POSTGRES_OPTIONS];
        Self(Server::start("PostgreSQL", &[DISK, POSTGRES].concat(), &arguments))
    }

    /// A Redis.
    pub(super) fn redis() -> Self {
        Self(Server::start("Redis", REDIS, &[]))
    }

    /// Where it listens, if it does.
    pub(super) fn port(&self) -> u16 {
        self.0.port
    }

    /// Its directory. What is on its disk is in `disk`.
    pub(super) fn directory(&mut self) -> PathBuf {
        self.0.ask("where").into()
    }

    /// Says a word of its script to its keeper; whether it could be done.
    pub(super) fn tell(&mut self, word: &str) -> bool {
        tokio::task::block_in_place(|| self.0.ask(word)) == "done"
    }
}

/// Whether this user may mount a disk.
pub(super) fn may_mount() -> bool {
    let script = "dir=$(mktemp -d) && mount -t tmpfs -o size=64k huying-test $dir && umount $dir; done=$?; rmdir $dir; exit $done";
    Command::new("sh")
        .args(["-c", script])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
