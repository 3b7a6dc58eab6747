//! Words for people, in Chinese and in English.

mod kinds;

pub use kinds::{deed_kind, place_event, point_kind, rate, tie_kind, unit_kind};

use domain::notice::Notice;
use domain::permission::{Action, Role};
use domain::ticket::{Headline, Status};
use strum::IntoEnumIterator;
use utoipa::openapi::schema::SchemaType;
use utoipa::openapi::{Object, ObjectBuilder, Type};

/// The language of titles, details and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Chinese, unless asked otherwise.
    #[default]
    Chinese,
    /// `Accept-Language: en`.
    English,
}

impl Lang {
    /// The one of two texts.
    pub fn of<'a>(self, chinese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }
}

/// What the timeline calls an event.
pub fn headline(headline: Headline, lang: Lang) -> &'static str {
    let (chinese, english) = match headline {
        Headline::Submitted => ("点单", "Submitted"),
        Headline::Warned => ("预警", "Limit near"),
        Headline::Breached => ("超时", "Limit breached"),
        Headline::Dispatched => ("派单", "Dispatched"),
        Headline::Accepted => ("接单", "Accepted"),
        Headline::Arrived => ("到场", "On the scene"),
        Headline::Resolved => ("办结", "Resolved"),
        Headline::Rated => ("评单", "Rated"),
        Headline::Reworked => ("重办", "Back for rework"),
        Headline::Closed => ("结单", "Closed"),
        Headline::Escalated => ("上报", "Escalated"),
        Headline::FirstAsked => ("首问负责", "Asked first"),
        Headline::Referred => ("引导", "Guided to others"),
        Headline::Decided => ("会商决定", "Decided on"),
        Headline::DelegatesNamed => ("设居民代表", "Delegates named"),
        Headline::Observed => ("监督意见", "Said by a delegate"),
        Headline::TopicRaised => ("列为议题", "Before the next meeting"),
        Headline::Graded => ("研判", "Graded"),
        Headline::Claimed => ("认领", "Claimed"),
        Headline::Returned => ("退回", "Returned"),
        Headline::HandedOver => ("移交", "Handed over"),
        Headline::Relieved => ("解除协办", "Assists no longer"),
        Headline::Identified => ("并档", "Entries joined"),
        Headline::Planned => ("出方案", "Planned"),
        Headline::Replied => ("阶段答复", "Replied"),
        Headline::Reopened => ("重新打开", "Reopened"),
        Headline::Supplemented => ("补充", "Supplemented"),
        Headline::Urged => ("催办", "Urged"),
        Headline::ExtensionAsked => ("申请延期", "Extension asked for"),
        Headline::ExtensionApproved => ("批准延期", "Extension approved"),
        Headline::ExtensionRefused => ("驳回延期", "Extension refused"),
        Headline::Paused => ("暂停计时", "Clocks paused"),
        Headline::Resumed => ("恢复计时", "Clocks resumed"),
        Headline::Supervised => ("督办", "Under supervision"),
        Headline::Whistled => ("吹哨", "Units called"),
        Headline::ReportedIn => ("报到", "Reported in"),
        Headline::Opined => ("评价单位", "Opinion of a unit"),
        Headline::Discussed => ("会商", "Talked over"),
        Headline::Assessed => ("党支部研判", "Onto the ledger"),
        Headline::Promised => ("承诺时限", "Deadline promised"),
        Headline::Noted => ("备注", "Note"),
        Headline::Withdrawn => ("撤单", "Withdrawn"),
        Headline::Declined => ("不予受理", "Declined"),
        Headline::Merged => ("并单", "Merged into another"),
        Headline::Absorbed => ("并入", "Took in another"),
        Headline::Unmasked => ("查看明文", "Contact looked up"),
        Headline::Excluded => ("剔除", "Left out of the figures"),
        Headline::Recoded => ("地点编码变更", "Its place has another code"),
    };
    lang.of(chinese, english)
}

