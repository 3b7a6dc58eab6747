//! The program as a process that can be killed, started again and kept from writing.

use crate::services::Keeper;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Whoever ends this shell's input ends the program. Its own output is closed, so that the end of the program's is seen. A
/// limit of file sizes is an error of the program's, not its end.
const KEEPER: &str = r#"
trap '' HUP INT PIPE TERM XFSZ
log=$1
shift
"$@" </dev/null 2>>"$log" &
echo $!
exec >&-
read -r _
kill -KILL $! 2>/dev/null
wait
"#;
/// How long a program that is asked to end may take.
const ENDS: Duration = Duration::from_secs(20);

/// How it is started where there is no data yet.
pub(super) const FIRST: [&str; 2] = ["serve", "--demo"];
/// How it is started afterwards.
pub(super) const AGAIN: [&str; 1] = ["serve"];

/// How to start the program, and what it is told.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) settings: Vec<(&'static str, String)>,
    /// What it says on standard error.
    pub(super) log: PathBuf,
}

/// The program at work, until this is dropped: that is `kill -9`.
#[derive(Debug)]
pub(super) struct Process {
    pid: String,
    keeper: Keeper,
}

impl Program {
    /// The same program with another setting.
    pub(super) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut other = self.clone();
        other.settings.retain(|(known, _)| *known != name);
        other.settings.push((name, value.into()));
        other
    }

    /// Begins; it may not have done anything yet.
    pub(super) fn begin(&self, arguments: &[&str]) -> Process {
        let mut shell = Command::new("sh");
        shell.args(["-c", KEEPER, "huying-test-keeper"]).arg(&self.log).arg(&self.path).args(arguments);
        shell.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        shell.envs(self.settings.iter().map(|(name, value)| (name, value)));
        let mut keeper = Keeper::start(shell);
        let pid = keeper.hear().expect("the keeper says whom it keeps");
        Process { pid, keeper }
    }

    /// Serves; when this returns it answers.
    ///
    /// # Errors
    /// What it said instead.
    pub(super) fn serve(&self, how: &[&str]) -> Result<Process, String> {
        let mut process = self.begin(how);
        let line = process.keeper.hear().unwrap_or_default();
        if line.starts_with("huying listening on ") {
            return Ok(process);
        }
        drop(process);
        Err(format!("the server does not start: {line}\n{}", last_lines(&self.log)))
    }

    /// What a command prints.
    ///
    /// # Errors
    /// What it says when it fails.
    pub(super) fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(&self.path);
        command.env_clear().envs(self.settings.iter().map(|(name, value)| (name, value))).args(arguments);
        let out = command.output().expect("the program runs");
        let said = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() { Ok(said(&out.stdout)) } else { Err(said(&out.stderr)) }
    }
}

impl Process {
    /// Asks it to end, and waits for it.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn end(mut self) -> Result<(), String> {
        signal("-TERM", &self.pid);
        let begun = Instant::now();
        let gone = format!("/proc/{}/stat", self.pid);
        // Not waited for, it stays a zombie until its keeper ends.
        while fs::read_to_string(&gone).is_ok_and(|stat| !stat.contains(") Z ")) {
            if begun.elapsed() > ENDS {
                return Err(format!("the server does not end within {ENDS:?}"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        while self.keeper.hear().is_some() {}
        Ok(())
    }

    /// Lets it write no file beyond so many bytes, or as much as it likes; whether that can be done here.
    pub(super) fn limit_files(&self, bytes: Option<u32>) -> bool {
        let limit = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let mut command = Command::new("prlimit");
        command.args(["--pid", &self.pid, &format!("--fsize={limit}:unlimited")]);
        command.status().is_ok_and(|status| status.success())
    }
}

/// The end of what it said on standard error.
pub(super) fn last_lines(log: &Path) -> String {
    let said = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn signal(what: &str, pid: &str) {
    // One that has ended by itself needs no signal.
    let _ = Command::new("kill").args([what, pid]).status();
}

/// Writes a line of progress, where somebody reads it.
pub(super) fn say(line: &str) {
    // Nobody needs to read it.
    let _ = writeln!(std::io::stderr(), "{line}");
}
