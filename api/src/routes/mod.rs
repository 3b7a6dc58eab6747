//! The calls, a file a resource.

mod health;
mod identity;
mod ticket;

use crate::app::State;
use crate::error::{ApiError, ApiResult};
use actix_web::{HttpRequest, HttpResponse, web};
use openapi::document::{Base, complete};
use openapi::problem::Fault;
use utoipa::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

/// Registers every call.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(
            scope("/api/v1")
                .service(identity::sign_in_wechat)
                .service(identity::me)
                .service(ticket::submit_ticket)
                .service(ticket::list_tickets)
                .service(ticket::get_ticket)
                .service(ticket::ticket_timeline)
                .service(ticket::dispatch_ticket)
                .service(ticket::accept_ticket)
                .service(ticket::arrive_ticket)
                .service(ticket::resolve_ticket)
                .service(ticket::rate_ticket),
        )
        .service(health::alive)
        .service(health::ready)
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

/// What is no call: tells a wrong method from a wrong path.
pub(crate) async fn no_such_call(state: web::Data<State>, request: HttpRequest) -> ApiResult<HttpResponse> {
    let path = request.path();
    let methods: Vec<_> =
        state.calls.iter().filter(|call| fits(&call.path, path)).map(|call| call.method.as_str()).collect();
    if methods.is_empty() {
        return Err(Fault::new("route.not_found").with("path", path).into());
    }
    let fault = Fault::new("route.method_not_allowed").with("path", path).with("allowed", methods.join(", "));
    Err(ApiError::from(fault))
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(asked)) if part == asked || (part.starts_with('{') && !asked.is_empty()) => {}
            _ => return false,
        }
    }
}
