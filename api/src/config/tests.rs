use super::sources::{Asked, DEFAULTS, Environment, Reading, Source, read_from};
use super::table::{LogFormat, TABLE};
use crate::limits::Wire;
use infra::rate::Quota;
use secrecy::ExposeSecret;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, text)| ((*name).to_owned(), text.into())).collect()
}

fn of_variables(variables: &[(&str, &str)]) -> Reading {
    read_from(Asked::default(), &environment(variables), &[])
}

fn of_file(text: &str) -> Reading {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huying.toml");
    fs::write(&path, text).unwrap();
    read_from(Asked::default(), &Environment::new(), &[path])
}

fn faults(reading: &Reading) -> String {
    assert_eq!(reading.settings.is_none(), !reading.faults.list().is_empty());
    reading.faults.list().join("\n")
}

#[test]
fn nothing_set_is_the_usual() {
    let reading = of_variables(&[]);
    assert!(reading.remarks().is_empty() && reading.file.is_none());
    let config = reading.settings().unwrap();
    assert_eq!((config.listen.to_string().as_str(), config.dev_login), ("127.0.0.1:8080", false));
    assert_eq!((config.log_format, config.data_dir.to_str()), (LogFormat::Text, Some("./data")));
    assert!(config.wechat().is_none() && config.redis_url.is_none() && config.master_key.is_none());
    assert_eq!(config.database().file(), Some("./data/huying.db".as_ref()));
    let said = |quota: Option<Quota>| quota.map(|quota| (quota.count(), quota.seconds()));
    assert_eq!(said(config.rate_logins), Some((10, 60)));
    assert_eq!(said(config.rate_renewals), Some((600, 60)));
    assert_eq!(said(config.rate_tickets), Some((20, 3600)));
    assert_eq!(said(config.rate_calls), Some((600, 60)));
    let usual = Wire::default();
    let times = [config.timeout_head, config.timeout_body, config.timeout_call, config.timeout_idle];
    assert_eq!(times, [usual.head, usual.body, usual.call, usual.idle]);
    assert_eq!((config.max_connections, config.listeners), (usual.connections, usual.listeners));
}

#[test]
fn rates_are_off_with_example_data_unless_set() {
    let asked = Asked { demo: true, ..Asked::default() };
    let config = read_from(asked, &environment(&[("HUYING_RATE_LOGINS", "3/2s")]), &[]).settings().unwrap();
    assert_eq!(config.rate_logins.map(|quota| (quota.count(), quota.seconds())), Some((3, 2)));
    assert!(config.rate_renewals.is_none() && config.rate_tickets.is_none() && config.rate_calls.is_none());
}

#[test]
fn every_setting_is_in_the_defaults_and_in_the_readme() {
    let known: Vec<_> = TABLE.iter().map(|setting| setting.key).collect();
    let (mut section, mut written, mut before) = ("", Vec::new(), "");
    for line in DEFAULTS.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if let Some((name, _)) = line.split_once(" = ") {
            written.push(format!("{section}.{name}"));
            let variable = TABLE.get(written.len() - 1).map(|setting| setting.variable).unwrap_or_default();
            let says = before.strip_prefix("# ").is_some_and(|text| text.contains(variable));
            assert!(says, "the line before {name} says what it is, and {variable}");
        }
        before = line;
    }
    assert_eq!(written, known);
    for (file, heading) in [("README.md", "## Settings"), ("README.zh-CN.md", "## 设置")] {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let text = fs::read_to_string(root.join(file)).unwrap();
        let table = text.split_once(heading).unwrap().1;
        let rows =
            table.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
        let cell = |row: &str, n| row.split('|').nth(n).unwrap().trim().trim_matches('`').to_owned();
        let rows: Vec<_> = rows.skip(2).map(|row| (cell(row, 1), cell(row, 2))).collect();
        let settings: Vec<_> =
            TABLE.iter().map(|setting| (setting.variable.to_owned(), setting.key.to_owned())).collect();
        assert_eq!(rows, settings, "{file}");
    }
}

