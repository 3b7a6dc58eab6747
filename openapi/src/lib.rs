//! The wire contract: what goes in and out over HTTP, how it is described, and how the API says no. No handlers, no
//! SQL, no actix-web.
//!
//! To add a resource: a file named like its concept with the request and response types, made from the domain's views,
//! an example on each type, its codes in [`problem`]'s table, its words in [`label`].

// The examples of large types are one `json!` each.
#![recursion_limit = "256"]

pub mod absence;
pub mod admission;
pub mod appeal;
pub mod appraisal;
pub mod audit;
pub mod booking;
pub mod boundary;
pub mod burden;
pub mod calendar;
pub mod deed;
pub mod document;
pub mod duty;
pub mod errand;
pub mod estate;
pub mod figure;
pub mod flag;
pub mod health;
pub mod identity;
pub mod import;
pub mod inbox;
pub mod key_task;
pub mod label;
pub mod live;
pub mod matching;
pub mod matter;
pub mod mediation;
pub mod member;
pub mod patrol;
pub mod person;
pub mod photo;
pub mod place;
pub mod playbook;
pub mod point;
pub mod post;
pub mod post_need;
pub mod power;
pub mod problem;
pub mod promise;
pub mod service;
pub mod shift;
pub mod sign_in;
pub mod strict;
pub mod ticket;
pub mod tie;
pub mod unit;
pub mod words;

pub use label::Lang;
