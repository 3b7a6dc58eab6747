//! Every refusal has its line, and every line says something.

use super::*;
use chrono::{DateTime, NaiveDate};
use domain::absence::AbsenceRefusal;
use domain::appeal::AppealRefusal;
use domain::booking::BookingRefusal;
use domain::calendar::CalendarRefusal;
use domain::deed::DeedRefusal;
use domain::duty::DutyRefusal;
use domain::errand::ErrandRefusal;
use domain::geo::PositionRefusal;
use domain::import::ImportRefusal;
use domain::live::LiveRefusal;
use domain::matter::MatterRefusal;
use domain::mediation::MediationRefusal;
use domain::notice::InboxRefusal;
use domain::number::ticket_number;
use domain::password::PasswordRefusal;
use domain::patrol::PatrolRefusal;
use domain::permission::{PermissionRefusal, Role};
use domain::person::{GrantRefusal, PersonRefusal, ProfileFault, ProfileRefusal};
use domain::phone::PhoneRefusal;
use domain::photo::PhotoRefusal;
use domain::place::{Levels, PlaceCode, PlaceRefusal};
use domain::playbook::PlaybookRefusal;
use domain::point::{PointFault, PointRefusal};
use domain::post::PostRefusal;
use domain::refusal::Refusal;
use domain::shift::ShiftRefusal;
use domain::text::TextRefusal;
use domain::ticket::{FieldFault, NotYours, TicketRefusal, TimeFault, WrongState};
use domain::tie::{TieKind, TieRefusal};
use domain::unit::UnitRefusal;
use strum::IntoEnumIterator;

fn profile(fault: ProfileFault) -> Refusal {
    ProfileRefusal { field: "/free/0".into(), fault }.into()
}

