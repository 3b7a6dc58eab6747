//! The program as an administrator meets it: its commands, its one line a request, and how it ends.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

struct Server {
    process: Child,
    address: String,
}

fn huying(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huying"));
    command
        .env_clear()
        .env("HUYING_DATA_DIR", dir)
        .env("HUYING_LISTEN", "127.0.0.1:0")
        .env("HUYING_LOG", "json");
    command
}

impl Server {
    /// With the example.
    fn start(dir: &Path, log: &str) -> Self {
        Self::serve(dir, log, "--demo", &[])
    }

    fn serve(dir: &Path, log: &str, what: &str, settings: &[(&str, &str)]) -> Self {
        let log = fs::File::create(dir.join(log)).unwrap();
        let mut command = huying(dir);
        command.envs(settings.iter().copied()).args(["serve", what]);
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("huying listening on http://").expect(&line).to_owned();
        Self { process, address }
    }

    /// Status and body.
    fn call(&self, method: &str, path: &str, token: &str, body: &str) -> (u16, Value) {
        let mut wire = TcpStream::connect(&self.address).unwrap();
        write!(
            wire,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        wire.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
    }

    fn end(mut self, signal: &str) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

#[test]
fn what_was_acknowledged_survives_kill_9_and_a_signal_ends_it_well() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "first.log");
    let token = |server: &Server| {
        let login = r#"{"code": "dev:居民王芳"}"#;
        let (status, answer) = server.call("POST", "/api/v1/auth/wechat", "-", login);
        assert_eq!(status, 200);
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let resident = token(&server);
    let body = r#"{"content": "路灯不亮", "place": {"code": "532504001007"}}"#;
    let filed: Vec<_> = (0..20).map(|_| server.call("POST", "/api/v1/tickets", &resident, body)).collect();
    assert_eq!(server.end("-KILL"), None);

    let server = Server::start(dir.path(), "second.log");
    for (status, ticket) in filed {
        assert_eq!(status, 201);
        let path = format!("/api/v1/tickets/{}", ticket["id"].as_str().unwrap());
        assert_eq!(server.call("GET", &path, &resident, ""), (200, ticket));
    }
    // The command line works beside the server.
    let out =
        huying(dir.path()).args(["token", "--role", "supervisor", "--place", "532504"]).output().unwrap();
    let supervisor = String::from_utf8(out.stdout).unwrap();
    let (status, me) = server.call("GET", "/api/v1/me", supervisor.trim(), "");
    assert_eq!((status, &me["roles"][0]["role"]), (200, &Value::from("supervisor")));
    assert_eq!(server.end("-TERM"), Some(0));

    // One line a request, with nobody's words or tokens in it.
    let log = fs::read_to_string(dir.path().join("second.log")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let requests: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(requests.len(), 21);
    assert_eq!(
        (&requests[0]["route"], &requests[0]["status"]),
        (&"/api/v1/tickets/{id}".into(), &200.into())
    );
    assert!(requests.iter().all(|line| line["id"].is_string() && line["user"].is_string()));
    assert!(!log.contains("路灯") && !log.contains(&resident));
}

#[test]
fn one_that_is_to_end_sends_others_away_before_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::serve(dir.path(), "log", "--dev-login", &[("HUYING_DRAIN", "2s")]);
    let mut wire = TcpStream::connect(&server.address).unwrap();
    // On one connection, which a proxy keeps.
    let mut ask = |path: &str| {
        write!(wire, "GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            let mut some = [0; 1024];
            let read = wire.read(&mut some).unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&some[..read]);
        }
        String::from_utf8(answer).unwrap().to_lowercase()
    };
    let before = ask("/ready");
    assert!(before.starts_with("http/1.1 200") && !before.contains("connection: close"), "{before}");
    let pid = server.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    // The signal is heard a moment later.
    while server.call("GET", "/ready", "-", "").0 == 200 {}
    let (status, ready) = server.call("GET", "/ready", "-", "");
    assert_eq!((status, &ready["status"], &ready["database"]), (503, &"ending".into(), &"up".into()));
    let (status, _) = server.call("GET", "/api/v1/me", "-", "");
    assert_eq!(status, 401, "it still answers");
    let last = ask("/health");
    assert!(last.starts_with("http/1.1 200") && last.contains("connection: close"), "{last}");
    let Server { mut process, address } = server;
    assert_eq!(process.wait().unwrap().code(), Some(0));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn ctrl_c_ends_it_well_too() {
    let dir = tempfile::tempdir().unwrap();
    // Whoever sits there does not wait.
    let server = Server::serve(dir.path(), "log", "--dev-login", &[("HUYING_DRAIN", "60s")]);
    let begun = std::time::Instant::now();
    assert_eq!(server.end("-INT"), Some(0));
    assert!(begun.elapsed().as_secs() < 30);
}

#[test]
fn the_log_repeats_nothing_that_was_sent() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::serve(dir.path(), "log", "--dev-login", &[]);
    let said = "xiaomimi";
    for body in [
        format!("{{\"code\": \"{said}\"}}"),
        format!("{{\"{said}\": 1}}"),
        format!("{{\"code\": {said}"),
        format!("{{\"code\": \"dev:\u{1}{said}\"}}"),
    ] {
        let (status, _) = server.call("POST", "/api/v1/auth/wechat", said, &body);
        assert!((400..500).contains(&status));
    }
    for (method, path) in
        [("GET", "/api/v1/me"), ("GET", &format!("/api/v1/{said}?{said}")), (said, "/api/v1/me")]
    {
        let (status, _) = server.call(method, path, said, "");
        assert!((400..500).contains(&status), "{method} {path}");
    }
    // What is no request at all.
    let mut wire = TcpStream::connect(&server.address).unwrap();
    wire.write_all(format!("{said} {said}\r\n{said}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    wire.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    assert_eq!(server.end("-TERM"), Some(0));
    let log = fs::read_to_string(dir.path().join("log")).unwrap();
    assert_eq!(log.lines().filter(|line| line.contains("\"request\"")).count(), 7, "{log}");
    assert!(!log.contains(said), "{log}");
}

#[test]
fn a_wrong_setting_is_said_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, value: &str| {
        let out = huying(dir.path()).env(name, value).arg("serve").output().unwrap();
        assert!(!out.status.success());
        String::from_utf8(out.stderr).unwrap()
    };
    assert!(refused("DATABASE_URL", "mysql://x").contains("sqlite:// 或 postgres://"));
    assert!(refused("DATABASE_URL", "sqlite::memory:").contains("内存"));
    assert!(refused("DATABASE_URL", "postgres://x@127.0.0.1:1/x").contains("HUYING_MASTER_KEY"));
    assert!(refused("HUYING_MASTER_KEY", "short").contains("32 字节"));
    assert!(refused("HUYING_RATE_CALLS", "many").contains("HUYING_RATE_CALLS=many 应为"));
    assert!(refused("HUYING_TIMEOUT_BODY", "15").contains("HUYING_TIMEOUT_BODY=15 应为"));
    assert!(refused("HUYING_DRAIN", "5m").contains("0s 至 60s"));
    assert!(refused("HUYING_OTLP_ENDPOINT", "nowhere").contains("HUYING_OTLP_ENDPOINT 应为"));
    assert!(refused("HUYING_OTLP_SAMPLE", "2").contains("HUYING_OTLP_SAMPLE=2 应为"));
    assert!(refused("REDIS_URL", "nowhere").contains("REDIS_URL"));
    assert!(refused("HUYING_WECHAT_APP_ID", "wx1").contains("HUYING_WECHAT_SECRET"));
    assert!(refused("HUYING_WECHAT_SECRET", "s").contains("HUYING_WECHAT_APP_ID"));
    assert!(refused("HUYING_TRUSTED_PROXIES", "10.0.0.0/99").contains("不是 IP 地址或网段"));
    let token = huying(dir.path()).args(["token", "--role", "king", "--place", "532504"]).output().unwrap();
    assert!(String::from_utf8(token.stderr).unwrap().contains("king"));
}

#[test]
fn settings_come_from_a_file_and_are_shown_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_huying"));
        command.env_clear().current_dir(dir.path()).envs(variables.iter().copied());
        let out = command.args(args).output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (out.status.code(), said(out.stdout), said(out.stderr))
    };
    // The sample is a file that says the same as none.
    let (_, sample, _) = run(&["config", "--sample"], &[]);
    fs::write(dir.path().join("sample.toml"), &sample).unwrap();
    let (code, shown, said) = run(&["config", "--config", "sample.toml"], &[]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    let values =
        |shown: &str| shown.lines().map(|line| line[..line.find('#').unwrap_or(0)].to_owned()).collect();
    let (shown, usual): (Vec<String>, Vec<String>) = (values(&shown), values(&run(&["config"], &[]).1));
    assert!(shown == usual && shown.len() > 25, "{shown:?}");
    // One that lies where the program is started is found, and the environment goes before it.
    let file = "[database]\nurl = \"postgres://huying:hunter2@db/huying\"\n[limits]\nlisteners = 7\nrate_calls = \"off\"\n";
    fs::write(dir.path().join("huying.toml"), file).unwrap();
    let variables = [("HUYING_MASTER_KEY_FILE", "key"), ("HUYING_LISTENERS", "8"), ("HUYING_LISTNERS", "9")];
    fs::write(dir.path().join("key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let (code, shown, said) = run(&["config"], &variables);
    for (line, from) in [
        ("url = （已设置）", "huying.toml 第 2 行"),
        ("master_key = （已设置）", "环境变量 HUYING_MASTER_KEY_FILE 指定的文件 key"),
        ("rate_calls = \"off\"", "huying.toml 第 5 行"),
        ("listeners = 8", "环境变量 HUYING_LISTENERS"),
    ] {
        let is_told = |shown: &str| shown.starts_with(line) && shown.ends_with(from);
        assert!(shown.lines().any(is_told), "{line}: {shown}");
    }
    assert_eq!(code, Some(0));
    assert!(said.contains("chmod 640 huying.toml") && said.contains("是不是 HUYING_LISTENERS？"), "{said}");
    assert!(!shown.contains("hunter2") && !shown.contains("AAAA"), "{shown}");
    // Whatever is asked for, all that is wrong is said at once, and nothing is begun.
    fs::write(dir.path().join("huying.toml"), "[server]\nlisten = 1\nport = 80\n").unwrap();
    for command in [&["serve"][..], &["keys", "list"], &["migrate", "up"], &["config"]] {
        let (code, _, said) = run(command, &[("REDIS_URL", "hunter2")]);
        assert_eq!(code, Some(1), "{said}");
        for piece in ["第 2 行 server.listen=1 应为", "第 3 行 server.port 没有", "REDIS_URL 应为"]
        {
            assert!(said.contains(piece), "{piece}: {said}");
        }
        assert!(!said.contains("hunter2") && !dir.path().join("data").exists(), "{said}");
    }
    // Nobody's secrets belong on a command line.
    for argument in ["--master-key=x", "--redis-url=x", "--wechat-secret=x"] {
        assert_eq!(run(&["serve", argument], &[]).0, Some(2), "{argument}");
    }
}

#[test]
fn the_first_administrator_and_new_keys_come_from_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), "log");
    let add = |password: &str, input: &str| {
        let mut command = huying(dir.path());
        command.args(["user", "add", "--name", "陈红梅", "--username", "chen"]);
        command.args(["--role", "county_admin", "--place", "532504"]);
        if !password.is_empty() {
            command.env("HUYING_NEW_PASSWORD", password);
        }
        let mut process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // One that was told by the environment reads nothing.
        let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
        let out = process.wait_with_output().unwrap();
        (out.status.success(), String::from_utf8(out.stderr).unwrap())
    };
    assert!(add("short", "").1.contains("10 至 128"));
    assert!(add("", "correct horse battery\n").0);
    assert!(add("correct horse battery", "").1.contains("已被使用"));
    let login = r#"{"username": "chen", "password": "correct horse battery"}"#;
    let (status, answer) = server.call("POST", "/api/v1/auth/password", "-", login);
    assert_eq!(status, 200);
    let token = answer["access_token"].as_str().unwrap();
    let (_, me) = server.call("GET", "/api/v1/me", token, "");
    assert_eq!((&me["user"]["name"], &me["roles"][0]["role"]), (&"陈红梅".into(), &"county_admin".into()));
    let keys = |args: &[&str]| {
        let out = huying(dir.path()).arg("keys").args(args).output().unwrap();
        assert!(out.status.success());
        String::from_utf8(out.stdout).unwrap()
    };
    assert_eq!(keys(&["list"]).lines().count(), 4);
    let rotated = keys(&["rotate", "--now"]);
    assert_eq!((rotated.lines().count(), rotated.matches("作废").count()), (6, 1), "{rotated}");
    // The server learns of it with the first token of the new key.
    let out =
        huying(dir.path()).args(["token", "--role", "supervisor", "--place", "532504"]).output().unwrap();
    let new = String::from_utf8(out.stdout).unwrap();
    assert_eq!(server.call("GET", "/api/v1/me", new.trim(), "").0, 200);
    assert_eq!(server.call("GET", "/api/v1/me", token, "").1["code"], "auth.token_invalid");
    assert_eq!(server.end("-TERM"), Some(0));
    assert!(!fs::read_to_string(dir.path().join("log")).unwrap().contains("correct horse"));
}

