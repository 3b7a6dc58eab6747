//! `huying doctor` as an administrator meets it, on SQLite: before the first start, beside a server, and when something is
//! wrong. It changes nothing.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn huying(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huying"));
    command.env_clear().env("HUYING_DATA_DIR", dir.join("data")).env("RUST_LOG", "error").current_dir(dir);
    command
}

fn run(dir: &Path, args: &[&str]) -> Output {
    let out = huying(dir).args(args).output().unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    out
}

/// What the doctor says, by name; of several of one name the worst.
struct Told {
    code: Option<i32>,
    checks: BTreeMap<String, Value>,
    text: String,
}

impl Told {
    /// Asks twice, as people and as programs do; both must come to the same.
    fn by(dir: &Path, variables: &[(&str, &str)]) -> Self {
        let ask = |args: &[&str]| {
            let out = huying(dir).envs(variables.iter().copied()).arg("doctor").args(args).output().unwrap();
            (out.status.code(), String::from_utf8(out.stdout).unwrap())
        };
        let ((code, json), (again, text)) = (ask(&["--json"]), ask(&[]));
        assert_eq!(code, again);
        let json: Value = serde_json::from_str(&json).unwrap();
        let codes = [("ok", 0), ("warning", 1), ("fault", 2)];
        assert!(codes.iter().any(|(status, of)| json["status"] == *status && code == Some(*of)), "{json}");
        let mut checks = BTreeMap::new();
        for check in json["checks"].as_array().unwrap() {
            let name = check["name"].as_str().unwrap().to_owned();
            // What others leave free on the disk may be another figure a moment later.
            let said = check["text"].as_str().unwrap();
            let said = if name == "disk" {
                said.split_once(" 还剩 ").map_or(said, |(where_, _)| where_)
            } else {
                said
            };
            assert!(text.contains(said), "{check}");
            let before = checks.insert(name.clone(), check.clone());
            if let Some(before) = before.filter(|before| before["status"] == "fault") {
                checks.insert(name, before);
            }
        }
        Self { code, checks, text }
    }

    fn is(&self, name: &str, status: &str, piece: &str) {
        let check = self.checks.get(name).unwrap_or_else(|| panic!("{name} is looked at: {}", self.text));
        let said =
            format!("{}{}", check["text"].as_str().unwrap(), check["mend"].as_str().unwrap_or_default());
        assert!(check["status"] == status && said.contains(piece), "{name} {status} {piece}: {check}");
    }
}

/// What lies in the data directory, byte by byte; the index of the log is for everybody who reads.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(dir) = fs::read_dir(dir.join("data")) else { return BTreeMap::new() };
    let entry =
        |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    dir.map(Result::unwrap).map(entry).filter(|(name, _)| !name.ends_with("-shm")).collect()
}

#[test]
fn before_the_first_start_nothing_is_there_and_nothing_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let told = Told::by(dir.path(), &[]);
    assert_eq!(told.code, Some(1), "{}", told.text);
    told.is("settings", "ok", "没有设置文件");
    told.is("data_dir", "skipped", "还没有");
    told.is("database", "warning", "首次启动时建立");
    told.is("master_key", "skipped", "首次启动时生成");
    told.is("redis", "skipped", "未设置");
    told.is("wechat", "skipped", "未设置");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_is_well_is_said_to_be_well_beside_a_server_too() {
    let dir = tempfile::tempdir().unwrap();
    let well = |told: &Told| {
        for name in [
            "settings",
            "data_dir",
            "master_key",
            "database",
            "database.schema",
            "keys",
            "database.integrity",
            "sweep",
        ] {
            told.is(name, "ok", "");
        }
        for reactor in ["dispatch", "inbox", "duty", "flags", "figures"] {
            told.is(&format!("reactor.{reactor}"), "ok", "已跟上");
        }
        assert!(
            !told.text.contains("[故障]") && told.text.contains("[正常] 数据库：SQLite"),
            "{}",
            told.text
        );
    };
    run(dir.path(), &["keys", "list"]);
    let before = files(dir.path());
    well(&Told::by(dir.path(), &[]));
    assert!(before.len() == 3 && before == files(dir.path()), "{:?}", before.keys());
    let mut server = huying(dir.path())
        .env("HUYING_LISTEN", "127.0.0.1:0")
        .args(["serve"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("huying listening"), "{line}");
    well(&Told::by(dir.path(), &[]));
    server.kill().unwrap();
    server.wait().unwrap();
    // It left its log behind, which is read and left as it is.
    let before = files(dir.path());
    well(&Told::by(dir.path(), &[]));
    assert!(before.contains_key("huying.db-wal") && before == files(dir.path()), "{:?}", before.keys());
}

#[test]
fn keys_and_files_that_are_not_right_are_told() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["keys", "list"]);
    let data = dir.path().join("data");
    let other = [("HUYING_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
    let told = Told::by(dir.path(), &other);
    told.is("keys", "fault", "换回原来的主密钥");
    assert_eq!(told.code, Some(2));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&data, 0o755);
    Told::by(dir.path(), &[]).is("data_dir", "warning", "chmod 700");
    mode(&data.join("master.key"), 0o644);
    Told::by(dir.path(), &[]).is("data_dir", "fault", "master.key");
    mode(&data, 0o700);
    Told::by(dir.path(), &[]).is("data_dir", "ok", "");
    fs::write(data.join("master.key"), "nonsense").unwrap();
    let told = Told::by(dir.path(), &[]);
    told.is("master_key", "fault", "已损坏");
    told.is("keys", "skipped", "主密钥不可用");
    fs::remove_file(data.join("master.key")).unwrap();
    Told::by(dir.path(), &[]).is("master_key", "fault", "不要启动服务");
    assert!(!data.join("master.key").exists());
}