fn every_refusal() -> Vec<Refusal> {
    let code = PlaceCode::parse("532504", &Levels::default()).unwrap();
    let day = NaiveDate::default();
    let mut all: Vec<Refusal> = vec![
        PermissionRefusal::Role { action: Action::TicketView }.into(),
        PermissionRefusal::Reach { action: Action::TicketView }.into(),
        PasswordRefusal::Length { length: 5 }.into(),
        PasswordRefusal::IsUsername.into(),
        PasswordRefusal::Common.into(),
        PasswordRefusal::Username.into(),
        PlaceRefusal::NotDigits.into(),
        PlaceRefusal::NoLevel { length: 7, allowed: "6, 9".into() }.into(),
        PlaceRefusal::NoProvince.into(),
        PlaceRefusal::Unknown { code }.into(),
        PlaceRefusal::NoGridAtPosition.into(),
        PlaceRefusal::CodeOrPosition.into(),
        PlaceRefusal::TooWide { code }.into(),
        PositionRefusal::OutsideChina { field: "lat" }.into(),
        PhoneRefusal::Invalid.into(),
        TextRefusal::Empty.into(),
        TextRefusal::TooLong { length: 10_001, max: 10_000 }.into(),
        TextRefusal::ControlCharacter { code: 0, at: 1 }.into(),
        TicketRefusal::NotFound.into(),
        TicketRefusal::CategoryUnknown { allowed: "a".into() }.into(),
        TicketRefusal::ServiceUnknown { alike: "a".into() }.into(),
        TicketRefusal::MessageFiled { number: ticket_number(&code, day, 1) }.into(),
        TicketRefusal::OrderFiled { number: ticket_number(&code, day, 1) }.into(),
        PersonRefusal::NotFound.into(),
        PersonRefusal::BeyondScope.into(),
        PersonRefusal::Erased.into(),
        PersonRefusal::PhoneTaken.into(),
        PersonRefusal::NotInPost.into(),
        PersonRefusal::StillInPost.into(),
        PersonRefusal::SuccessorCannotHandle.into(),
        PersonRefusal::QueryTooShort.into(),
        profile(ProfileFault::TooMany { count: 21, max: 20 }),
        profile(ProfileFault::Twice),
        profile(ProfileFault::Weekday { weekday: 8 }),
        profile(ProfileFault::Time),
        profile(ProfileFault::Backwards),
        profile(ProfileFault::Overlap),
        GrantRefusal::Resident.into(),
        GrantRefusal::BeyondScope.into(),
        GrantRefusal::PlacesCount { count: 65 }.into(),
        GrantRefusal::PlacesOrUnit.into(),
        GrantRefusal::AlreadyHeld.into(),
        GrantRefusal::Unknown.into(),
        MatterRefusal::NotFound.into(),
        MatterRefusal::BeyondScope.into(),
        MatterRefusal::Over { status: "done" }.into(),
        MatterRefusal::NotYet { status: "open" }.into(),
        MatterRefusal::Time { field: "/at", earliest: DateTime::UNIX_EPOCH, latest: DateTime::UNIX_EPOCH }
            .into(),
        MatterRefusal::Range { field: "/n", min: 1, max: 2 }.into(),
        MatterRefusal::Who { field: "/who" }.into(),
        MatterRefusal::Place { field: "/place" }.into(),
        MatterRefusal::Unknown { field: "/key", allowed: "a".into() }.into(),
        PostRefusal::TooMany { most: 2 }.into(),
        PostRefusal::Held.into(),
        PostRefusal::Unknown.into(),
        PostRefusal::AskOver.into(),
        PostRefusal::AskElsewhere.into(),
        PostRefusal::AskOneself.into(),
        DutyRefusal::PositionRequired { radius: 200 }.into(),
        DutyRefusal::TooFar { metres: 201, radius: 200 }.into(),
        DutyRefusal::PhotoUnknown.into(),
        DutyRefusal::PhotoUsed.into(),
        DutyRefusal::RaisedUnknown.into(),
        DutyRefusal::NotTheirs.into(),
        PatrolRefusal::UnderWay.into(),
        PatrolRefusal::Order.into(),
        ErrandRefusal::Taken.into(),
        ErrandRefusal::PapersLeft { left: 2 }.into(),
        ErrandRefusal::NoSuchPaper { number: 3 }.into(),
        ErrandRefusal::ReturnedBefore { number: 1 }.into(),
        BookingRefusal::NotBookable.into(),
        BookingRefusal::NoSuchService { allowed: "上门理发".into() }.into(),
        BookingRefusal::NoSlot.into(),
        BookingRefusal::OnceADay.into(),
        BookingRefusal::Full.into(),
        BookingRefusal::Begun.into(),
        BookingRefusal::TooEarly { from: DateTime::default() }.into(),
        PhotoRefusal::NotFound.into(),
        PhotoRefusal::NotAPicture.into(),
        PhotoRefusal::Dimensions.into(),
        PhotoRefusal::TooMany.into(),
        PhotoRefusal::BeyondScope.into(),
        AppealRefusal::Nothing.into(),
        AppealRefusal::Pending.into(),
        AppealRefusal::Own.into(),
        MediationRefusal::NotADispute.into(),
        MediationRefusal::DaysOver.into(),
        MediationRefusal::Begun.into(),
        MediationRefusal::Sides.into(),
        MediationRefusal::Party { number: 0 }.into(),
        MediationRefusal::TopLevel.into(),
        MediationRefusal::OtherAgreement { current: 2 }.into(),
        MediationRefusal::Signed.into(),
        MediationRefusal::Paper.into(),
        PointRefusal::NotFound.into(),
        PointRefusal::Retired.into(),
        PointRefusal::BeyondScope { code }.into(),
        PointRefusal::AtCounty.into(),
        PointRefusal::OtherCounty { code }.into(),
        PointRefusal::UnitElsewhere.into(),
        PointRefusal::TooMany { max: 5_000 }.into(),
        PointRefusal::Booked { count: 2 }.into(),
        domain::place::NetRefusal::HasPoints.into(),
        UnitRefusal::NotFound.into(),
        UnitRefusal::Unknown.into(),
        UnitRefusal::BeyondScope.into(),
        UnitRefusal::NotACounty.into(),
        UnitRefusal::CodeTaken.into(),
        UnitRefusal::CodeInvalid.into(),
        UnitRefusal::SeatElsewhere.into(),
        UnitRefusal::Retired.into(),
        UnitRefusal::InUse.into(),
        DeedRefusal::NotFound.into(),
        DeedRefusal::BeyondScope.into(),
        DeedRefusal::Day { earliest: day, latest: day }.into(),
        DeedRefusal::NotLinked.into(),
        DeedRefusal::Served.into(),
        DeedRefusal::Retracted.into(),
        ImportRefusal::NotFound.into(),
        ImportRefusal::Twice { row: 2 }.into(),
        ImportRefusal::NameDiffers { row: 2 }.into(),
        ImportRefusal::ProfileDiffers { row: 2 }.into(),
        ImportRefusal::OtherCounty.into(),
        ImportRefusal::NothingAbove { parent: "532504".into() }.into(),
        ImportRefusal::RoleIncomplete.into(),
        ImportRefusal::Ambiguous { count: 2 }.into(),
        ImportRefusal::PhoneElsewhere.into(),
        ImportRefusal::NotAWord { allowed: "部门".into() }.into(),
        ImportRefusal::NotDone.into(),
        ImportRefusal::NothingMarked.into(),
        TieRefusal::NotFound.into(),
        TieRefusal::BeyondScope.into(),
        TieRefusal::Sides { kind: TieKind::Paired }.into(),
        TieRefusal::HolderOneOf.into(),
        TieRefusal::TargetOneOf.into(),
        TieRefusal::PersonUnknown.into(),
        TieRefusal::UnitUnknown.into(),
        TieRefusal::OfUnknown.into(),
        TieRefusal::OtherCounty.into(),
        TieRefusal::Dates { latest: day }.into(),
        TieRefusal::Exists.into(),
        TieRefusal::LineTaken.into(),
        TieRefusal::LineUnknown { allowed: String::new() }.into(),
        TieRefusal::LineMisplaced.into(),
        TieRefusal::OneAbove.into(),
        TieRefusal::Circle.into(),
        TieRefusal::TooManyCheckIns { max: 2 }.into(),
        TieRefusal::NotACommunity.into(),
        TieRefusal::Ended.into(),
        TieRefusal::EndsBefore { since: day }.into(),
        CalendarRefusal::YearOutOfRange { year: 1999 }.into(),
        CalendarRefusal::TooManyDays { count: 367 }.into(),
        CalendarRefusal::OtherYear { field: "/x".into(), date: NaiveDate::MIN, year: 2026 }.into(),
        CalendarRefusal::Twice { field: "/x".into(), date: NaiveDate::MIN }.into(),
        CalendarRefusal::Name { field: "/x".into(), refusal: TextRefusal::Empty }.into(),
        CalendarRefusal::NoWorkingTime { county: None }.into(),
        CalendarRefusal::NotACounty.into(),
        CalendarRefusal::BeyondScope.into(),
        PlaybookRefusal::NotFound.into(),
        PlaybookRefusal::BeyondScope.into(),
        PlaybookRefusal::OtherCounty { county: "532504".into() }.into(),
        PlaybookRefusal::LevelsInUse.into(),
        LiveRefusal::Nothing.into(),
        LiveRefusal::Place.into(),
        LiveRefusal::Unit.into(),
        ShiftRefusal::NotFound.into(),
        ShiftRefusal::BeyondScope.into(),
        ShiftRefusal::EndsBeforeStart.into(),
        ShiftRefusal::TooLong.into(),
        ShiftRefusal::Over.into(),
        ShiftRefusal::PersonCannot.into(),
        ShiftRefusal::Overlaps.into(),
        AbsenceRefusal::NotFound.into(),
        AbsenceRefusal::BeyondScope.into(),
        AbsenceRefusal::EndsBeforeStart.into(),
        AbsenceRefusal::TooLong.into(),
        AbsenceRefusal::Over.into(),
        AbsenceRefusal::Ended.into(),
        AbsenceRefusal::PersonCannot.into(),
        AbsenceRefusal::Overlaps.into(),
        AbsenceRefusal::StandInCannot.into(),
        InboxRefusal::NotFound.into(),
        InboxRefusal::TheseOrUpTo.into(),
        InboxRefusal::Count { count: 101 }.into(),
    ];
    let states = WrongState::iter();
    all.extend(states.map(|why| TicketRefusal::WrongState { why, status: Status::Closed }.into()));
    all.extend(FieldFault::iter().map(|code| TicketRefusal::Field { code, field: "/x".into() }.into()));
    all.extend(
        NotYours::iter().map(|why| TicketRefusal::NotYours { why, roles: vec![Role::CommunityClerk] }.into()),
    );
    all.extend(PointFault::iter().map(|fault| fault.at("/x").into()));
    let limit = DateTime::UNIX_EPOCH;
    all.extend(TimeFault::iter().map(|code| TicketRefusal::Time { code, field: "/x", limit }.into()));
    all
}

