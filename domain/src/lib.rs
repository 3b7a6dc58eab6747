//! The rules of residents' calls (呼应), and nothing else.
//!
//! Everything here is pure: no I/O, no async, no clock, no randomness. Time and ids come in as arguments, so that
//! every rule can be tested by a table. What must never appear: anything that waits, stores or calls.
//!
//! To add a concept: a module of its own with its values, a refusal enum beside it (listed in [`refusal::Refusal`]),
//! and, where it has a history, `decide` and `apply` as [`ticket`] shows them.

pub mod absence;
pub mod actor;
pub mod admission;
pub mod appeal;
pub mod appraisal;
pub mod booking;
pub mod burden;
pub mod calendar;
#[cfg(test)]
mod cast;
pub mod deed;
pub mod duty;
pub mod errand;
pub mod estate;
pub mod figure;
pub mod flag;
pub mod geo;
pub mod id;
pub mod import;
pub mod key_task;
pub mod live;
pub mod matching;
pub mod matter;
pub mod mediation;
pub mod member;
pub mod misfit;
pub mod notice;
pub mod number;
pub mod password;
pub mod patrol;
pub mod permission;
pub mod person;
pub mod phone;
pub mod photo;
pub mod place;
pub mod playbook;
pub mod point;
pub mod policy;
pub mod post;
pub mod post_need;
pub mod power;
pub mod promise;
pub mod refusal;
pub mod shift;
pub mod text;
pub mod ticket;
pub mod tie;
pub mod time;
pub mod unit;
pub mod view;
pub mod words;