/// What the audit trail calls an event; `None` for one that is none of its own.
pub fn audited(kind: &str, lang: Lang) -> Option<&'static str> {
    use domain::absence::Headline as Absence;
    use domain::calendar::Headline as Calendar;
    use domain::deed::Headline as Deed;
    use domain::person::Headline as Person;
    use domain::place::Headline as Place;
    use domain::playbook::Headline as Playbook;
    use domain::point::Headline as Point;
    use domain::shift::Headline as Shift;
    use domain::tie::Headline as Tie;
    use domain::unit::Headline as Unit;
    let (chinese, english) = if let Ok(person) = kind.parse::<Person>() {
        match person {
            Person::Registered => ("建档", "Registered"),
            Person::Edited => ("改档", "Entry changed"),
            Person::Profiled => ("完善档案", "Profile written"),
            Person::Granted => ("授权", "Granted"),
            Person::Revoked => ("撤权", "Revoked"),
            Person::Left => ("离岗", "Left the post"),
            Person::PasswordSet => ("设密码", "Password set"),
            Person::OtpSet => ("设动态码", "One-time codes switched"),
            Person::PhoneBound => ("绑定手机", "Phone bound"),
            Person::Joined => ("并档", "Entries joined"),
            Person::SignedOut => ("全部退出", "Signed out everywhere"),
            Person::TokenReused => ("令牌重用", "Token reused"),
            Person::Unmasked => ("查看明文", "Seen in plain"),
            Person::Exported => ("导出本人数据", "Exported"),
            Person::Erased => ("注销", "Erased"),
        }
    } else if let Ok(unit) = kind.parse::<Unit>() {
        match unit {
            Unit::Created => ("单位建档", "Unit created"),
            Unit::Renamed => ("单位改名", "Unit renamed"),
            Unit::UnitDescribed => ("单位建档", "Unit described"),
            Unit::UnitRetired => ("单位撤销", "Unit retired"),
        }
    } else if let Ok(deed) = kind.parse::<Deed>() {
        match deed {
            Deed::DeedRecorded => ("纪实", "Deed written down"),
            Deed::DeedRetracted => ("撤回纪实", "Deed taken back"),
        }
    } else if let Ok(tie) = kind.parse::<Tie>() {
        match tie {
            Tie::Tied => ("建立关系", "Tied"),
            Tie::Untied => ("解除关系", "Untied"),
        }
    } else if kind == domain::import::EXPORTED {
        ("导出表格", "Sheet exported")
    } else if let Ok(calendar) = kind.parse::<Calendar>() {
        match calendar {
            Calendar::DaysImported => ("导入日历", "Calendar imported"),
            Calendar::DaysReplaced => ("修改日历", "Calendar changed"),
        }
    } else if let Ok(playbook) = kind.parse::<Playbook>() {
        match playbook {
            Playbook::PlaybookImported => ("导入规程", "Playbook imported"),
            Playbook::PlaybookEdited => ("修改规程", "Playbook changed"),
        }
    } else if let Ok(shift) = kind.parse::<Shift>() {
        match shift {
            Shift::Rostered => ("排班", "Put on duty"),
            Shift::Unrostered => ("撤班", "Taken off duty"),
        }
    } else if let Ok(absence) = kind.parse::<Absence>() {
        match absence {
            Absence::AbsenceEntered => ("请假", "Away"),
            Absence::AbsenceEnded => ("销假", "No longer away"),
        }
    } else if let Ok(point) = kind.parse::<Point>() {
        match point {
            Point::PointFounded => ("设立点位", "Point entered"),
            Point::PointChanged => ("修改点位", "Point changed"),
            Point::PointMoved => ("点位随地点合并", "Point went along with its place"),
            Point::PointRetired => ("撤销点位", "Point retired"),
        }
    } else if let Ok(place) = kind.parse::<Place>() {
        return Some(place_event(place, lang));
    } else {
        return crate::matter::audited(kind, lang);
    };
    Some(lang.of(chinese, english))
}

/// What people call a role.
pub fn role(role: Role, lang: Lang) -> &'static str {
    lang.of(role.chinese(), role.into())
}

