//! From which address a request comes: the peer's, or what a trusted proxy says.

use crate::app::State;
use crate::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use anyhow::Context;
use ipnet::IpNet;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies that are believed when they say for whom they ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// The address of whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(pub(crate) IpAddr);

impl FromStr for TrustedProxies {
    type Err = anyhow::Error;

    /// Addresses and networks (`10.0.0.0/8`), with commas.
    fn from_str(text: &str) -> anyhow::Result<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let net = |part: &str| {
            let address = part.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| part.parse()).with_context(|| format!("{part} 不是 IP 地址或网段"))
        };
        Ok(Self(parts.map(net).collect::<anyhow::Result<_>>()?))
    }
}

impl TrustedProxies {
    fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|net| net.contains(&address))
    }

    /// The right-most address that is not one of ours: everything left of it is what a client may have written itself.
    fn client<'a>(&self, peer: IpAddr, hops: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut client = peer;
        for hop in hops.rev() {
            if !self.trust(client) {
                break;
            }
            let Some(address) = parse(hop) else { break };
            client = address;
        }
        client
    }
}

impl FromRequest for Address {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(of(request))))
    }
}

/// The address of whoever asks.
pub(crate) fn of(request: &HttpRequest) -> IpAddr {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip()).to_canonical();
    let Some(state) = request.app_data::<web::Data<State>>() else { return peer };
    let lines = request.headers().get_all(FORWARDED_FOR).filter_map(|line| line.to_str().ok());
    let hops: Vec<_> = lines.flat_map(|line| line.split(',')).collect();
    state.trusted_proxies.client(peer, hops.into_iter())
}

/// An address; some proxies add the port.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let address = hop.parse().or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_trusted_proxy_says_is_believed() {
        let trusted: TrustedProxies = "127.0.0.1, 10.0.0.0/8,2001:db8::/32".parse().unwrap();
        let client = |peer: &str, hops: &[&str]| {
            trusted.client(peer.parse().unwrap(), hops.iter().copied()).to_string()
        };
        assert_eq!(client("203.0.113.7", &["1.1.1.1"]), "203.0.113.7");
        assert_eq!(client("127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(client("127.0.0.1", &["1.1.1.1", " 203.0.113.7 "]), "203.0.113.7");
        assert_eq!(client("127.0.0.1", &["1.1.1.1", "203.0.113.7:4711", "10.1.2.3"]), "203.0.113.7");
        assert_eq!(client("2001:db8::1", &["::ffff:203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("127.0.0.1", &["1.1.1.1", "unknown", "10.1.2.3"]), "10.1.2.3");
        assert_eq!(client("127.0.0.1", &["10.0.0.9", "10.1.2.3"]), "10.0.0.9");
        assert_eq!("".parse::<TrustedProxies>().unwrap(), TrustedProxies::default());
        assert!("10.0.0.0/99".parse::<TrustedProxies>().is_err());
    }
}