#[test]
fn every_refusal_has_a_line_and_fills_its_sentence() {
    for refusal in every_refusal() {
        let row = TABLE.iter().find(|row| row.code == refusal.code());
        let row = row.unwrap_or_else(|| panic!("{} is not in the table", refusal.code()));
        for lang in [Lang::Chinese, Lang::English] {
            let detail = row.detail(lang, &refusal.args());
            assert!(!detail.contains('{'), "{detail}");
        }
    }
}

#[test]
fn every_line_says_something_in_both_languages_and_stands_once() {
    for (i, row) in TABLE.iter().enumerate() {
        assert!(TABLE[..i].iter().all(|other| other.code != row.code), "{} twice", row.code);
        let placeholders = |text: &str| {
            let mut names: Vec<_> =
                text.split('{').skip(1).filter_map(|s| s.split('}').next()).map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(placeholders(row.detail[0]), placeholders(row.detail[1]), "{}", row.code);
        assert!(row.title.iter().chain(&row.detail).all(|text| !text.is_empty()), "{}", row.code);
        assert!(row.detail[1].is_ascii() && !row.detail[0].is_ascii() || row.code == "request.invalid_value");
        assert!((400..600).contains(&row.status));
    }
}

#[test]
fn the_first_fault_is_the_problem_and_all_fields_are_listed() {
    let faults =
        [Fault::of("/content", "text.empty", vec![]), Fault::of("/place/code", "place.not_digits", vec![])];
    let problem = Problem::new(&faults, Lang::English, "r".into());
    assert_eq!((problem.status, problem.code.as_str(), problem.errors.len()), (422, "text.empty", 2));
    assert_eq!(problem.errors[1].field, "/place/code");
}

#[test]
fn times_are_said_as_people_say_them() {
    let args = |name, value: &str| vec![(name, value.to_owned())];
    let midnight = args("limit", "2026-11-30T16:00:00Z");
    assert_eq!(
        find("ticket.time_too_early").detail(Lang::Chinese, &midnight),
        "应晚于 2026-12-01 00:00:00。"
    );
    let english = find("ticket.time_too_early").detail(Lang::English, &midnight);
    assert_eq!(english, "It must be later than 2026-12-01 00:00:00 +08:00.");
    // Days and numbers stay as they are.
    let mut days = args("earliest", "2025-11-21");
    days.extend(args("latest", "2026-11-21"));
    assert_eq!(find("deed.day").detail(Lang::Chinese, &days), "日期应为 2025-11-21 至 2026-11-21。");
}

#[test]
fn what_programs_say_is_said_in_chinese_and_kept_in_english() {
    type Case<'a> = (&'a str, &'a [(&'static str, &'a str)], &'a str, &'a str);
    let cases: [Case; 8] = [
        (
            "request.invalid_type",
            &[("expected", "a boolean"), ("got", "string \"yes\"")],
            "应为 true 或 false，收到文字 \"yes\"。",
            "Expected a boolean, got string \"yes\".",
        ),
        (
            "request.invalid_type",
            &[("expected", "object"), ("got", "null")],
            "应为对象，收到空。",
            "Expected object, got null.",
        ),
        (
            "request.invalid_value",
            &[("reason", "provided string was not `true` or `false`")],
            "取值无法识别：应为 true 或 false。",
            "Unreadable value: provided string was not `true` or `false`.",
        ),
        (
            "request.invalid_value",
            &[("reason", "something new")],
            "取值无法识别：写法有误。",
            "Unreadable value: something new.",
        ),
        (
            "request.malformed_json",
            &[("line", "1"), ("column", "2"), ("reason", "EOF while parsing a value")],
            "第 1 行第 2 列不是 JSON：没有写完。",
            "Not JSON at line 1, column 2: EOF while parsing a value.",
        ),
        (
            "request.header",
            &[("name", "Idempotency-Key"), ("allowed", KEY)],
            "请求头 Idempotency-Key 应为：1 至 255 个可见的 ASCII 字符，不含空格。",
            "Header Idempotency-Key must be: 1-255 ASCII (0x21-0x7E).",
        ),
        (
            "request.header",
            &[("name", "If-Match"), ("allowed", "\"3\", *")],
            "请求头 If-Match 应为：\"3\", *。",
            "Header If-Match must be: \"3\", *.",
        ),
        // What somebody sent is no word of a program.
        (
            "request.unknown_value",
            &[("got", "null"), ("allowed", "map")],
            "没有取值 null；允许：map。",
            "There is no null; allowed: map.",
        ),
    ];
    for (code, args, chinese, english) in cases {
        let args = args.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(find(code).detail(Lang::Chinese, &args), chinese);
        assert_eq!(find(code).detail(Lang::English, &args), english);
    }
}

#[test]
fn matters_stand_as_people_say_it() {
    fn all<T: IntoEnumIterator + Into<&'static str>>() -> impl Iterator<Item = &'static str> {
        T::iter().map(Into::into)
    }
    let words = all::<domain::admission::AdmissionStatus>()
        .chain(all::<domain::appeal::AppealStatus>())
        .chain(all::<domain::burden::BurdenStatus>())
        .chain(all::<domain::post::ClaimStatus>())
        .chain(all::<domain::duty::DutyStatus>())
        .chain(all::<domain::booking::BookingStatus>())
        .chain(all::<domain::errand::ErrandStatus>())
        .chain(all::<domain::mediation::MediationStatus>())
        .chain(all::<domain::post_need::NeedStatus>())
        .chain(all::<domain::patrol::PatrolStatus>())
        .chain(all::<domain::post::PostStatus>())
        .chain(all::<domain::power::PowerStatus>())
        .chain(all::<domain::promise::PromiseStatus>())
        .chain(all::<domain::key_task::TaskStatus>())
        // What is mediated in is a ticket.
        .chain(all::<Status>());
    for word in words {
        let said = find("matter.over").detail(Lang::Chinese, &vec![("status", word.to_owned())]);
        assert!(!said.contains(word), "{said}");
    }
    let said = |code, word: &str, lang| find(code).detail(lang, &vec![("status", word.to_owned())]);
    assert_eq!(said("matter.over", "kept", Lang::Chinese), "事项当前为 已践诺，不能再这样做。");
    assert_eq!(
        said("matter.over", "kept_late", Lang::English),
        "It is kept late; this cannot be done any more."
    );
    // The same word of a ticket is the ticket's.
    assert_eq!(said("matter.over", "withdrawn", Lang::Chinese), "事项当前为 已撤回，不能再这样做。");
    let ticket = label::status(Status::Withdrawn, Lang::Chinese);
    assert!(said("ticket.not_accepted", "withdrawn", Lang::Chinese).contains(ticket));
}
