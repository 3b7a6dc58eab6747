//! A private PostgreSQL cluster and a private Redis for the tests.
//!
//! Each is started once per test process, the first time a test asks for it, and ends with that
//! process however the process ends: statics are never dropped and `kill -9` runs no destructor, so
//! the one that starts, stops and removes a server is a shell of its own, a *keeper*. Its standard
//! input is a pipe whose only write end this process holds; when this process is gone, the keeper
//! reads end-of-file and cleans up.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};

/// The oldest PostgreSQL the project supports.
const POSTGRES_LEAST: u32 = 15;

/// How often a server is started anew when another process took its port before it could.
const ATTEMPTS: usize = 5;

/// Start of both keepers. Signals meant for the tests (Ctrl-C, a closed terminal) must not cut the
/// clean-up short, nor may writing to a test process that is already dead. `$1` is the port. The
/// working directory must be one the `postgres` user can enter, and /tmp is one whose entries it can
/// reach, whatever TMPDIR says.
const PRELUDE: &str = r#"
trap '' HUP INT PIPE TERM
exec 2>&1
cd /
dir=$(mktemp -d /tmp/huying-test.XXXXXX) || exit 1
"#;

/// `$2` is the directory with PostgreSQL's programs, `$3` the server's options. Everything in the
/// cluster is thrown away, so nothing is synced and it is stopped without a checkpoint.
const POSTGRES: &str = r#"
as_postgres() { "$@"; }
if [ "$(id -u)" = 0 ]; then # PostgreSQL refuses to run as root
    chown postgres "$dir"
    as_postgres() { runuser -u postgres -- "$@"; }
fi
if {
    as_postgres "$2/initdb" -D "$dir/data" --no-sync -A trust -E UTF8 --locale=C.UTF-8 -U postgres &&
    as_postgres "$2/pg_ctl" -D "$dir/data" -l "$dir/server.log" -w -t 60 -o "-p $1 $3" start
} >"$dir/setup.log" 2>&1; then
    echo ready
    read -r _
