//! Mediations on the wire.

mod answer;
mod request;

pub use answer::{
    Mediation, MediationAgreement, MediationGuidance, MediationPage, MediationParty, MediationSession,
    MediationSignature, MediationStep,
};
pub use request::{
    AgreeMediation, BeginMediation, HandUpMediation, HoldSession, ListMediations, NewParty, RecordGuidance,
    SignMediation,
};
