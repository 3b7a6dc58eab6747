//! Counties that do it otherwise: Mile's playbook with other parts, as its administrator imports it.

use crate::torture::program;
use integration_tests::app::{self, TestApp};
use std::process::{Command, Output};

/// The program, on the database of a server.
pub(crate) fn huying(url: &str, arguments: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    Command::new(program())
        .env_clear()
        .env("HUYING_DATA_DIR", data.path().join("data"))
        .env("HUYING_MASTER_KEY", app::MASTER_KEY)
        .env("DATABASE_URL", url)
        .args(arguments)
        .output()
        .unwrap()
}

/// What it said.
pub(crate) fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// The parts of a playbook that there are once, or whose entries stand in an order: other ones take their place.
const WHOLE: [&str; 8] =
    ["steps", "ladder", "whistle", "first_asked", "call", "routes", "services", "admitted"];

/// Mile's playbook with more at its end; what only one can be of takes the place of Mile's own.
pub(crate) fn mile_with(more: &str) -> String {
    let mile = include_str!("../../../playbooks/mile.toml");
    let name = |line: &str| line.starts_with('[').then(|| line.trim_matches(['[', ']']).to_owned());
    let new: Vec<_> = more.lines().filter_map(name).filter(|part| WHOLE.contains(&part.as_str())).collect();
    let (mut kept, mut left_out) = (String::new(), false);
    for line in mile.lines() {
        left_out = name(line).map_or(left_out, |part| new.contains(&part));
        if !left_out {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{kept}\n{more}")
}

/// What the program says to a playbook that is imported into the database of a server, with a sheet of services beside it
/// where there is one.
pub(crate) fn import(app: &TestApp, playbook: &str, services: Option<&str>) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    // Keys of the whole playbook stand before its first table.
    let named = services.map_or("", |_| "services_file = \"services.csv\"\n");
    std::fs::write(&file, format!("{named}{playbook}")).unwrap();
    if let Some(services) = services {
        std::fs::write(dir.path().join("services.csv"), services).unwrap();
    }
    huying(&app.url, &["playbook", "import", file.to_str().unwrap()])
}

/// Mile's playbook from now on, with some parts added at its end, and each first text replaced by a second.
pub(crate) async fn play_by(app: &TestApp, added: &str, replaced: &[(&str, &str)]) {
    let mut playbook = mile_with(added);
    for (old, new) in replaced {
        assert!(playbook.contains(old), "{old}");
        playbook = playbook.replacen(old, new, 1);
    }
    taken(app, &playbook, None).await;
}

/// The same with a sheet of services.
pub(crate) async fn play_with(app: &TestApp, added: &str, services: &str) {
    taken(app, &mile_with(added), Some(services)).await;
}

async fn taken(app: &TestApp, playbook: &str, services: Option<&str>) {
    let imported = import(app, playbook, services);
    assert!(imported.status.success(), "{}", said(&imported));
    app.app.reload_playbooks().await.unwrap();
}
