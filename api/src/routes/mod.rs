//! The calls, a file a resource.

mod absence;
mod admission;
mod appeal;
mod appraisal;
mod audit;
mod booking;
mod boundary;
mod burden;
mod calendar;
mod deed;
mod duty;
mod errand;
mod estate;
mod figure;
mod flag;
mod health;
mod identity;
mod import;
mod inbox;
mod key_task;
mod live;
mod matter;
mod mediation;
mod member;
mod patrol;
mod person;
mod photo;
mod place;
mod playbook;
mod point;
mod post;
mod post_need;
mod power;
mod promise;
mod service;
mod shift;
mod sign;
mod sign_in;
mod ticket;
mod tie;
mod unit;

use crate::app::State;
use crate::error::{ApiError, ApiResult};
use actix_web::{HttpRequest, HttpResponse, Route, web};
use openapi::document::{Base, Call, complete};
use openapi::problem::Fault;
use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

/// Registers every call.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            scope("/api/v1")
                .service(sign_in::sign_in_wechat)
                .service(sign_in::sign_in_password)
                .service(sign_in::token)
                .service(sign_in::refresh)
                .service(sign_in::sign_out)
                .service(sign_in::sign_out_everywhere)
                .service(sign_in::bind_phone)
                .service(sign_in::change_password)
                .service(sign_in::prepare_otp)
                .service(sign_in::confirm_otp)
                .service(sign_in::remove_otp)
                .service(identity::me)
                .service(inbox::list_inbox)
                .service(inbox::get_message)
                .service(inbox::read_inbox)
                .service(person::export_me)
                .service(person::erase_me)
                .service(person::edit_my_profile)
                .service(person::create_person)
                .service(person::list_people)
                .service(person::get_person)
                .service(person::edit_person)
                .service(person::edit_profile)
                .service(person::grant_person)
                .service(person::revoke_person)
                .service(person::leave_person)
                .service(person::unmask_person)
                .service(person::erase_person)
                .service(unit::create_unit)
                .service(unit::list_units)
                .service(unit::get_unit)
                .service(unit::edit_unit)
                .service(unit::retire_unit)
                .service(tie::create_tie)
                .service(tie::list_ties)
                .service(tie::end_tie)
                .service(tie::check_in)
                .service(tie::place_chain)
                .service(deed::create_deed)
                .service(deed::list_deeds)
                .service(deed::retract_deed)
                .service(deed::place_visits)
                .service(key_task::set_key_task)
                .service(key_task::list_key_tasks)
                .service(key_task::get_key_task)
                .service(key_task::report_key_task)
                .service(key_task::end_key_task)
                .service(post::create_post)
                .service(post::list_posts)
                .service(post::get_post)
                .service(post::retire_post)
                .service(post::claim_post)
                .service(post::list_claims)
                .service(post::leave_post)
                .service(post::my_posts)
                .service(post_need::create_need)
                .service(post_need::list_needs)
                .service(post_need::get_need)
                .service(post_need::take_need)
                .service(post_need::finish_need)
                .service(post_need::withdraw_need)
                .service(promise::state_promise)
                .service(promise::list_promises)
                .service(promise::count_promises)
                .service(promise::get_promise)
                .service(promise::keep_promise)
                .service(promise::question_promise)
                .service(promise::withdraw_promise)
                .service(member::member_points)
                .service(admission::ask_admission)
                .service(admission::report_admission)
                .route("/admissions/report", only())
                .service(admission::list_admitted)
                .service(admission::list_admissions)
                .service(admission::get_admission)
                .service(admission::decide_admission)
                .service(burden::enter_burden)
                .service(burden::list_burdens)
                .service(burden::count_burdens)
                .service(burden::get_burden)
                .service(burden::reduce_burden)
                .service(power::use_power)
                .service(power::list_powers)
                .service(power::get_power)
                .service(power::record_outcome)
                .service(duty::create_duty)
                .service(duty::list_duties)
                .service(duty::get_duty)
                .service(duty::record_duty)
                .service(duty::place_duties)
                .service(patrol::begin_patrol)
                .service(patrol::list_patrols)
                .service(patrol::get_patrol)
                .service(patrol::track_patrol)
                .service(patrol::find_on_patrol)
                .service(patrol::end_patrol)
                .service(booking::book)
                .service(booking::list_bookings)
                .service(booking::get_booking)
                .service(booking::serve_booking)
                .service(booking::miss_booking)
                .service(booking::cancel_booking)
                .service(booking::list_slots)
                .service(errand::ask_errand)
                .service(errand::list_errands)
                .service(errand::get_errand)
                .service(errand::take_errand)
                .service(errand::hand_over_papers)
                .service(errand::report_errand)
                .service(errand::return_papers)
                .service(errand::finish_errand)
                .service(errand::confirm_errand)
                .service(errand::cancel_errand)
                .service(photo::add_photo)
                .service(photo::get_photo)
                .service(appeal::make_appeal)
                .service(appeal::list_appeals)
                .service(appeal::get_appeal)
                .service(appeal::decide_appeal)
                .service(mediation::begin_mediation)
                .service(mediation::ticket_mediation)
                .service(mediation::list_mediations)
                .service(mediation::get_mediation)
                .service(mediation::hold_session)
                .service(mediation::hand_up_mediation)
                .service(mediation::agree_mediation)
                .service(mediation::sign_mediation)
                .service(mediation::record_guidance)
                .service(estate::set_estate)
                .service(estate::list_estates)
                .service(estate::get_estate)
                .service(estate::ticket_estate)
                .service(place::create_place)
                .service(place::list_places)
                .service(boundary::place_at)
                .service(boundary::set_boundary)
                .service(boundary::remove_boundary)
                .service(boundary::get_boundary)
                .service(boundary::boundary_coverage)
                .service(sign::place_qr)
                .service(place::get_place)
                .service(place::place_history)
                .service(place::rename_place)
                .service(place::move_place)
                .service(place::split_place)
                .service(place::merge_place)
                .service(place::retire_place)
                .service(import::import_template)
                .service(import::create_import)
                .service(import::get_import)
                .service(import::get_marked)
                .service(import::export)
                .service(point::create_point)
                .service(point::list_points)
                .service(point::points_near)
                .route("/points/near", only())
                .service(point::get_point)
                .service(point::edit_point)
                .service(point::retire_point)
                .service(service::list_services)
                .service(calendar::list_calendars)
                .service(calendar::get_calendar)
                .service(calendar::edit_calendar)
                .service(playbook::list_playbooks)
                .service(playbook::list_playbook_versions)
                .service(playbook::get_playbook_version)
                .service(playbook::preview_playbook)
                .service(playbook::get_playbook)
                .service(playbook::edit_playbook)
                .service(shift::create_shift)
                .service(shift::list_shifts)
                .service(shift::cancel_shift)
                .service(absence::create_absence)
                .service(absence::list_absences)
                .service(absence::end_absence)
                .service(audit::list_audit)
                .service(flag::list_flags)
                .service(flag::count_flags)
                .service(figure::figures)
                .service(figure::figures_of_places)
                .service(appraisal::unit_appraisal)
                .service(appraisal::list_appraisals)
                .service(live::open_live)
                .service(live::listen_live)
                .service(ticket::submit_ticket)
                .service(ticket::alike_tickets)
                .service(ticket::list_tickets)
                .service(ticket::get_ticket)
                .service(ticket::ticket_timeline)
                .service(ticket::ticket_steps)
                .service(ticket::ticket_candidates)
                .service(ticket::grade_ticket)
                .service(ticket::dispatch_ticket)
                .service(ticket::claim_ticket)
                .service(ticket::accept_ticket)
                .service(ticket::return_ticket)
                .service(ticket::arrive_ticket)
                .service(ticket::plan_ticket)
                .service(ticket::delegate_ticket)
                .service(ticket::observe_ticket)
                .service(ticket::reply_ticket)
                .service(ticket::resolve_ticket)
                .service(ticket::rate_ticket)
                .service(ticket::reopen_ticket)
                .service(ticket::supplement_ticket)
                .service(ticket::urge_ticket)
                .service(ticket::withdraw_ticket)
                .service(ticket::extend_ticket)
                .service(ticket::approve_extension_ticket)
                .service(ticket::refuse_extension_ticket)
                .service(ticket::escalate_ticket)
                .service(ticket::topic_ticket)
                .service(ticket::decide_ticket)
                .service(ticket::refer_ticket)
                .service(ticket::pause_ticket)
                .service(ticket::resume_ticket)
                .service(ticket::supervise_ticket)
                .service(ticket::whistle_ticket)
                .service(ticket::report_in_ticket)
                .service(ticket::opine_ticket)
                .service(ticket::discuss_ticket)
                .service(ticket::assess_ticket)
                .service(ticket::promise_ticket)
                .service(ticket::note_ticket)
                .service(ticket::decline_ticket)
                .service(ticket::merge_ticket)
                .service(ticket::unmask_ticket),
        )
        .service(sign::place_page)
        .service(health::alive)
        .service(health::ready)
        .service(health::metrics)
        .service(identity::keys);
}

/// The OpenAPI 3.1 document, made from the routes.
pub fn document() -> utoipa::openapi::OpenApi {
    let (_, mut document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(configure)
        .split_for_parts();
    complete(&mut document);
    document
}

/// After calls whose path a later one with a parameter would take for an id: any other method of theirs is no call.
fn only() -> Route {
    web::to(no_such_call)
}

/// What is no call: tells a wrong method from a wrong path.
pub(crate) async fn no_such_call(state: web::Data<State>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let path = request.path();
    let fit: Vec<_> = state.calls.iter().filter(|call| call.fits(path)).collect();
    // `/me/inbox/read` is a call of its own, and no message that is called `read`.
    let parameters = |call: &Call| call.path.matches('{').count();
    let fewest = fit.iter().map(|call| parameters(call)).min();
    let methods: Vec<_> =
        fit.iter().filter(|call| Some(parameters(call)) == fewest).map(|call| call.method.as_str()).collect();
    if methods.is_empty() {
        return Err(Fault::new("route.not_found").with("path", path).into());
    }
    let fault = Fault::new("route.method_not_allowed").with("path", path).with("allowed", methods.join(", "));
    Err(ApiError::from(fault))
}