#[test]
fn what_is_nearer_goes_first() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let named = file(
        "a.toml",
        "[server]\nlisten = \"127.0.0.1:1\"\n\n[limits]\nlisteners = 7\nrate_calls = \"1/1s\"",
    );
    let usual = file("b.toml", "[server]\nlisten = \"127.0.0.1:2\"");
    let listens = |config: Option<&PathBuf>, variables: &[(&str, &str)], argument: Option<&str>| {
        let arguments = argument.map(|text| ("server.listen", "--listen", text.to_owned()));
        let asked = Asked { config: config.cloned(), arguments: arguments.into_iter().collect(), demo: true };
        let usual = [dir.path().join("none"), usual.clone()];
        let reading = read_from(asked, &environment(variables), &usual);
        let source = reading.given["server.listen"].source.clone();
        let rates = (
            reading.given["limits.rate_logins"].source.clone(),
            reading.given["limits.rate_calls"].source.clone(),
        );
        (reading.settings().unwrap().listen.port(), source, rates)
    };
    let file_at = |path: &PathBuf, line| Source::File { path: path.clone(), line };
    let (port, source, rates) = listens(Some(&named), &[], None);
    assert_eq!((port, source), (1, file_at(&named, 2)));
    assert_eq!(rates, (Source::Demo, file_at(&named, 6)));
    assert_eq!(listens(None, &[("HUYING_CONFIG", named.to_str().unwrap())], None).0, 1);
    assert_eq!(listens(None, &[], None).1, file_at(&usual, 2));
    let variable = [("HUYING_LISTEN", "127.0.0.1:3")];
    assert_eq!(listens(Some(&named), &variable, None).1, Source::Variable("HUYING_LISTEN"));
    let (port, source, _) = listens(Some(&named), &variable, Some("127.0.0.1:4"));
    assert_eq!((port, source), (4, Source::Argument("--listen")));
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huying.toml");
    let text = "[server]\nlisten = 8080\ndata-dir = \"x\"\n[databse]\nurl = \"postgres://u:hunter2@h/d\"\n[limits]\n\
         rate_calls = \"many\"\nmax_connections = 1.5\n[mystery]\n";
    fs::write(&path, text).unwrap();
    let plain = [
        ("HUYING_RATE_LOGINS", "ten"),
        ("HUYING_RATE_TICKETS", "0/1h"),
        ("HUYING_RATE_RENEWALS", "5/1ms"),
        ("HUYING_TIMEOUT_HEAD", "0s"),
        ("HUYING_LISTENERS", "many"),
        ("HUYING_LOG", "xml"),
        ("RUST_LOG", "huying=loud"),
        ("HUYING_DEV_LOGIN", "flase"),
        ("HUYING_DATA_DIR", " "),
    ];
    let others = [
        ("HUYING_TIMEOUT_BODY", "30s"),
        ("HUYING_MASTER_KEY", "hunter2"),
        ("REDIS_URL", "hunter2"),
        ("DATABASE_URL", "mysql://u:hunter2@h/d"),
        ("HUYING_WECHAT_APP_ID", "wx1"),
        ("HUYING_WECHAT_BASE_URL", "ftp://x"),
        ("HUYING_TRUSTED_PROXIES", "10.0.0.0/99"),
    ];
    let variables = environment(&[&plain[..], &others[..]].concat());
    let reading = read_from(Asked::default(), &variables, &[path]);
    let said = faults(&reading);
    for (name, text) in plain {
        assert!(said.contains(&format!("环境变量 {name}={text} 应为")), "{name}: {said}");
    }
    for piece in [
        "第 2 行 server.listen=8080 应为",
        "第 3 行 server.data-dir 没有这项设置，是不是 server.data_dir？",
        "第 5 行 databse.url 没有这项设置，是不是 database.url？",
        "第 7 行 limits.rate_calls=many 应为",
        "第 8 行 limits.max_connections=1.5 应为",
        "第 9 行 mystery 没有这项设置",
        "HUYING_TIMEOUT_BODY（limits.timeout_body）应小于",
        "环境变量 HUYING_MASTER_KEY 主密钥应为 32 字节",
        "环境变量 REDIS_URL 应为 redis://",
        "环境变量 DATABASE_URL 应以 sqlite:// 或 postgres:// 开头",
        "还须设置 HUYING_WECHAT_SECRET",
        "HUYING_WECHAT_BASE_URL=ftp://x 应以 https:// 开头",
        "10.0.0.0/99 不是 IP 地址或网段",
    ] {
        assert!(said.contains(piece), "{piece}: {said}");
    }
    assert_eq!(reading.faults.list().len(), 22, "{said}");
    assert!(!said.contains("hunter2") && !format!("{reading:?}").contains("hunter2"));
}