#[test]
fn a_pending_migration_is_told_and_not_made() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["keys", "list"]);
    run(dir.path(), &["migrate", "down", "1"]);
    for _ in 0..2 {
        let told = Told::by(dir.path(), &[]);
        told.is("database.schema", "warning", "有 1 步待升级");
        told.is("keys", "ok", "");
        told.is("work", "skipped", "");
    }
    run(dir.path(), &["migrate", "down", "99"]);
    let told = Told::by(dir.path(), &[]);
    told.is("database.schema", "warning", "空库");
    told.is("keys", "skipped", "首次启动时生成");
    run(dir.path(), &["migrate", "up"]);
    Told::by(dir.path(), &[]).is("database.schema", "ok", "");
}

#[test]
fn a_broken_database_is_told() {
    let dir = tempfile::tempdir().unwrap();
    run(dir.path(), &["keys", "list"]);
    let file = dir.path().join("data/huying.db");
    let mut bad = fs::read(&file).unwrap();
    // Every page but the first, which says what there is.
    bad[4096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    fs::write(&file, &bad).unwrap();
    let told = Told::by(dir.path(), &[]);
    told.is("database.integrity", "fault", "从备份恢复");
    assert_eq!(told.code, Some(2));
    fs::write(&file, "nonsense").unwrap();
    Told::by(dir.path(), &[]).is("database", "fault", "不是 SQLite 数据库");
    fs::write(&file, "").unwrap();
    Told::by(dir.path(), &[]).is("database.schema", "warning", "空库");
    assert_eq!(fs::read(&file).unwrap(), b"");
}

#[test]
fn wrong_settings_are_told_all_at_once_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("huying.toml"), "[server]\nlisten = 1\n[redis]\nurl = \"hunter2\"\n").unwrap();
    let told = Told::by(dir.path(), &[("HUYING_LISTENERS", "many"), ("HUYING_SERVICE_HOST", "10.0.0.1")]);
    assert_eq!((told.code, told.text.matches("[故障] 设置").count()), (Some(2), 3), "{}", told.text);
    told.is("settings.variables", "warning", "enableServiceLinks");
    told.is("others", "skipped", "未检查");
    assert!(!told.text.contains("hunter2"), "{}", told.text);
    fs::write(
        dir.path().join("huying.toml"),
        "[server]\ndev_login = true\n[redis]\nurl = \"redis://:hunter2@127.0.0.1:1/\"\n",
    )
    .unwrap();
    let told = Told::by(dir.path(), &[]);
    told.is("settings", "ok", "huying.toml");
    assert!(told.text.contains("[注意] 设置：huying.toml 存有密码或密钥"), "{}", told.text);
    told.is("dev_login", "warning", "冒充");
    told.is("redis", "warning", "REDIS_URL");
    assert!(!told.text.contains("hunter2"), "{}", told.text);
}

#[test]
fn who_does_not_answer_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let told = Told::by(
        dir.path(),
        &[
            ("DATABASE_URL", "postgres://huying:hunter2@127.0.0.1:1/huying"),
            ("HUYING_MASTER_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
            ("HUYING_WECHAT_APP_ID", "wx1"),
            ("HUYING_WECHAT_SECRET", "hunter2"),
            ("HUYING_WECHAT_BASE_URL", "http://127.0.0.1:1"),
        ],
    );
    told.is("database", "fault", "127.0.0.1:1/huying 无法连接");
    told.is("wechat", "fault", "无法连接 http://127.0.0.1:1");
    assert!(told.code == Some(2) && !told.text.contains("hunter2"), "{}", told.text);
}
