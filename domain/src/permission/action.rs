//! What calls do. [`super::reaches`] says who may, and how far that reaches.

use super::{Role, reaches};
use strum::{EnumIter, EnumString, IntoEnumIterator, IntoStaticStr};

/// What a call does, as its `x-permission` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, EnumString, IntoStaticStr)]
pub enum Action {
    /// See who one is.
    #[strum(serialize = "me.view")]
    MeView,
    /// Sign out everywhere.
    #[strum(serialize = "me.sign_out")]
    MeSignOut,
    /// Bind one's phone number.
    #[strum(serialize = "me.bind_phone")]
    MeBindPhone,
    /// Set one's password and one-time codes.
    #[strum(serialize = "me.secure")]
    MeSecure,
    /// 点单.
    #[strum(serialize = "ticket.submit")]
    TicketSubmit,
    /// Read tickets, one, many, or the timeline of one (查单).
    #[strum(serialize = "ticket.view")]
    TicketView,
    /// 派单.
    #[strum(serialize = "ticket.dispatch")]
    TicketDispatch,
    /// 接单.
    #[strum(serialize = "ticket.accept")]
    TicketAccept,
    /// 到场.
    #[strum(serialize = "ticket.arrive")]
    TicketArrive,
    /// 办结.
    #[strum(serialize = "ticket.resolve")]
    TicketResolve,
    /// 评单.
    #[strum(serialize = "ticket.rate")]
    TicketRate,
    /// 研判: category, severity, affair.
    #[strum(serialize = "ticket.grade")]
    TicketGrade,
    /// 认领.
    #[strum(serialize = "ticket.claim")]
    TicketClaim,
    /// 退回, by whoever has it; 收回, by whoever dispatches.
    #[strum(serialize = "ticket.return")]
    TicketReturn,
    /// 办理方案.
    #[strum(serialize = "ticket.plan")]
    TicketPlan,
    /// 设居民代表: who watches the work.
    #[strum(serialize = "ticket.delegate")]
    TicketDelegate,
    /// 监督意见, of those who watch it.
    #[strum(serialize = "ticket.observe")]
    TicketObserve,
    /// 阶段答复.
    #[strum(serialize = "ticket.reply")]
    TicketReply,
    /// 申请延期.
    #[strum(serialize = "ticket.extend")]
    TicketExtend,
    /// 批准或驳回延期.
    #[strum(serialize = "ticket.decide_extension")]
    TicketDecideExtension,
    /// 上报.
    #[strum(serialize = "ticket.escalate")]
    TicketEscalate,
    /// 引导: to self-help, mutual help or the market.
    #[strum(serialize = "ticket.refer")]
    TicketRefer,
    /// 立为议题: before the next meeting of its desk.
    #[strum(serialize = "ticket.topic")]
    TicketTopic,
    /// 会商决定 on what was handed up, or is before the meeting of one's desk.
    #[strum(serialize = "ticket.decide")]
    TicketDecide,
    /// 暂停、恢复计时.
    #[strum(serialize = "ticket.pause")]
    TicketPause,
    /// 督办.
    #[strum(serialize = "ticket.supervise")]
    TicketSupervise,
    /// 吹哨: whom of those who may, the playbook says.
    #[strum(serialize = "ticket.whistle")]
    TicketWhistle,
    /// 报到, for a unit that was called.
    #[strum(serialize = "ticket.report_in")]
    TicketReportIn,
    /// 评价单位: say what one thinks of a unit that was called.
    #[strum(serialize = "ticket.opine")]
    TicketOpine,
    /// 会商.
    #[strum(serialize = "ticket.discuss")]
    TicketDiscuss,
    /// 党支部研判: onto the ledger.
    #[strum(serialize = "ticket.assess")]
    TicketAssess,
    /// 承诺办结时限.
    #[strum(serialize = "ticket.promise")]
    TicketPromise,
    /// 催办.
    #[strum(serialize = "ticket.urge")]
    TicketUrge,
    /// 补充.
    #[strum(serialize = "ticket.supplement")]
    TicketSupplement,
    /// 备注, among staff.
    #[strum(serialize = "ticket.note")]
    TicketNote,
    /// 撤单.
    #[strum(serialize = "ticket.withdraw")]
    TicketWithdraw,
    /// 不予受理.
    #[strum(serialize = "ticket.decline")]
    TicketDecline,
    /// 并单.
    #[strum(serialize = "ticket.merge")]
    TicketMerge,
    /// 重新打开.
    #[strum(serialize = "ticket.reopen")]
    TicketReopen,
    /// 查看明文: whom to call, although one does not handle the ticket.
    #[strum(serialize = "ticket.unmask")]
    TicketUnmask,
    /// Read one's inbox (消息).
    #[strum(serialize = "me.inbox")]
    MeInbox,
    /// Write one's own profile (完善档案).
    #[strum(serialize = "me.profile")]
    MeProfile,
    /// Take a copy of all that is held on oneself (导出).
    #[strum(serialize = "me.export")]
    MeExport,
    /// Have one's personal data erased (注销).
    #[strum(serialize = "me.erase")]
    MeErase,
    /// See the roster.
    #[strum(serialize = "person.view")]
    PersonView,
    /// Enter people into the roster, and change their entries.
    #[strum(serialize = "person.edit")]
    PersonEdit,
    /// 授权、撤权、离岗.
    #[strum(serialize = "person.grant")]
    PersonGrant,
    /// 查看明文.
    #[strum(serialize = "person.unmask")]
    PersonUnmask,
    /// Have somebody's personal data erased, on their request.
    #[strum(serialize = "person.erase")]
    PersonErase,
    /// See units.
    #[strum(serialize = "unit.view")]
    UnitView,
    /// Enter units, and change them.
    #[strum(serialize = "unit.edit")]
    UnitEdit,
    /// See ties (关系).
    #[strum(serialize = "tie.view")]
    TieView,
    /// Tie people and units to places and units.
    #[strum(serialize = "tie.edit")]
    TieEdit,
    /// Write down deeds (纪实).
    #[strum(serialize = "deed.record")]
    DeedRecord,
    /// See key tasks (重点任务).
    #[strum(serialize = "key_task.view")]
    KeyTaskView,
    /// Set and end key tasks.
    #[strum(serialize = "key_task.set")]
    KeyTaskSet,
    /// Report on key tasks that are one's own.
    #[strum(serialize = "key_task.report")]
    KeyTaskReport,
    /// See posts (岗位), and who holds them.
    #[strum(serialize = "post.view")]
    PostView,
    /// Set and retire posts.
    #[strum(serialize = "post.set")]
    PostSet,
    /// 认岗: claim posts.
    #[strum(serialize = "post.claim")]
    PostClaim,
    /// 对单接任务: take what posts need, for one's unit.
    #[strum(serialize = "post.take")]
    PostTake,
    /// See promises (承诺): they are public.
    #[strum(serialize = "promise.view")]
    PromiseView,
    /// 承诺、践诺: promise, and keep it.
    #[strum(serialize = "promise.make")]
    PromiseMake,
    /// Send back how a promise was kept.
    #[strum(serialize = "promise.question")]
    PromiseQuestion,
    /// See the points of in-service members (在职党员积分).
    #[strum(serialize = "member_points.view")]
    MemberPointsView,
    /// See what departments ask of communities (社区事务准入).
    #[strum(serialize = "admission.view")]
    AdmissionView,
    /// Ask something of a community, for a unit.
    #[strum(serialize = "admission.ask")]
    AdmissionAsk,
    /// Decide on what is asked of communities.
    #[strum(serialize = "admission.decide")]
    AdmissionDecide,
    /// Report what was pushed on a community without admission.
    #[strum(serialize = "admission.report")]
    AdmissionReport,
    /// See the burden register (负担清单).
    #[strum(serialize = "burden.view")]
    BurdenView,
    /// Enter burdens, and take them away.
    #[strum(serialize = "burden.edit")]
    BurdenEdit,
    /// See how the street's five powers (五项权力) were used.
    #[strum(serialize = "power.view")]
    PowerView,
    /// Record the use of one of the five powers, and what came of it.
    #[strum(serialize = "power.use")]
    PowerUse,
    /// See duties (履职).
    #[strum(serialize = "duty.view")]
    DutyView,
    /// Record duties that are one's own.
    #[strum(serialize = "duty.record")]
    DutyRecord,
    /// Add photos.
    #[strum(serialize = "photo.add")]
    PhotoAdd,
    /// See photos: one's own, or those of one's area.
    #[strum(serialize = "photo.view")]
    PhotoView,
    /// See patrols (巡查): one's own, or those of one's area.
    #[strum(serialize = "patrol.view")]
    PatrolView,
    /// Go on patrol.
    #[strum(serialize = "patrol.record")]
    PatrolRecord,
    /// See errands (代办): one's own, or those of one's area.
    #[strum(serialize = "errand.view")]
    ErrandView,
    /// Ask for errands, confirm them and take them back.
    #[strum(serialize = "errand.ask")]
    ErrandAsk,
    /// Run errands.
    #[strum(serialize = "errand.take")]
    ErrandTake,
    /// See bookings (预约): one's own, or those of one's area.
    #[strum(serialize = "booking.view")]
    BookingView,
    /// Book, and take bookings back.
    #[strum(serialize = "booking.make")]
    BookingMake,
    /// Serve those who booked.
    #[strum(serialize = "booking.serve")]
    BookingServe,
    /// Begin the mediation of a dispute (调解).
    #[strum(serialize = "mediation.begin")]
    MediationBegin,
    /// See mediations: one's own, or those of the level at which one mediates.
    #[strum(serialize = "mediation.view")]
    MediationView,
    /// Mediate, and hand up.
    #[strum(serialize = "mediation.mediate")]
    MediationMediate,
    /// Sign for an agreement.
    #[strum(serialize = "mediation.sign")]
    MediationSign,
    /// See in which mode estates are looked after (一小区一策).
    #[strum(serialize = "estate.view")]
    EstateView,
    /// Set the mode of an estate.
    #[strum(serialize = "estate.edit")]
    EstateEdit,
    /// Ask that something be left out of the figures (考核申诉).
    #[strum(serialize = "appeal.make")]
    AppealMake,
    /// See appeals.
    #[strum(serialize = "appeal.view")]
    AppealView,
    /// Decide on appeals.
    #[strum(serialize = "appeal.decide")]
    AppealDecide,
    /// 认门报到: check in to a community as a party member.
    #[strum(serialize = "me.check_in")]
    MeCheckIn,
    /// Take in sheets (导入).
    #[strum(serialize = "import.run")]
    ImportRun,
    /// Take sheets home (导出).
    #[strum(serialize = "export.run")]
    ExportRun,
    /// See places.
    #[strum(serialize = "place.view")]
    PlaceView,
    /// Enter places, and change the net of them.
    #[strum(serialize = "place.edit")]
    PlaceEdit,
    /// See points (点位).
    #[strum(serialize = "point.view")]
    PointView,
    /// Enter points, and change them.
    #[strum(serialize = "point.edit")]
    PointEdit,
    /// See what the county does for its people (服务目录).
    #[strum(serialize = "service.view")]
    ServiceView,
    /// See which days are worked.
    #[strum(serialize = "calendar.view")]
    CalendarView,
    /// Enter which days are holidays, and which are worked to make up for them.
    #[strum(serialize = "calendar.edit")]
    CalendarEdit,
    /// See how counties do it (规程).
    #[strum(serialize = "playbook.view")]
    PlaybookView,
    /// Change how a county does it.
    #[strum(serialize = "playbook.edit")]
    PlaybookEdit,
    /// See who is on duty (值班).
    #[strum(serialize = "shift.view")]
    ShiftView,
    /// Say who is on duty (排班).
    #[strum(serialize = "shift.edit")]
    ShiftEdit,
    /// See who is away (请假): oneself, or those of one's area.
    #[strum(serialize = "absence.view")]
    AbsenceView,
    /// Say who is away, and who stands in: oneself, or those of one's area.
    #[strum(serialize = "absence.edit")]
    AbsenceEdit,
    /// See who looked at personal data and who changed what people may (审计).
    #[strum(serialize = "audit.view")]
    AuditView,
    /// See red flags, one's own or those of a place (红旗).
    #[strum(serialize = "flag.view")]
    FlagView,
    /// See figures and rates (统计).
    #[strum(serialize = "figure.view")]
    FigureView,
    /// See how units answered whistles, and what that is worth (考评).
    #[strum(serialize = "appraisal.view")]
    AppraisalView,
    /// Listen to the live feed (实时推送).
    #[strum(serialize = "live.open")]
    LiveOpen,
}

impl Action {
    /// The name in `x-permission`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The roles that have it, however far it reaches.
    pub fn roles(self) -> impl Iterator<Item = Role> {
        Role::iter().filter(move |role| !reaches(*role, self).is_empty())
    }
}
