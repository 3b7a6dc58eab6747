//! The files of the example counties.

use crate::config::Demo;
use infra::store::Seed;

/// The files of an example county.
pub(super) struct Files {
    pub(super) playbook: Seed<'static>,
    pub(super) places: &'static str,
    pub(super) people: &'static str,
    pub(super) tickets: &'static [(&'static str, &'static str)],
    pub(super) story: &'static str,
}

macro_rules! county {
    ($key:literal, $services:expr, [$($file:literal),* $(,)?]) => {
        Files {
            playbook: Seed {
                file: concat!("playbooks/", $key, ".toml"),
                source: include_str!(concat!("../../../playbooks/", $key, ".toml")),
                services: $services,
            },
            places: include_str!(concat!("../../demo/", $key, "-places.csv")),
            people: include_str!(concat!("../../demo/", $key, "/people.toml")),
            tickets: &[$(($file, include_str!(concat!("../../demo/", $key, "/tickets/", $file)))),*],
            story: include_str!(concat!("../../demo/", $key, "/story.toml")),
        }
    };
}

macro_rules! services {
    ($key:literal) => {
        Some(include_bytes!(concat!("../../../playbooks/", $key, "-services.csv")).as_slice())
    };
}

pub(super) fn files(demo: Demo) -> Files {
    match demo {
        Demo::Mile => county!(
            "mile",
            None,
            [
                "first.toml",
                "facilities.toml",
                "environment.toml",
                "property.toml",
                "dispute.toml",
                "safety.toml",
                "service.toml",
                "huquan.toml",
                "gucheng.toml",
                "villages.toml",
                "channels.toml",
                "turns.toml",
                "queue.toml",
            ]
        ),
        Demo::Longli => county!("longli", None, ["first.toml", "turns.toml"]),
        Demo::Fuqing => county!("fuqing", None, ["first.toml", "turns.toml"]),
        Demo::Qingzhou => county!("qingzhou", services!("qingzhou"), ["first.toml", "turns.toml"]),
        Demo::Zuoyun => county!("zuoyun", services!("zuoyun"), ["first.toml", "turns.toml"]),
    }
}