#[test]
fn reactors_are_listed_and_what_they_keep_is_counted_anew() {
    let dir = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = huying(dir.path()).args(args).output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), said(output.stdout), said(output.stderr))
    };
    let (listed, list, _) = run(&["reactors"]);
    assert!(listed && list.contains("figures") && list.contains("第 1 代"), "{list}");
    for reactor in ["flags", "figures"] {
        let (rebuilt, said, _) = run(&["rebuild", reactor]);
        assert!(rebuilt && said.contains("已重新统计：0 条事件"), "{said}");
        // What is counted is never counted twice.
        let (retried, _, why) = run(&["reactors", "retry", reactor]);
        assert!(!retried && why.contains(&format!("huying rebuild {reactor}")), "{why}");
    }
    let (_, list, _) = run(&["reactors"]);
    assert_eq!(list.matches("第 2 代").count(), 2, "{list}");
    assert!(!run(&["rebuild", "nonsense"]).0);
}

#[test]
fn a_backup_is_taken_beside_the_server_and_restored_where_there_is_nothing() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = Server::start(dir.path(), "log");
    let file = other.path().join("b.tar");
    let run = |dir: &Path, what: &str| {
        let output = huying(dir).arg(what).arg(&file).output().unwrap();
        let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), said(output.stdout), said(output.stderr))
    };
    // A disk that is full soon: nothing is left of what was begun.
    let shell = "trap '' XFSZ; ulimit -f 64; exec \"$0\" backup \"$1\"";
    let mut full = Command::new("sh");
    full.args(["-c", shell, env!("CARGO_BIN_EXE_huying")]).arg(&file).env("HUYING_DATA_DIR", dir.path());
    assert!(!full.output().unwrap().status.success());
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    let (done, said, _) = run(dir.path(), "backup");
    assert!(done && said.contains("master.key") && said.contains("不在备份中"), "{said}");
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 1);
    let (done, _, why) = run(dir.path(), "backup");
    assert!(!done && why.contains("已存在") && why.contains("--force"), "{why}");
    assert_eq!(server.end("-TERM"), Some(0));

    let place = other.path().join("data");
    // Without the master key another is made, which opens nothing.
    let (done, _, why) = run(&place, "restore");
    assert!(!done && why.contains("master.key"), "{why}");
    fs::copy(dir.path().join("master.key"), place.join("master.key")).unwrap();
    let (done, said, why) = run(&place, "restore");
    assert!(done && said.contains("ticket ") && said.contains("与备份时相同"), "{said}{why}");
    let (done, _, why) = run(&place, "restore");
    assert!(!done && why.contains("不是空的"), "{why}");
    let server = Server::start(&place, "log");
    let (status, _) = server.call("POST", "/api/v1/auth/wechat", "-", r#"{"code": "dev:居民王芳"}"#);
    assert_eq!(status, 200);
    assert_eq!(server.end("-TERM"), Some(0));
}
