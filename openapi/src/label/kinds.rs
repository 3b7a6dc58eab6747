//! What people call kinds of things, and what is limited.

use super::Lang;
use domain::deed::DeedKind;
use domain::tie::TieKind;
use domain::unit::UnitKind;

/// What happened to a place.
pub fn place_event(kind: domain::place::Headline, lang: Lang) -> &'static str {
    use domain::place::Headline as Place;
    let (chinese, english) = match kind {
        Place::Founded => ("地点设立", "Place founded"),
        Place::PlaceRenamed => ("地点更名", "Place renamed"),
        Place::Moved => ("地点划转", "Place moved"),
        Place::Split => ("地点拆分", "Place split"),
        Place::Bounded => ("划定边界", "Boundary drawn"),
        Place::Retired => ("地点撤并", "Place retired"),
    };
    lang.of(chinese, english)
}

/// What people call a kind of units.
pub fn unit_kind(kind: UnitKind, lang: Lang) -> &'static str {
    lang.of(kind.chinese(), kind.name())
}

/// What people call a kind of ties.
pub fn tie_kind(kind: TieKind, lang: Lang) -> &'static str {
    lang.of(kind.chinese(), kind.name())
}

/// What people call a kind of deeds.
pub fn deed_kind(kind: DeedKind, lang: Lang) -> &'static str {
    lang.of(kind.chinese(), kind.name())
}

/// What people call a kind of point.
pub fn point_kind(kind: domain::point::Kind, lang: Lang) -> &'static str {
    use domain::point::Kind;
    let (chinese, english) = match kind {
        Kind::ServicePoint => ("服务点", "service point"),
        Kind::TalkingPoint => ("说事点", "talking point"),
        Kind::SuggestionBox => ("意见箱", "suggestion box"),
        Kind::Camera => ("监控", "camera"),
        Kind::Shop => ("商铺", "shop"),
        Kind::Venue => ("活动场所", "venue"),
    };
    lang.of(chinese, english)
}

/// What people call that which is limited.
pub fn rate(name: &str, lang: Lang) -> Option<&'static str> {
    let (chinese, english) = match name {
        "logins" => ("同一地址登录", "Sign-ins of an address"),
        "renewals" => ("同一地址续期", "Renewals of an address"),
        "tickets" => ("居民点单", "Tickets of a resident"),
        "calls" => ("同一用户调用接口", "Calls of a user"),
        _ => return None,
    };
    Some(lang.of(chinese, english))
}
