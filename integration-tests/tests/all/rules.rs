//! Counties that do it otherwise: Mile's playbook with other parts, as its administrator imports it.

use crate::torture::program;
use integration_tests::app::{MASTER_KEY, TestApp};
use std::process::{Command, Output};

/// What the program says to a playbook that is imported into the database of a server.
pub(crate) fn import(app: &TestApp, playbook: &str) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("mile.toml");
    std::fs::write(&file, playbook).unwrap();
    Command::new(program())
        .env_clear()
        .env("HUYING_DATA_DIR", dir.path().join("data"))
        .env("HUYING_MASTER_KEY", MASTER_KEY)
        .env("DATABASE_URL", &app.url)
        .args(["playbook", "import", file.to_str().unwrap()])
        .output()
        .unwrap()
}

/// Mile's playbook from now on, with some parts added at its end, and each first text replaced by a second.
pub(crate) async fn play_by(app: &TestApp, added: &str, replaced: &[(&str, &str)]) {
    let mut playbook = include_str!("../../../playbooks/mile.toml").to_owned();
    for (old, new) in replaced {
        assert!(playbook.contains(old), "{old}");
        playbook = playbook.replacen(old, new, 1);
    }
    let imported = import(app, &format!("{playbook}\n{added}"));
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    app.app.reload_playbooks().await.unwrap();
}