/// What a message says.
pub fn notice(notice: Notice, lang: Lang) -> &'static str {
    let (chinese, english) = match notice {
        Notice::ToDispatch => ("有新工单，请派单", "New: please dispatch"),
        Notice::Returned => ("工单被退回，请重新派单", "Given back: please dispatch again"),
        Notice::HandedBack => ("承办人已离岗，请重新派单", "Its handler has left: please dispatch again"),
        Notice::Assigned => ("派给您的工单，请接单", "Dispatched to you: please accept"),
        Notice::HandedOver => ("移交给您的工单，请接单", "Handed over to you: please accept"),
        Notice::AssistAsked => ("请您协办", "You are to assist"),
        Notice::Dispatched => ("您的诉求已派单", "Yours was dispatched"),
        Notice::Accepted => ("您的诉求已接单", "Yours was accepted"),
        Notice::Arrived => ("承办人已到场", "The handler is on the scene"),
        Notice::Planned => ("您的诉求有了办理方案", "There is a plan for yours"),
        Notice::Replied => ("您的诉求有了阶段答复", "There is a reply to yours"),
        Notice::Resolved => ("您的诉求已办结，请评价", "Yours is resolved: please rate"),
        Notice::SupervisedResolved => ("您督办的工单已办结", "What you supervise is resolved"),
        Notice::Rated => ("您办理的工单已评价", "What you handled was rated"),
        Notice::Reworked => ("群众不满意，请重办", "Not satisfied: please do it again"),
        Notice::Reopened => ("工单重新打开，请再办", "Opened again: please go on"),
        Notice::Closed => ("期满未评价，已自动结单", "Closed without a rating"),
        Notice::Supplemented => ("诉求人有补充", "The requester added something"),
        Notice::Urged => ("诉求人催办", "The requester asks to hurry"),
        Notice::ExtensionAsked => ("有延期申请，请审批", "More time is asked for: please decide"),
        Notice::ExtensionApproved => ("延期已批准", "More time was given"),
        Notice::ExtensionRefused => ("延期被驳回", "More time was not given"),
        Notice::Called => ("群众呼叫，先应答的承办", "Somebody calls: whoever answers first takes it"),
        Notice::Paused => ("工单已暂停计时", "Its clocks rest"),
        Notice::Resumed => ("工单已恢复计时", "Its clocks go on"),
        Notice::Escalated => ("工单已上报到您处", "It lies on your desk now"),
        Notice::FirstAsked => {
            ("首问由您负责，请跟到有人接单", "Asked first: it is yours until somebody accepts it")
        }
        Notice::Referred => ("您的诉求有了引导去处", "You were shown who can help"),
        Notice::DelegateNamed => ("请您以居民代表监督办理", "Please watch this for the residents"),
        Notice::Observed => ("居民代表有监督意见", "A residents' delegate said how it goes"),
        Notice::TopicRaised => ("已列为议题，下次例会研究", "It is before the next meeting"),
        Notice::Decided => ("已作会商决定", "It was decided on"),
        Notice::Warned => ("时限将到", "A limit is near"),
        Notice::Breached => ("时限已过", "A limit has passed"),
        Notice::Supervised => ("工单被督办", "It is under supervision"),
        Notice::Whistled => ("吹哨：请贵单位报到", "Your unit is called: please report in"),
        Notice::ReportedIn => ("被呼叫的单位已报到", "A unit that was called has come"),
        Notice::Discussed => ("会商已有结论", "It was talked over"),
        Notice::Promised => ("您的诉求已承诺办结时限", "A deadline was stated for yours"),
        Notice::Withdrawn => ("诉求人已撤单", "The requester took it back"),
        Notice::Declined => ("您的诉求不予受理", "Yours was not taken on"),
        Notice::Merged => ("工单已并入另一工单", "It goes on as another"),
        Notice::Absorbed => ("有工单并入您办理的工单", "Another was merged into yours"),
        Notice::Noted => ("工单有新备注", "There is a note"),
        Notice::DutyNew => ("值班铃：新工单", "On duty: a new one"),
        Notice::DutyOverdue => ("值班铃：时限已过", "On duty: a limit has passed"),
        Notice::DutyWarning => ("值班铃：时限将到", "On duty: a limit is near"),
        Notice::OverdueList => ("无人值守期间超时的工单", "Limits that passed while nobody watched"),
        Notice::CalendarMissing => {
            ("缺少下一年度的工作日历", "The working-time calendar of a year is missing")
        }
        Notice::MatterAssigned => ("交给您的事项", "A matter is yours to do"),
        Notice::MatterReported => ("您负责的事项有新进展", "Something was said of a matter of yours"),
        Notice::MatterToDecide => ("有事项待您决定", "A matter waits for your decision"),
        Notice::MatterDecided => ("您的事项已有决定", "A matter of yours was decided on"),
        Notice::MatterDue => ("事项即将到期", "A matter is due soon"),
        Notice::MatterOverdue => ("事项已逾期", "A matter was not done in time"),
        Notice::MatterDone => ("事项已办结", "A matter is over"),
    };
    lang.of(chinese, english)
}