else
    cat "$dir"/*.log
fi
as_postgres "$2/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// Readiness is read from the server's own log: another process's Redis might answer on the port.
/// `$!` is this shell's own child, not waited for before it is killed, so the pid is nobody else's.
const REDIS: &str = r#"
redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir" \
    --logfile "$dir/server.log" >"$dir/setup.log" 2>&1 &
polls=0
until ready=$(grep 'Ready to accept connections' "$dir/server.log" 2>/dev/null); do
    polls=$((polls + 1))
    [ "$polls" -le 1500 ] && kill -0 $! 2>/dev/null || break
    sleep 0.02
done
if [ -n "$ready" ]; then
    echo ready
    read -r _
else
    cat "$dir"/*.log
fi
kill -KILL $! 2>/dev/null
wait
rm -rf "$dir"
"#;

/// 500 connections: tests run side by side, each with a pool or two of its own. TCP on the loopback
/// address only, and no Unix socket that could clash with another cluster's.
const POSTGRES_OPTIONS: &str = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c max_connections=500 -c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/// The PostgreSQL cluster of this test process.
#[derive(Debug)]
pub struct Postgres(Server);

impl Postgres {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.0.port).into()
    }

    /// Where to reach `database`, as the superuser `postgres`. A new cluster has the databases
    /// `postgres` and `template1`; a test makes its own.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.0.port)
    }
}

/// The Redis server of this test process.
#[derive(Debug)]
pub struct Redis(Server);

impl Redis {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.0.port).into()
    }

    /// Where to reach it. All tests of the process share it: keep them apart by their keys.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.0.port)
    }
}

/// The cluster of this test process, started by the first call.
///
/// # Panics
/// When PostgreSQL is not installed or does not start.
pub fn postgres() -> &'static Postgres {
    static POSTGRES_SERVER: OnceLock<Postgres> = OnceLock::new();
    POSTGRES_SERVER.get_or_init(|| {
        let Some(bin) = postgres_bin() else {
            panic!("测试要用 PostgreSQL {POSTGRES_LEAST} 以上的服务端（Debian 软件包 postgresql），这里没有：请改用 `make test`，它会先装好");
        };
        let bin = bin.to_str().expect("PostgreSQL 的路径须是 UTF-8");
        Postgres(Server::start("PostgreSQL", POSTGRES, &[bin, POSTGRES_OPTIONS]))
    })
}

/// The Redis of this test process, started by the first call.
///
/// # Panics
/// When Redis is not installed or does not start.
pub fn redis() -> &'static Redis {
    static REDIS_SERVER: OnceLock<Redis> = OnceLock::new();
    REDIS_SERVER.get_or_init(|| {
        if on_path("redis-server").is_none() {
            panic!("测试要用 redis-server（Debian 软件包 redis-server），这里没有：请改用 `make test`，它会先装好");
        }
        Redis(Server::start("Redis", REDIS, &[]))
    })
}

/// A running server and what keeps it running.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    keeper: Keeper,
}

impl Server {
    /// Runs a script behind [`PRELUDE`] with a free port and these arguments, until it says `ready`.
    pub(crate) fn start(name: &str, script: &str, arguments: &[&str]) -> Self {
        let script = format!("{PRELUDE}{script}");
        let mut output = String::new();
        for _ in 0..ATTEMPTS {
            let port = free_port();
            let mut command = Command::new("sh");
            command.args(["-c", &script, "huying-test-keeper", &port.to_string()]).args(arguments);
            let mut keeper = Keeper::start(command);
            output.clear();
            while let Some(line) = keeper.hear() {
                if line == "ready" {
                    return Self { port, keeper };
                }
                output += &line;
                output.push('\n');
            }
            // The keeper has said why. Its end waits until it has cleaned up too.
            drop(keeper);
            if !output.contains("Address already in use") {
                panic!("{name} 启动失败：\n{output}");
            }
        }
        panic!("{name} 连续 {ATTEMPTS} 次没抢到空闲端口：\n{output}");
    }

    /// What the keeper answers to a word, one line.
    pub(crate) fn ask(&mut self, word: &str) -> String {
        self.keeper.say(word);
        self.keeper.hear().unwrap_or_default()
    }
}

/// A shell that ends what it has started when its standard input ends, and so with this process at the latest.
#[derive(Debug)]
pub(crate) struct Keeper {
    shell: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Keeper {
    /// Runs it.
    pub(crate) fn start(mut shell: Command) -> Self {
        // A group of its own: Ctrl-C at the terminal reaches only the tests.
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut shell = shell.spawn().unwrap_or_else(|error| panic!("无法启动 sh：{error}"));
        let said = BufReader::new(shell.stdout.take().expect("stdout is piped")).lines();
        Self { shell, said }
    }

    pub(crate) fn say(&mut self, word: &str) {
        let ears = self.shell.stdin.as_mut().expect("stdin is piped");
        writeln!(ears, "{word}").expect("the keeper listens");
    }

    /// The next line of it or of what it has started; nothing when all have ended or closed their output.
    pub(crate) fn hear(&mut self) -> Option<String> {
        self.said.next().and_then(Result::ok)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        // One that is gone already needs no waiting for.
        let _ = self.shell.wait();
    }
}

/// A port nobody listens on now; somebody may by the time the server does, hence [`ATTEMPTS`].
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("127.0.0.1 上没有空闲端口")
        .port()
}

/// The directory with PostgreSQL's programs, of the server and of its clients. Debian keeps them off PATH, by major version.
pub fn postgres_bin() -> Option<PathBuf> {
    if let Some(chosen) = env::var_os("HUYING_TEST_PG_BIN") {
        return Some(chosen.into()).filter(|bin: &PathBuf| has_postgres(bin));
    }
    let newest = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let major: u32 = path.file_name()?.to_str()?.parse().ok()?;
            Some((major, path.join("bin")))
        })
        .filter(|(major, bin)| *major >= POSTGRES_LEAST && has_postgres(bin))
        .max();
    newest.map(|(_, bin)| bin).or_else(|| on_path("pg_ctl").filter(|bin| has_postgres(bin)))
}

fn has_postgres(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| bin.join(program).is_file())
}

/// The absolute directory of PATH that holds `program`.
fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|dir| dir.is_absolute() && dir.join(program).is_file())
}
