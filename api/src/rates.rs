//! Where the rates apply: signing in, filing, calling.

use crate::address;
use crate::app::State;
use crate::error::{ApiError, ApiResult};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use domain::actor::Actor;
use domain::id::UserId;
use infra::rate::Rate;
use infra::store::IdempotencyKey;
use openapi::problem::Fault;
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;

/// One attempt at a secret that can be guessed, counted for the address that it comes from. Every public call that takes
/// one asks for it as an argument, the first one.
pub(crate) struct Attempt;

/// The same where the secret cannot be guessed.
pub(crate) struct Renewal;

impl FromRequest for Attempt {
    type Error = ApiError;
    type Future = Counted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        count(request, Rate::Logins, Self)
    }
}

impl FromRequest for Renewal {
    type Error = ApiError;
    type Future = Counted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        count(request, Rate::Renewals, Self)
    }
}

type Counted<T> = Pin<Box<dyn Future<Output = ApiResult<T>>>>;

/// Counts one for the address of a request.
fn count<T: 'static>(request: &HttpRequest, rate: Rate, counted: T) -> Counted<T> {
    let state = request.app_data::<web::Data<State>>().cloned();
    let from = whose(request);
    Box::pin(async move {
        let state = state.ok_or_else(|| ApiError::internal("no state"))?;
        check(&state, rate, &from).await?;
        Ok(counted)
    })
}

/// What [`Attempt`] counts, where only the body tells that it is one.
pub(crate) async fn login(state: &State, request: &HttpRequest) -> ApiResult<()> {
    check(state, Rate::Logins, &whose(request)).await
}

/// By what the calls of an address are counted.
fn whose(request: &HttpRequest) -> String {
    network(address::of(request)).to_string()
}

/// What an address counts as: a household is given a whole /64 of IPv6, and can use any address of it.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64))),
    }
}

/// One call of a user. By user and not by token: a new token is no new allowance.
pub(crate) async fn call(state: &State, user: UserId) -> ApiResult<()> {
    check(state, Rate::Calls, user.0.as_simple().encode_lower(&mut uuid::Uuid::encode_buffer())).await
}

/// One ticket of a resident. A call that was carried out before gets its kept answer even when too many have come; that
/// it is one costs a query, and only then. (So repetitions count as well, and are never refused.)
pub(crate) async fn ticket(state: &State, actor: &Actor, key: Option<&IdempotencyKey>) -> ApiResult<()> {
    if actor.is_staff() {
        return Ok(());
    }
    let refused = match check(state, Rate::Tickets, &actor.user.to_string()).await {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    match key {
        Some(key) if state.store.is_answered(key).await? => Ok(()),
        _ => Err(refused),
    }
}

async fn check(state: &State, rate: Rate, key: &str) -> ApiResult<()> {
    state.rates.check(rate, key).await.map_err(|wait| {
        state.metrics.rate_exceeded(rate);
        let fault = Fault::new("rate.exceeded")
            .with("rate", rate.name())
            .with("limit", wait.quota.count())
            .with("period", wait.quota.seconds());
        fault.with("seconds", wait.seconds).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_counts_as_its_network() {
        let network = |text: &str| network(text.parse().unwrap()).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("203.0.113.7"), "203.0.113.7");
    }
}
