//! A county by its own playbook, with its own places: where the stories are told.

use crate::rules::{huying, said};
use integration_tests::app::TestApp;
use integration_tests::{Backend, Caller};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A server with one more county than Mile.
pub(crate) struct County {
    pub(crate) app: TestApp,
    /// The codes of its places by their names.
    codes: HashMap<String, String>,
    /// Its own code, of six digits.
    pub(crate) code: String,
}

/// Where the playbook of a county lies, and its places.
pub(crate) fn files(key: &str) -> [PathBuf; 2] {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    match key {
        "yunhe" => ["fixtures/yunhe.toml", "fixtures/yunhe-places.csv"].map(|file| here.join(file)),
        _ => [format!("../playbooks/{key}.toml"), format!("../api/demo/{key}-places.csv")]
            .map(|file| here.join(file)),
    }
}

impl County {
    /// A server on which the county of that key was set up as its administrator would: by the command line.
    pub(crate) async fn open(backend: Backend, key: &str) -> Self {
        let app = TestApp::start(backend).await;
        let [playbook, places] = files(key);
        let sheet = std::fs::read_to_string(&places).unwrap();
        let rows = sheet.lines().skip(1).map(|row| row.split_once(',').unwrap());
        let codes: HashMap<_, _> = rows.map(|(code, name)| (name.to_owned(), code.to_owned())).collect();
        let code = codes.values().min_by_key(|code| code.len()).unwrap().clone();
        let set_up: [&[&str]; 2] = [
            &["playbook", "import", playbook.to_str().unwrap()],
            &["import", "places", places.to_str().unwrap(), "--county", &code],
        ];
        for arguments in set_up {
            let done = huying(&app.url, arguments);
            assert!(done.status.success(), "{key}: {}", said(&done));
        }
        app.app.reload_playbooks().await.unwrap();
        Self { app, codes, code }
    }

    /// The code of a place by its name.
    pub(crate) fn place(&self, name: &str) -> &str {
        self.codes.get(name).unwrap_or_else(|| panic!("no place is called {name}"))
    }

    /// Somebody with a role for a place of that name.
    pub(crate) async fn staff(&self, role: &str, place: &str) -> Caller {
        self.app.staff(role, self.place(place)).await
    }

    /// A unit of the county, as its administrator enters it.
    pub(crate) async fn unit(&self, name: &str, kind: &str) -> Uuid {
        let admin = self.app.staff("county_admin", &self.code).await;
        let unit = json!({"name": name, "kind": kind, "place": self.code});
        admin.post("/units", unit).await.expect(201).str("id").parse().unwrap()
    }
}
