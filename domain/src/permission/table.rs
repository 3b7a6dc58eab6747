//! The table of permissions. `docs/permissions.md` shows it whole.

use super::{Action, Role};

/// How far an action of a role reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Needs nothing to reach to.
    Anywhere,
    /// What one requested oneself, or joined by a merge; one's own flags and absences.
    Own,
    /// What oneself watches as a delegate of the residents: seen as by its requester.
    Delegated,
    /// What is assigned to oneself or to a unit that the role is granted for.
    Assigned,
    /// What oneself, or a unit that the role is granted for, assists with.
    Assisting,
    /// What a unit that the role is granted for was called to.
    Called,
    /// What was raised for a unit that the role is granted for: seen as by its requester.
    Raised,
    /// What is open to be claimed by the role, in the places that it is granted for.
    Claimable,
    /// What oneself dispatched.
    Dispatched,
    /// What lies in the places that the role is granted for.
    Area,
    /// What lies on a desk in the places that the role is granted for: narrower than [`Reach::Area`] once escalated.
    Desk,
}

/// How far `role` reaches with `action`; empty when it may not at all. This is the table.
pub fn reaches(role: Role, action: Action) -> &'static [Reach] {
    use Action as A;
    use Reach::{
        Anywhere, Area, Assigned, Assisting, Called, Claimable, Delegated, Desk, Dispatched, Own, Raised,
    };
    use Role as R;
    match (role, action) {
        (
            R::Resident,
            A::MeView
            | A::MeSignOut
            | A::MeBindPhone
            | A::MeSecure
            | A::MeInbox
            | A::MeProfile
            | A::MeExport
            | A::MeErase
            | A::TicketSubmit
            // Whoever files a ticket says where.
            | A::PlaceView
            // What there is for residents; cameras are for staff, which the rule of points knows.
            | A::PointView
            // Whoever files a ticket says about what.
            | A::ServiceView
            // Residents look for whom to ask.
            | A::PostView
            | A::PromiseView
            // Residents count working days too.
            | A::CalendarView
            | A::ErrandAsk
            | A::BookingMake
            // To what, the live feed asks itself.
            | A::LiveOpen
            // Of disputes, those to which they are a party.
            | A::MediationView
            | A::MediationSign,
        ) => &[Anywhere],
        (R::Resident, A::TicketView) => &[Own, Delegated],
        (R::Resident, A::TicketObserve) => &[Delegated],
        (
            R::Resident,
            A::TicketRate
            | A::TicketSupplement
            | A::TicketUrge
            | A::TicketWithdraw
            | A::TicketReopen
            | A::FlagView
            | A::ErrandView
            | A::BookingView,
        ) => &[Own],
        (R::Volunteer | R::PartyMember, A::TicketView) => &[Assigned, Assisting, Claimable, Raised],
        // Calls are heard beyond their own grid.
        (R::GridWorker | R::GridLeader, A::TicketView) => &[Area, Assigned, Assisting, Claimable],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketView) => &[Area, Assigned, Assisting],
        (R::DepartmentHandler, A::TicketView) => &[Assigned, Assisting, Called, Raised],
        (R::Supervisor | R::CountyAdmin, A::TicketView) => &[Area],
        (
            R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin,
            A::TicketDispatch | A::TicketGrade | A::TicketDecline | A::TicketMerge,
        ) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketReturn) => &[Area, Assigned],
        (R::CountyAdmin, A::TicketReturn) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketDecideExtension) => &[Dispatched, Desk],
        (R::CountyAdmin | R::Supervisor, A::TicketDecideExtension) => &[Desk],
        (R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader, A::TicketClaim) => &[Claimable],
        (
            R::Volunteer
            | R::PartyMember
            | R::GridWorker
            | R::GridLeader
            | R::CommunityClerk
            | R::StreetDispatcher
            | R::DepartmentHandler,
            A::TicketAccept
            | A::TicketReturn
            | A::TicketArrive
            | A::TicketPlan
            | A::TicketReply
            | A::TicketResolve
            | A::TicketExtend,
        ) => &[Assigned],
        (R::GridWorker | R::GridLeader | R::DepartmentHandler, A::TicketEscalate) => &[Assigned],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketEscalate) => &[Area, Assigned],
        (R::Supervisor | R::CountyAdmin, A::TicketEscalate) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketRefer) => &[Area, Assigned],
        (R::CountyAdmin, A::TicketRefer) => &[Area],
        (
            R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader | R::DepartmentHandler,
            A::TicketRefer,
        ) => &[Assigned],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::TicketDelegate) => &[Desk],
        // Those below decide on nothing but what is before their own meeting: what is handed up lies on a desk above.
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::TicketDecide) => &[Desk],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketTopic) => &[Desk, Assigned],
        (R::CountyAdmin, A::TicketTopic) => &[Desk],
        (
            R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader | R::DepartmentHandler,
            A::TicketTopic,
        ) => &[Assigned],
        (R::Supervisor | R::CountyAdmin, A::TicketPause | A::TicketReopen) => &[Area],
        (R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::TicketSupervise) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::TicketWhistle) => &[Area],
        (R::DepartmentHandler, A::TicketReportIn) => &[Called],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketOpine) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::TicketDiscuss | A::TicketAssess) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher, A::TicketPromise) => &[Area, Assigned],
        (R::CountyAdmin, A::TicketPromise) => &[Area],
        (
            R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader | R::DepartmentHandler,
            A::TicketPromise,
        ) => &[Assigned],
        (R::DepartmentHandler, A::TicketDiscuss) => &[Assigned, Assisting, Called],
        (R::Volunteer | R::PartyMember, A::TicketNote) => &[Assigned, Assisting],
        (R::DepartmentHandler, A::TicketNote) => &[Assigned, Assisting, Called],
        (R::GridWorker | R::GridLeader | R::CommunityClerk | R::StreetDispatcher, A::TicketNote) => {
            &[Area, Assigned, Assisting]
        }
        (R::Supervisor | R::CountyAdmin, A::TicketNote) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::TicketUnmask) => {
            &[Area]
        }
        (
            R::CountyAdmin | R::SystemAdmin,
            A::PersonView
            | A::PersonEdit
            | A::PersonGrant
            | A::PersonUnmask
            | A::PersonErase
            | A::UnitEdit
            | A::PlaceEdit
            | A::ImportRun
            | A::ExportRun
            | A::AuditView,
        ) => &[Area],
        (R::Supervisor, A::PersonView | A::AuditView) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::ShiftEdit) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin | R::SystemAdmin, A::TieEdit) => &[Area],
        (R::PartyMember, A::MeCheckIn) => &[Anywhere],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::PostSet | A::PromiseQuestion) => &[Area],
        // For the units that the role is granted for.
        (R::DepartmentHandler, A::PostTake) => &[Anywhere],
        // Where they are granted that, or checked in to.
        (R::PartyMember, A::PromiseMake | A::MemberPointsView) => &[Anywhere],
        (
            R::GridLeader | R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin,
            A::MemberPointsView,
        ) => &[Area],
        // Where they are known, or checked in to.
        (R::PartyMember | R::Volunteer, A::PostClaim) => &[Anywhere],
        // What they did themselves; what others did, where they keep the ties.
        (role, A::DeedRecord) if !matches!(role, R::Resident | R::Hotline) => &[Anywhere],
        (R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::KeyTaskSet) => &[Area],
        (
            R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin | R::GridLeader,
            A::KeyTaskView,
        ) => &[Area],
        (R::GridWorker | R::GridLeader | R::CommunityClerk | R::StreetDispatcher, A::MediationBegin) => {
            &[Assigned]
        }
        (
            R::GridWorker | R::GridLeader | R::CommunityClerk | R::StreetDispatcher,
            A::MediationView | A::MediationMediate,
        ) => &[Area],
        // Whoever accepted the dispute mediates at first.
        (
            R::Volunteer | R::PartyMember | R::DepartmentHandler,
            A::MediationBegin | A::MediationMediate,
        ) => &[Assigned],
        // The community for itself, too.
        (R::CommunityClerk | R::StreetDispatcher, A::AppealMake) => &[Area, Assigned],
        (
            R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader | R::DepartmentHandler,
            A::AppealMake,
        ) => &[Assigned],
        (R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::AppealView)
        | (R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::AppealDecide) => &[Area],
        (role, A::AppealView) if !matches!(role, R::Resident | R::Hotline) => &[Anywhere],
        // Those that concern them.
        (role, A::KeyTaskView | A::KeyTaskReport) if !matches!(role, R::Resident | R::Hotline) => &[Anywhere],
        (R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::AdmissionView | A::BurdenView) => {
            &[Area]
        }
        // Of what their units ask.
        (R::DepartmentHandler, A::AdmissionView | A::AdmissionAsk) => &[Assigned],
        (R::StreetDispatcher | R::CountyAdmin, A::AdmissionDecide | A::PowerUse) => &[Area],
        (R::CommunityClerk, A::AdmissionReport) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::BurdenEdit) => &[Area],
        (R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::PowerView) => &[Area],
        (
            R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin | R::GridLeader,
            A::DutyView | A::PhotoView,
        ) => &[Area],
        (R::GridWorker, A::PhotoView) => &[Area],
        (R::GridWorker | R::GridLeader | R::CommunityClerk, A::PatrolRecord) => &[Area],
        (
            R::GridLeader | R::CommunityClerk | R::StreetDispatcher | R::Supervisor | R::CountyAdmin,
            A::PatrolView,
        ) => &[Area],
        (R::GridWorker, A::PatrolView) => &[Own],
        (
            R::Volunteer | R::PartyMember | R::GridWorker | R::GridLeader | R::CommunityClerk,
            A::ErrandTake | A::ErrandView,
        )
        | (R::StreetDispatcher | R::Supervisor | R::CountyAdmin, A::ErrandView) => &[Area],
        (
            R::GridWorker | R::GridLeader | R::CommunityClerk | R::StreetDispatcher,
            A::BookingServe | A::BookingView,
        )
        | (R::Supervisor | R::CountyAdmin, A::BookingView) => &[Area],
        // At the points that their units run.
        (R::DepartmentHandler, A::BookingServe) => &[Assigned],
        // Those that concern them.
        (role, A::DutyView | A::DutyRecord | A::PhotoAdd | A::PhotoView)
            if !matches!(role, R::Resident | R::Hotline) =>
        {
            &[Anywhere]
        }
        (
            R::GridWorker
            | R::GridLeader
            | R::CommunityClerk
            | R::StreetDispatcher
            | R::Supervisor
            | R::CountyAdmin,
            A::EstateView,
        ) => &[Area],
        (R::CommunityClerk | R::CountyAdmin, A::EstateEdit) => &[Area],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin | R::SystemAdmin, A::PointEdit) => &[Area],
        (
            R::GridWorker
            | R::GridLeader
            | R::CommunityClerk
            | R::StreetDispatcher
            | R::Supervisor
            | R::CountyAdmin,
            A::ShiftView | A::FlagView | A::FigureView | A::AppraisalView | A::TieView,
        )
        | (R::SystemAdmin, A::FlagView | A::FigureView | A::AppraisalView | A::TieView) => &[Area],
        // Of what their units lead, and were called to.
        (R::DepartmentHandler, A::FigureView | A::AppraisalView) => &[Assigned],
        (R::CommunityClerk | R::StreetDispatcher | R::CountyAdmin, A::AbsenceView | A::AbsenceEdit) => {
            &[Own, Area]
        }
        (R::Supervisor, A::AbsenceView) => &[Own, Area],
        // Whoever holds a post may be away from it.
        (role, A::AbsenceView | A::AbsenceEdit) if role != R::Resident => &[Own],
        // They pick whom to dispatch to.
        (R::CommunityClerk | R::StreetDispatcher, A::PersonView) => &[Area],
        // A county's own days; those of the whole country are the deployment's.
        (R::CountyAdmin, A::CalendarEdit) => &[Area],
        (R::SystemAdmin, A::CalendarEdit) => &[Anywhere],
        // A county's own; those of all counties are the deployment's.
        (R::CountyAdmin, A::PlaybookEdit) => &[Area],
        (R::SystemAdmin, A::PlaybookView | A::PlaybookEdit) => &[Anywhere],
        // By the county of the area, or of the unit.
        (role, A::PlaybookView) if role != R::Resident => &[Area],
        // By the county of the area, or of the unit.
        (role, A::UnitView) if role != R::Resident => &[Area],
        _ => &[],
    }
}
