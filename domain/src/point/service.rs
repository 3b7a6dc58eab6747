//! What a point does for residents (服务事项): in which ways, and at what price (practices F05).

use super::refusal::{PointFault, PointRefusal};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use strum::{EnumDiscriminants, EnumIter, EnumString, IntoStaticStr};

/// The most services of a point.
pub const MAX_SERVICES: usize = 50;
/// What a service may cost, in fen.
pub const AMOUNT: RangeInclusive<i64> = 1..=10_000_000;
/// The longest text of what is paid for, in characters.
pub const MAX_PER: usize = 20;

/// How a service is had.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, EnumIter, EnumString, IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    /// 点单.
    Order,
    /// 预约.
    Booking,
    /// 上门.
    Home,
    /// 代办.
    Errand,
}

/// What a service costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, EnumDiscriminants)]
#[serde(tag = "charge", rename_all = "snake_case")]
#[strum_discriminants(
    name(Charge),
    derive(Hash, EnumIter, EnumString, IntoStaticStr, Serialize, Deserialize),
    serde(rename_all = "snake_case"),
    strum(serialize_all = "snake_case"),
    doc = "Who pays for a service."
)]
pub enum Price {
    /// 无偿.
    Free,
    /// 低偿: a part of what it costs.
    PartPaid {
        /// In fen.
        amount: u32,
        /// For what: 次, 小时.
        per: String,
    },
    /// 有偿: what it costs.
    Commercial {
        /// In fen.
        amount: u32,
        /// For what: 次, 小时.
        per: String,
    },
}

impl Price {
    /// What is paid for what, in fen; none where nothing is.
    pub fn amount(&self) -> Option<(u32, &str)> {
        match self {
            Self::Free => None,
            Self::PartPaid { amount, per } | Self::Commercial { amount, per } => Some((*amount, per)),
        }
    }

    /// Out of its parts; `field` is the service that it is of.
    ///
    /// # Errors
    /// [`PointRefusal::Field`]: an amount for what is free, or none for what is not, or none in [`AMOUNT`].
    pub fn new(
        charge: Charge,
        amount: Option<i64>,
        per: Option<String>,
        field: &str,
    ) -> Result<Self, PointRefusal> {
        let paid = || {
            let amount =
                amount.ok_or_else(|| PointFault::PriceWithoutAmount.at(format!("{field}/amount")))?;
            let valid = u32::try_from(amount).ok().filter(|_| AMOUNT.contains(&amount));
            let amount = valid.ok_or_else(|| PointFault::Amount.at(format!("{field}/amount")))?;
            let per = per.clone().ok_or_else(|| PointFault::PriceWithoutAmount.at(format!("{field}/per")))?;
            Ok((amount, per))
        };
        match charge {
            Charge::Free => match (amount, &per) {
                (None, None) => Ok(Self::Free),
                (Some(_), _) => Err(PointFault::FreeWithAmount.at(format!("{field}/amount"))),
                (None, Some(_)) => Err(PointFault::FreeWithAmount.at(format!("{field}/per"))),
            },
            Charge::PartPaid => paid().map(|(amount, per)| Self::PartPaid { amount, per }),
            Charge::Commercial => paid().map(|(amount, per)| Self::Commercial { amount, per }),
        }
    }
}

/// A service (服务事项).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// What it is called, 1 to 50 characters.
    pub name: String,
    /// At least one, each once.
    pub modes: Vec<Mode>,
    /// What it costs.
    pub price: Price,
}

impl Service {
    /// `field` is where it stands.
    ///
    /// # Errors
    /// [`PointRefusal::Field`]: no way to have it, or one twice.
    pub fn new(name: String, modes: Vec<Mode>, price: Price, field: &str) -> Result<Self, PointRefusal> {
        let twice = modes.iter().enumerate().any(|(i, mode)| modes[..i].contains(mode));
        let fault = match (modes.is_empty(), twice) {
            (true, _) => PointFault::NoModes,
            (_, true) => PointFault::ModeTwice,
            (false, false) => return Ok(Self { name, modes, price }),
        };
        Err(fault.at(format!("{field}/modes")))
    }
}

/// A bit for each way with each price in which something can be had: so that an index of them is a number.
fn bit(mode: Mode, charge: Charge) -> i32 {
    let charges = 3;
    1 << (mode as i32 * charges + charge as i32)
}

/// What is offered, as [`wanted`] asks for it.
pub fn offers(services: &[Service]) -> i32 {
    let each = services.iter().flat_map(|service| service.modes.iter().map(|mode| (*mode, &service.price)));
    each.fold(0, |bits, (mode, price)| bits | bit(mode, price.into()))
}

/// What must have a bit in common with [`offers`]: one service with this way and this price. None where neither is asked for.
pub fn wanted(mode: Option<Mode>, charge: Option<Charge>) -> Option<i32> {
    use strum::IntoEnumIterator;
    let bits = Mode::iter()
        .filter(|one| mode.is_none_or(|mode| mode == *one))
        .flat_map(|mode| Charge::iter().map(move |charge| (mode, charge)))
        .filter(|(_, one)| charge.is_none_or(|charge| charge == *one));
    (mode.is_some() || charge.is_some()).then(|| bits.fold(0, |all, (mode, charge)| all | bit(mode, charge)))
}
