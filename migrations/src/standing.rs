//! How a database's schema stands to this program. While a release rolls out, and after it was taken back, a program meets a
//! schema that a newer one made.

use crate::Migrator;
use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// In the name of a migration that takes something away: `m20270115_000021_drop_desk_needs_000019` keeps programs from
/// starting that do not know migration 19 yet.
const NEEDS: &str = "_needs_";

/// How a schema stands to this program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All of it is known. It may be brought up to date, or taken back.
    Known,
    /// A newer program has added these migrations, oldest first, and this one can serve on it as it is.
    Newer(Vec<String>),
    /// These migrations, which are not known here, took away what this program needs, or are of another line than its own.
    Foreign(Vec<String>),
}

impl Standing {
    /// That of a database.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn of<C: ConnectionTrait>(db: &C) -> Result<Self, DbErr> {
        let applied = Migrator::get_migration_models(db).await?;
        Ok(Self::of_applied(applied.into_iter().map(|migration| migration.version).collect()))
    }

    /// That of a database in which these migrations were made.
    pub fn of_applied(applied: Vec<String>) -> Self {
        let known = Migrator::migrations();
        let known: Vec<&str> = known.iter().map(|migration| migration.name()).collect();
        Self::between(&known, applied)
    }

    fn between(known: &[&str], applied: Vec<String>) -> Self {
        let whole = known.iter().all(|name| applied.iter().any(|applied| applied == name));
        let mut unknown: Vec<_> =
            applied.into_iter().filter(|name| !known.contains(&name.as_str())).collect();
        unknown.sort();
        if unknown.is_empty() {
            return Self::Known;
        }
        let newest = known.last().and_then(|name| number(name));
        let is_ours = |name: &String| match number(name) {
            Some(theirs) => Some(theirs) > newest && needs(name) <= newest,
            None => false,
        };
        if whole && unknown.iter().all(is_ours) { Self::Newer(unknown) } else { Self::Foreign(unknown) }
    }
}

/// Which migration this is: `mYYYYMMDD_NNNNNN_what`.
fn number(name: &str) -> Option<u32> {
    name.split('_').nth(1).filter(|digits| digits.len() == 6)?.parse().ok()
}

/// Which migration a program must know to serve behind this one; `None` when any will do.
fn needs(name: &str) -> Option<u32> {
    // One that says so and cannot be understood is met by nobody.
    name.split_once(NEEDS).map(|(_, digits)| digits.parse().unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_that_only_grew_can_be_served_on() {
        let known = ["m20261121_000001_a", "m20261122_000002_b"];
        let standing = |more: &[&str]| {
            let all = known.iter().chain(more).map(ToString::to_string);
            Standing::between(&known, all.collect())
        };
        let names = |some: &[&str]| some.iter().map(ToString::to_string).collect::<Vec<_>>();
        let newer = |some: &[&str]| assert_eq!(standing(some), Standing::Newer(names(some)));
        let foreign = |some: &[&str]| assert_eq!(standing(some), Standing::Foreign(names(some)));
        assert_eq!(standing(&[]), Standing::Known);
        newer(&["m20270101_000003_c"]);
        newer(&["m20270101_000003_c", "m20270101_000004_d_needs_000002"]);
        foreign(&["m20270101_000003_c", "m20270101_000004_d_needs_000003"]);
        foreign(&["m20270101_000003_c_needs_x"]);
        // Made beside this program's own, on another branch.
        foreign(&["m20261122_000002_other"]);
        foreign(&["something"]);
    }

    #[test]
    fn one_that_lacks_a_step_and_has_others_is_of_another_line() {
        let applied = vec!["m20261121_000001_a".to_owned(), "m20270101_000003_c".to_owned()];
        let standing = Standing::between(&["m20261121_000001_a", "m20261122_000002_b"], applied);
        assert_eq!(standing, Standing::Foreign(vec!["m20270101_000003_c".to_owned()]));
        assert_eq!(Standing::between(&["m20261121_000001_a"], vec![]), Standing::Known);
    }

    #[test]
    fn our_own_are_numbered_and_need_none_that_comes_behind_them() {
        for (n, migration) in (1..).zip(Migrator::migrations()) {
            let name = migration.name();
            assert_eq!(number(name), Some(n), "{name}");
            assert!(needs(name).is_none_or(|needed| needed < n), "{name}");
        }
    }
}