/// What people call a state.
pub fn status(status: Status, lang: Lang) -> &'static str {
    let (chinese, english) = match status {
        Status::Submitted => ("待派单", "submitted"),
        Status::Dispatched => ("待接单", "dispatched"),
        Status::Accepted => ("办理中", "accepted"),
        Status::Resolved => ("待评价", "resolved"),
        Status::Closed => ("已结单", "closed"),
        Status::Withdrawn => ("已撤单", "withdrawn"),
        Status::Declined => ("不予受理", "declined"),
        Status::Merged => ("已并单", "merged"),
    };
    lang.of(chinese, english)
}

/// What people call an action.
pub fn action(action: Action, lang: Lang) -> &'static str {
    let (chinese, english) = match action {
        Action::MeView => ("查看本人资料", "view yourself"),
        Action::MeSignOut => ("退出登录", "sign out"),
        Action::MeBindPhone => ("绑定手机号", "bind your phone"),
        Action::MeSecure => ("设置密码和动态码", "secure your account"),
        Action::TicketSubmit => ("点单", "submit"),
        Action::TicketView => ("查单", "view"),
        Action::TicketDispatch => ("派单", "dispatch"),
        Action::TicketAccept => ("接单", "accept"),
        Action::TicketArrive => ("报到场", "arrive at"),
        Action::TicketResolve => ("办结", "resolve"),
        Action::TicketRate => ("评单", "rate"),
        Action::TicketGrade => ("研判", "grade"),
        Action::TicketClaim => ("认领", "claim"),
        Action::TicketReturn => ("退回", "return"),
        Action::TicketPlan => ("出方案", "plan"),
        Action::TicketDelegate => ("设居民代表", "name delegates for"),
        Action::TicketObserve => ("提监督意见", "say as a delegate how it goes with"),
        Action::TicketReply => ("阶段答复", "reply to"),
        Action::TicketExtend => ("申请延期", "ask for an extension of"),
        Action::TicketDecideExtension => ("审批延期", "decide on an extension of"),
        Action::TicketEscalate => ("上报", "escalate"),
        Action::TicketRefer => ("引导", "refer"),
        Action::TicketTopic => ("立为议题", "put before a meeting"),
        Action::TicketDecide => ("作会商决定", "decide on"),
        Action::TicketPause => ("暂停或恢复计时", "pause or resume"),
        Action::TicketSupervise => ("督办", "supervise"),
        Action::TicketWhistle => ("吹哨", "call units to"),
        Action::TicketReportIn => ("报到", "report in to"),
        Action::TicketOpine => ("评价单位", "say what you think of the units called to"),
        Action::TicketDiscuss => ("会商", "talk over"),
        Action::TicketAssess => ("研判入台账", "enter on the ledger"),
        Action::TicketPromise => ("承诺办结时限", "promise a deadline for"),
        Action::TicketUrge => ("催办", "urge"),
        Action::TicketSupplement => ("补充", "supplement"),
        Action::TicketNote => ("备注", "note on"),
        Action::TicketWithdraw => ("撤单", "withdraw"),
        Action::TicketDecline => ("决定不予受理", "decline"),
        Action::TicketMerge => ("并单", "merge"),
        Action::TicketReopen => ("重新打开", "reopen"),
        Action::TicketUnmask => ("查看联系人明文", "look up the contact of"),
        Action::MeProfile => ("完善本人档案", "write your own profile"),
        Action::MeInbox => ("查看本人消息", "read your inbox"),
        Action::MeExport => ("导出本人数据", "export what is held on yourself"),
        Action::MeErase => ("注销", "erase yourself"),
        Action::PersonView => ("查看人员名册", "view the roster"),
        Action::PersonEdit => ("建档、改档", "edit the roster"),
        Action::PersonGrant => ("授权、撤权", "grant or revoke"),
        Action::PersonUnmask => ("查看明文", "see personal data in plain"),
        Action::PersonErase => ("注销他人", "erase people"),
        Action::UnitView => ("查看单位", "view units"),
        Action::UnitEdit => ("维护单位", "edit units"),
        Action::TieView => ("查看关系", "view ties"),
        Action::TieEdit => ("建立、解除关系", "tie and untie"),
        Action::DeedRecord => ("记纪实", "write down deeds"),
        Action::KeyTaskView => ("查看重点任务", "view key tasks"),
        Action::KeyTaskSet => ("设立、销号重点任务", "set and end key tasks"),
        Action::KeyTaskReport => ("报告重点任务进展", "report on key tasks"),
        Action::PostView => ("查看岗位", "view posts"),
        Action::PostSet => ("设立、撤销岗位", "set and retire posts"),
        Action::PostClaim => ("认岗", "claim posts"),
        Action::PostTake => ("对单接任务", "take what posts need"),
        Action::PromiseView => ("查看承诺", "view promises"),
        Action::PromiseMake => ("承诺、践诺", "promise"),
        Action::PromiseQuestion => ("退回践诺", "question promises"),
        Action::MemberPointsView => ("查看在职党员积分", "view members' points"),
        Action::AdmissionView => ("查看社区事务准入", "view what is asked of communities"),
        Action::AdmissionAsk => ("申请社区事务准入", "ask something of a community"),
        Action::AdmissionDecide => ("审批社区事务准入", "decide on what is asked of communities"),
        Action::AdmissionReport => ("上报未经准入的事务", "report what was pushed on a community"),
        Action::BurdenView => ("查看负担清单", "view the burden register"),
        Action::BurdenEdit => ("登记、精简负担", "enter and reduce burdens"),
        Action::PowerView => ("查看五项权力行使情况", "view how the five powers were used"),
        Action::PowerUse => ("行使五项权力", "use the five powers"),
        Action::DutyView => ("查看履职", "view duties"),
        Action::DutyRecord => ("履职", "record duties"),
        Action::PhotoAdd => ("上传照片", "add photos"),
        Action::PhotoView => ("查看照片", "view photos"),
        Action::PatrolView => ("查看巡查日志", "view patrols"),
        Action::PatrolRecord => ("巡查", "go on patrol"),
        Action::ErrandView => ("查看代办", "view errands"),
        Action::ErrandAsk => ("申请、确认、取消代办", "ask for, confirm and cancel errands"),
        Action::ErrandTake => ("接办代办", "run errands"),
        Action::BookingView => ("查看预约", "view bookings"),
        Action::BookingMake => ("预约、取消预约", "book and cancel bookings"),
        Action::BookingServe => ("接待预约的人", "serve those who booked"),
        Action::MediationBegin => ("开始调解", "begin to mediate"),
        Action::MediationView => ("查看调解", "view mediations"),
        Action::MediationMediate => ("调解、移交上级", "mediate and hand up"),
        Action::AppealMake => ("提出考核申诉", "appeal against the figures"),
        Action::AppealView => ("查看考核申诉", "view appeals"),
        Action::AppealDecide => ("对考核申诉作决定", "decide on appeals"),
        Action::MediationSign => ("在调解协议上签字", "sign for an agreement"),
        Action::EstateView => ("查看小区管理方式", "view how estates are looked after"),
        Action::EstateEdit => ("确定小区管理方式", "set how an estate is looked after"),
        Action::MeCheckIn => ("认门报到", "check in to a community"),
        Action::ImportRun => ("导入表格", "import sheets"),
        Action::ExportRun => ("导出表格", "export sheets"),
        Action::PlaceView => ("查看地点", "see places"),
        Action::PlaceEdit => ("维护地点", "edit places"),
        Action::PointView => ("查看点位", "see points"),
        Action::PointEdit => ("维护点位", "edit points"),
        Action::ServiceView => ("查看服务目录", "view the catalogue of services"),
        Action::CalendarView => ("查看日历", "view the calendar"),
        Action::CalendarEdit => ("维护日历", "edit the calendar"),
        Action::PlaybookView => ("查看规程", "view playbooks"),
        Action::PlaybookEdit => ("修改规程", "change playbooks"),
        Action::ShiftView => ("查看值班表", "view the duty roster"),
        Action::ShiftEdit => ("排班", "make the duty roster"),
        Action::AbsenceView => ("查看请假", "view absences"),
        Action::AbsenceEdit => ("请假、销假", "enter and end absences"),
        Action::AuditView => ("查看审计", "view the audit trail"),
        Action::FlagView => ("查看红旗", "view red flags"),
        Action::FigureView => ("查看统计", "view figures"),
        Action::AppraisalView => ("查看考评", "view appraisals"),
        Action::LiveOpen => ("接收实时推送", "listen to the live feed"),
    };
    lang.of(chinese, english)
}

/// The schema of a word that the domain lists, or null.
pub(crate) fn optional_words<T: IntoEnumIterator + Into<&'static str>>() -> Object {
    let words = T::iter().map(|word| serde_json::Value::from(word.into()));
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words.chain([serde_json::Value::Null])))
        .build()
}

/// The schema of a word that the domain lists.
pub(crate) fn words<T: IntoEnumIterator + Into<&'static str>>() -> Object {
    let words: Vec<&'static str> = T::iter().map(Into::into).collect();
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build()
}
