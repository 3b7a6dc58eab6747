//! What a body says of a point, read in all its parts, so that all that is wrong with them is said at once.

use super::short;
use crate::app::State;
use crate::error::{ApiError, ApiResult, fault};
use domain::geo;
use domain::id::{PlaceId, UnitId};
use domain::phone::Phone;
use domain::place::PlaceCode;
use domain::point::{
    About, Details, Hours, MAX_NAME, MAX_PER, MAX_SERVICES, MAX_TEXT, PointFault, Price, Service, Slots, kept,
};
use domain::text::MAX_ADDRESS;
use openapi::point::{self, OpeningHours, WritePoint};
use openapi::problem::Fault;
use openapi::strict::Object;
use openapi::ticket::Position;
use uuid::Uuid;

/// The code of its place, and all else. Which place that is the store finds out.
pub(super) fn about(state: &State, body: WritePoint) -> ApiResult<(PlaceCode, About)> {
    let WritePoint {
        kind,
        name,
        place,
        position: Object(Position { lat, lng, datum }),
        address,
        phone,
        hours,
        activities,
        conveniences,
        services,
        slots,
        unit,
    } = body;
    let mut faults = Vec::new();
    let mut optional = |text: Option<String>, max: usize, field: &str| {
        text.and_then(|text| or_fault(short(&text, max, field), &mut faults))
    };
    let address = optional(address, MAX_ADDRESS, "/address");
    let activities = optional(activities, MAX_TEXT, "/activities");
    let conveniences = optional(conveniences, MAX_TEXT, "/conveniences");
    let name = or_fault(short(&name, MAX_NAME, "/name"), &mut faults);
    let code = state.store.place_code(&place).map_err(|refusal| fault(refusal, Some("/place".into())));
    let code = or_fault(code, &mut faults);
    let position = geo::Position::new(lat, lng, datum.0).map_err(|refusal| {
        let field = format!("/position/{}", refusal.field());
        fault(refusal, Some(field))
    });
    let position = or_fault(position, &mut faults);
    let phone = phone.and_then(|phone| {
        let phone = Phone::parse(&phone).map_err(|refusal| fault(refusal, Some("/phone".into())));
        or_fault(phone, &mut faults)
    });
    let hours: Vec<_> =
        hours.into_iter().map(|Object(OpeningHours { weekday, from, to })| (weekday, from, to)).collect();
    let hours = or_fault(Hours::new(&hours).map_err(|refusal| fault(refusal, None)), &mut faults);
    let services = all_services(services, &mut faults);
    let slots = slots.and_then(|Object(point::Slots { minutes, seats, closed })| {
        or_fault(Slots::new(minutes, seats, closed).map_err(|refusal| fault(refusal, None)), &mut faults)
    });
    let (Some(code), Some(name), Some(position), Some(hours), true) =
        (code, name, position, hours, faults.is_empty())
    else {
        return Err(ApiError { faults, cause: None });
    };
    let details = Details { address, phone, hours, activities, conveniences, services, slots };
    let about = About {
        kind: kind.0,
        name,
        place: PlaceId(Uuid::nil()),
        position: kept(position),
        unit: unit.map(UnitId),
        details,
    };
    Ok((code, about))
}

fn or_fault<T>(read: Result<T, Fault>, faults: &mut Vec<Fault>) -> Option<T> {
    read.map_err(|fault| faults.push(fault)).ok()
}

fn all_services(given: Vec<Object<point::Service>>, faults: &mut Vec<Fault>) -> Vec<Service> {
    if given.len() > MAX_SERVICES {
        faults.push(fault(PointFault::ServicesCount.at("/services"), None));
        return vec![];
    }
    let each = given.into_iter().enumerate();
    each.filter_map(|(i, Object(given))| or_fault(service(given, &format!("/services/{i}")), faults))
        .collect()
}

fn service(given: point::Service, field: &str) -> Result<Service, Fault> {
    let point::Service { name, modes, price, amount, per } = given;
    let name = short(&name, MAX_NAME, format!("{field}/name"))?;
    let per = per.map(|per| short(&per, MAX_PER, format!("{field}/per"))).transpose()?;
    let price = Price::new(price.0, amount, per, field).map_err(|refusal| fault(refusal, None))?;
    let modes = modes.into_iter().map(|mode| mode.0).collect();
    Service::new(name, modes, price, field).map_err(|refusal| fault(refusal, None))
}
