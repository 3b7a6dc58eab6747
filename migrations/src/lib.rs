//! The schema, forward and back, the same for SQLite and PostgreSQL. What cannot be the same is in [`dialect`].
//!
//! To add a migration: a file `mYYYYMMDD_NNNNNN_what.rs`, listed in [`Migrator`]. Expand first, contract in a later
//! release, under a name that ends with `_needs_NNNNNN`; never rewrite one that has shipped.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

pub mod dialect;
mod m20261121_000001_county;
mod m20261121_000002_journal;
mod m20261121_000003_ticket;
mod m20261122_000004_machine;
mod m20261122_000005_people;
mod m20261122_000006_privacy;
mod m20261122_000007_answer_stream;
mod m20261122_000008_second_look;
mod m20261122_000009_calendar;
mod m20261122_000010_reactor;
mod m20261122_000011_inbox;
mod m20261122_000012_live;
mod m20261122_000013_warnings;
mod m20261122_000014_restoration;
mod m20261122_000015_claims;
mod m20261122_000016_parties;
mod m20261122_000017_contacts;
mod m20261122_000018_excerpt;
mod m20261122_000019_places;
mod m20261122_000020_boundaries;
mod m20261122_000021_units_and_ties;
mod m20261122_000022_points;
mod m20261122_000023_absences;
mod m20261122_000024_profiles;
mod m20261122_000025_imports;
mod m20261122_000026_deeds;
mod m20261123_000027_whistles_and_ledger;
mod m20261123_000028_playbooks;
mod m20261123_000029_matters;
mod m20261123_000030_paths;
mod m20261123_000031_ticket_paths;
mod m20261123_000032_photos;
mod m20261123_000033_topics;
mod m20261123_000034_authors;
mod m20261123_000035_matter_topics;
mod m20261123_000036_matter_slots;
mod m20261123_000037_released;
mod standing;

pub use standing::Standing;

/// All migrations, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        let migrations: Vec<Box<dyn MigrationTrait>> = vec![
            Box::new(m20261121_000001_county::Migration),
            Box::new(m20261121_000002_journal::Migration),
            Box::new(m20261121_000003_ticket::Migration),
            Box::new(m20261122_000004_machine::Migration),
            Box::new(m20261122_000005_people::Migration),
            Box::new(m20261122_000006_privacy::Migration),
            Box::new(m20261122_000007_answer_stream::Migration),
            Box::new(m20261122_000008_second_look::Migration),
            Box::new(m20261122_000009_calendar::Migration),
            Box::new(m20261122_000010_reactor::Migration),
            Box::new(m20261122_000011_inbox::Migration),
            Box::new(m20261122_000012_live::Migration),
            Box::new(m20261122_000013_warnings::Migration),
            Box::new(m20261122_000014_restoration::Migration),
            Box::new(m20261122_000015_claims::Migration),
            Box::new(m20261122_000016_parties::Migration),
            Box::new(m20261122_000017_contacts::Migration),
            Box::new(m20261122_000018_excerpt::Migration),
            Box::new(m20261122_000019_places::Migration),
            Box::new(m20261122_000020_boundaries::Migration),
            Box::new(m20261122_000021_units_and_ties::Migration),
            Box::new(m20261122_000022_points::Migration),
            Box::new(m20261122_000023_absences::Migration),
            Box::new(m20261122_000024_profiles::Migration),
            Box::new(m20261122_000025_imports::Migration),
            Box::new(m20261122_000026_deeds::Migration),
            Box::new(m20261123_000027_whistles_and_ledger::Migration),
            Box::new(m20261123_000028_playbooks::Migration),
            Box::new(m20261123_000029_matters::Migration),
            Box::new(m20261123_000030_paths::Migration),
            Box::new(m20261123_000031_ticket_paths::Migration),
            Box::new(m20261123_000032_photos::Migration),
            Box::new(m20261123_000033_topics::Migration),
            Box::new(m20261123_000034_authors::Migration),
            Box::new(m20261123_000035_matter_topics::Migration),
            Box::new(m20261123_000036_matter_slots::Migration),
            Box::new(m20261123_000037_released::Migration),
        ];
        migrations
            .into_iter()
            .map(|migration| Box::new(Whole(migration)) as Box<dyn MigrationTrait>)
            .collect()
    }
}

/// A migration as one transaction with the row that says it is done. Unasked, SQLite would get it a statement at a time,
/// and one that was interrupted could neither be finished nor undone.
struct Whole(Box<dyn MigrationTrait>);

impl MigrationName for Whole {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Whole {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.0.use_transaction().or(Some(true))
    }
}
