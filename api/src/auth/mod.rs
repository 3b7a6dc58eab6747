//! Who asks, and whether the call is theirs to make. The permission of a call is the type of an argument of its
//! handler: a handler that takes a [`Permit`] cannot run without it.

pub(crate) mod token;

pub(crate) use token::{Session, Tokens};

use crate::app::State;
use crate::edge::Caller;
use crate::error::{ApiError, ApiResult};
use crate::rates;
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use domain::permission::Action;
use domain::refusal::Refusal;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

/// Names an action by a type.
pub(crate) trait Permission: 'static {
    const ACTION: Action;
}

/// The actions as types, for handlers to ask for.
pub(crate) mod may {
    use super::{Action, Permission};

    macro_rules! permissions {
        ($($name:ident),* $(,)?) => {$(
            pub(crate) struct $name;
            impl Permission for $name {
                const ACTION: Action = Action::$name;
            }
        )*};
    }

    permissions! {
        MeView,
        MeSignOut,
        MeBindPhone,
        MeSecure,
        MeInbox,
        MeProfile,
        TicketSubmit,
        TicketView,
        TicketGrade,
        TicketDispatch,
        TicketClaim,
        ServiceView,
        TicketAccept,
        TicketReturn,
        TicketArrive,
        TicketPlan,
        TicketDelegate,
        TicketObserve,
        TicketReply,
        TicketResolve,
        TicketRate,
        TicketReopen,
        TicketSupplement,
        TicketUrge,
        TicketWithdraw,
        TicketExtend,
        TicketDecideExtension,
        TicketEscalate,
        TicketTopic,
        TicketDecide,
        TicketRefer,
        TicketPause,
        TicketSupervise,
        TicketWhistle,
        TicketReportIn,
        TicketOpine,
        TicketDiscuss,
        TicketAssess,
        TicketPromise,
        TicketNote,
        TicketDecline,
        TicketMerge,
        TicketUnmask,
        MeExport,
        MeErase,
        PersonView,
        PersonEdit,
        PersonGrant,
        PersonUnmask,
        PersonErase,
        UnitView,
        UnitEdit,
        TieView,
        TieEdit,
        MeCheckIn,
        DeedRecord,
        PostView,
        PostSet,
        PostClaim,
        PostTake,
        PromiseView,
        PromiseMake,
        PromiseQuestion,
        MemberPointsView,
        KeyTaskView,
        KeyTaskSet,
        KeyTaskReport,
        AdmissionView,
        AdmissionAsk,
        AdmissionDecide,
        AdmissionReport,
        BurdenView,
        BurdenEdit,
        PowerView,
        PowerUse,
        DutyView,
        DutyRecord,
        PhotoAdd,
        PhotoView,
        PatrolView,
        PatrolRecord,
        ErrandView,
        ErrandAsk,
        ErrandTake,
        BookingView,
        BookingMake,
        BookingServe,
        MediationBegin,
        MediationView,
        MediationMediate,
        MediationSign,
        EstateView,
        EstateEdit,
        AppealMake,
        AppealView,
        AppealDecide,
        ImportRun,
        ExportRun,
        PlaceView,
        PlaceEdit,
        PointView,
        PointEdit,
        CalendarView,
        CalendarEdit,
        PlaybookView,
        PlaybookEdit,
        ShiftView,
        ShiftEdit,
        AbsenceView,
        AbsenceEdit,
        AuditView,
        FlagView,
        FigureView,
        AppraisalView,
        LiveOpen,
    }
}

/// Proof that a role of the caller has the action. How far it reaches is decided with the ticket at hand.
pub(crate) struct Permit<P>(Arc<Session>, PhantomData<P>);

impl<P> Deref for Permit<P> {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl<P: Permission> FromRequest for Permit<P> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state =
                request.app_data::<web::Data<State>>().ok_or_else(|| ApiError::internal("no state"))?;
            debug_assert!(
                state.says(&request, P::ACTION),
                "x-permission of {:?} differs",
                request.match_pattern()
            );
            let session = state.tokens.session(bearer(&request)?, state).await?;
            request.extensions_mut().insert(Caller(session.actor.user));
            rates::call(state, session.actor.user).await?;
            session.actor.has(P::ACTION).map_err(Refusal::from)?;
            Ok(Self(session, PhantomData))
        })
    }
}

fn bearer(request: &HttpRequest) -> ApiResult<&str> {
    let missing = || ApiError::new("auth.token_missing");
    let value = request.headers().get(AUTHORIZATION).ok_or_else(missing)?;
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(missing()) }
}