#[test]
fn a_broken_file_says_where_and_never_what() {
    for text in [
        "\nurl = postgres://u:hunter2@h/d",
        "[database]\nurl = \"postgres://u:hunter2@h/d",
        "[database]\nurl \"hunter2\"",
        "[database]\nurl = 'a'\nurl = 'hunter2'",
        "[database]\n'hunter2' hunter2",
        "[database\nurl = 'hunter2'",
    ] {
        let said = faults(&of_file(text));
        assert!(said.contains("huying.toml 第 ") && said.contains("不是正确的 TOML"), "{text}: {said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_named_file_must_be_there() {
    let asked = Asked { config: Some("/none/of.toml".into()), ..Asked::default() };
    let said = faults(&read_from(asked, &Environment::new(), &[]));
    assert!(
        said.contains("--config") && said.contains("/none/of.toml") && said.contains("没有这个文件"),
        "{said}"
    );
    assert!(faults(&of_variables(&[("HUYING_CONFIG", "/none.toml")])).contains("HUYING_CONFIG"));
    // One that is there and cannot be read is not passed over.
    let dir = tempfile::tempdir().unwrap();
    let said = faults(&read_from(Asked::default(), &Environment::new(), &[dir.path().to_owned()]));
    assert!(said.contains("无法读取"), "{said}");
}

#[test]
fn secrets_come_from_files_too() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, url) =
        (file("key", &format!("{KEY}\n")), file("url", "postgres://u:hunter2@db.example/county\n"));
    let (redis, empty) = (file("redis", "redis://:hunter2@127.0.0.1/\n"), file("empty", "\n"));
    let reading = of_variables(&[
        ("HUYING_MASTER_KEY_FILE", &key),
        ("DATABASE_URL_FILE", &url),
        ("REDIS_URL_FILE", &redis),
    ]);
    assert!(reading.remarks().is_empty() && !format!("{reading:?}").contains("hunter2"));
    let source = reading.given["database.url"].source.to_string();
    assert_eq!(source, format!("环境变量 DATABASE_URL_FILE 指定的文件 {url}"));
    let config = reading.settings().unwrap();
    assert_eq!(config.database().place(), "db.example:5432/county");
    assert_eq!(config.redis_url.as_ref().unwrap().expose_secret(), "redis://:hunter2@127.0.0.1/");
    assert!(config.master_key.is_some());
    assert!(!format!("{:?}", config.config(None).unwrap()).contains("hunter2"));
    let said = faults(&of_variables(&[("DATABASE_URL", "sqlite://x"), ("DATABASE_URL_FILE", &url)]));
    assert!(said.contains("DATABASE_URL 和 DATABASE_URL_FILE 只能设置一个"), "{said}");
    let said = faults(&of_variables(&[("HUYING_WECHAT_SECRET_FILE", "/none"), ("REDIS_URL_FILE", &empty)]));
    assert!(said.contains("HUYING_WECHAT_SECRET_FILE 指定的文件 /none 无法读取：没有这个文件"), "{said}");
    assert!(said.contains("REDIS_URL_FILE") && said.contains("为空"), "{said}");
    // What is no secret has no file.
    assert_eq!(of_variables(&[("HUYING_LISTEN_FILE", &url)]).unknown.len(), 1);
}

#[test]
fn an_empty_variable_is_unset_where_that_does_no_harm() {
    let unset = [
        ("HUYING_WECHAT_APP_ID", ""),
        ("HUYING_WECHAT_SECRET", " "),
        ("HUYING_TRUSTED_PROXIES", ""),
        ("HUYING_DEV_LOGIN", ""),
    ];
    assert_eq!(faults(&of_variables(&unset)), "");
    for name in ["DATABASE_URL", "REDIS_URL", "HUYING_MASTER_KEY"] {
        assert!(faults(&of_variables(&[(name, "")])).contains(&format!("环境变量 {name} 为空")));
    }
    let postgres = of_variables(&[("DATABASE_URL", "postgres://u@h/d")]);
    assert!(faults(&postgres).contains("HUYING_MASTER_KEY"));
}

#[test]
fn unknown_variables_are_told_with_what_was_meant() {
    let reading = of_variables(&[
        ("HUYING_WECHAT_SECRT", "x"),
        ("HUYING_SERVICE_HOST", "10.0.0.1"),
        ("HUYING_TEST_PG_BIN", "x"),
        ("HUYING_WRITE_DOCS", "1"),
        ("HUYING_NEW_PASSWORD", "x"),
        ("PATH", "x"),
    ]);
    let unknown = [
        ("HUYING_SERVICE_HOST".to_owned(), None),
        ("HUYING_WECHAT_SECRT".to_owned(), Some("HUYING_WECHAT_SECRET")),
    ];
    assert_eq!((faults(&reading), &reading.unknown[..]), (String::new(), &unknown[..]));
}

#[test]
fn a_file_with_a_secret_is_for_its_owner() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huying.toml");
    let remarks = |text: &str, mode| {
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        read_from(Asked::default(), &Environment::new(), std::slice::from_ref(&path)).remarks().len()
    };
    let secret = "[redis]\nurl = \"redis://h\"";
    assert_eq!([remarks(secret, 0o644), remarks(secret, 0o640), remarks(DEFAULTS, 0o644)], [1, 0, 0]);
}
