//! The guarded change of the net of places: read the net in one state, let the rules decide, write down what happened to
//! each place. Everything that lies in what moved follows in batches (`recode.rs`).

use super::super::Store;
use super::super::change::{Answer, ChangeError, Delivered, Failed, Request};
use super::super::error::StoreError;
use super::super::record::{PlaceEvent, Stream};
use super::super::row::column;
use super::super::sql::Sql;
use super::PLACE;
use super::grids::written_areas;
use chrono::NaiveDate;
use domain::id::PlaceId;
use domain::place::{
    Boundary, Change, Codes, Command, Dated, Fact, NetRefusal, Part, Place, PlaceCode, PlaceRefusal, Setting,
    Wanted, decide, whole,
};
use domain::refusal::Refusal;
use domain::text::Text;
use domain::time::{Timestamp, china_day};
use sea_orm::Statement;

/// What is asked of the net, with other places named by their codes.
#[derive(Debug, Clone, PartialEq)]
pub enum PlaceCommand {
    /// 设立, below the place.
    Found {
        /// Who it will be.
        id: PlaceId,
        /// Its name.
        name: String,
        /// Its code; the next one unless named.
        code: Option<PlaceCode>,
    },
    /// 更名.
    Rename {
        /// Its name from then on.
        name: String,
    },
    /// 划转.
    Move {
        /// Directly below which place.
        parent: PlaceCode,
        /// Its code there; its own digits, or the next ones, unless named.
        code: Option<PlaceCode>,
    },
    /// 拆分.
    Split {
        /// The parts that become places beside it.
        parts: Vec<Part>,
    },
    /// 合并.
    Merge {
        /// Which place goes on as it.
        into: PlaceCode,
    },
    /// 划界; none takes its boundary away.
    Bound(Option<Boundary>),
    /// 撤销.
    Retire,
}

/// A change of the net, and the document that it follows.
#[derive(Debug, Clone)]
pub struct PlaceChange<'a> {
    /// What.
    pub command: &'a PlaceCommand,
    /// Since when it holds; today unless said.
    pub on: Option<NaiveDate>,
    /// Why.
    pub reason: &'a Text,
}

/// The net of a county as one state of it.
struct Read {
    place: Place,
    /// How often the net had changed.
    net: i64,
    children: Vec<Place>,
    given: Codes,
    command: Command,
}

impl Store {
    /// Changes the net at a place. `render` makes the answer of the place that it is about (of a new one, that), which
    /// commits with the change.
    ///
    /// # Errors
    /// [`ChangeError`].
    pub async fn change_place(
        &self,
        request: &Request<'_>,
        id: PlaceId,
        change: &PlaceChange<'_>,
        render: impl Fn(&Place) -> Answer,
    ) -> Result<Delivered, ChangeError> {
        let attempt = || self.try_change_place(request, id, change, &render);
        let delivered = self.until_changed(request.key.as_ref(), attempt).await?;
        self.handed.notify_one();
        Ok(delivered)
    }

    async fn try_change_place(
        &self,
        request: &Request<'_>,
        id: PlaceId,
        change: &PlaceChange<'_>,
        render: impl Fn(&Place) -> Answer,
    ) -> Result<Answer, Failed> {
        self.current_grants(request.actor, request.grants_version).await?;
        let Read { place, net, children, given, command } = self.net_at(id, change.command).await?;
        if request.if_match.is_some_and(|expected| expected != place.version) {
            return Err(Failed::Error(ChangeError::OtherVersion));
        }
        let on = change.on.unwrap_or_else(|| china_day(request.now));
        if on > china_day(request.now) {
            return Err(Refusal::from(NetRefusal::Future).into());
        }
        let playbook = self.playbook(place.code.county())?;
        let setting = Setting {
            playbook: &playbook,
            actor: request.actor,
            place: &place,
            children: &children,
            given: &given,
        };
        let changes = decide(setting, &command).map_err(Refusal::from)?;
        let answer = render(&after(&place, &changes, request.now));
        let mut rest = Vec::new();
        for change in &changes {
            rest.extend(self.carried_out(change, request.now));
        }
        match change.command {
            PlaceCommand::Bound(boundary) => rest.extend(self.bounded(&place, boundary.as_ref())),
            PlaceCommand::Merge { .. } | PlaceCommand::Retire => rest.extend(self.bounded(&place, None)),
            _ => {}
        }
        if let Command::Merge { into } = &command {
            rest.extend(self.points_follow(&place, into.id, request.actor.user, request.now)?);
        }
        let events: Vec<_> = changes
            .iter()
            .map(|one| PlaceEvent {
                place: one.place,
                version: one.version,
                scope_code: one.code.as_str(),
                what: Dated { fact: one.fact.clone(), on, reason: Some(change.reason.reference) },
            })
            .collect();
        let stream = Stream {
            aggregate: "place",
            id: id.0,
            version: place.version,
            by: Some(request.actor.user),
            now: request.now,
            key: request.key,
        };
        let guard = self.net_changes(place.code.county(), net);
        self.record_places(&stream, guard, rest, &events, change.reason, Some(&answer)).await?;
        Ok(answer)
    }

    /// The one change of the net that is decided on this state of it.
    pub(in crate::store) fn net_changes(&self, county: &str, net: i64) -> Statement {
        let sql = match net {
            0 => {
                "INSERT INTO place_net (county, version) VALUES ($1, $2 + 1) ON CONFLICT (county) DO NOTHING"
            }
            _ => "UPDATE place_net SET version = version + 1 WHERE county = $1 AND version = $2",
        };
        self.statement(sql, vec![county.into(), net.into()])
    }

    async fn net_at(&self, id: PlaceId, command: &PlaceCommand) -> Result<Read, Failed> {
        // With the net's version first: what is read behind it is not older.
        let sql = format!(
            "SELECT {PLACE}, COALESCE((SELECT n.version FROM place_net n WHERE n.county = substr(p.code, 1, 6)), 0) AS net \
             FROM place p WHERE p.id = $1"
        );
        let row = self.query_one(&sql, vec![id.0.into()]).await?;
        let row = row.ok_or_else(|| Refusal::from(NetRefusal::NotFound))?;
        let place = self.stored_place(&row)?;
        let net: i64 = column(&row, "place_net", "net")?;
        let playbook = self.playbook(place.code.county())?;
        let levels = playbook.code_levels();
        let mut below = vec![place.code];
        let command = match command {
            PlaceCommand::Found { id, name, code } => {
                Command::Found { id: *id, name: name.clone(), code: *code }
            }
            PlaceCommand::Rename { name } => Command::Rename { name: name.clone() },
            PlaceCommand::Move { parent, code } => {
                let parent = self.named(parent).await?;
                below.push(parent.code);
                Command::Move(Wanted { parent, code: *code })
            }
            PlaceCommand::Split { parts } => {
                below.extend(place.code.parent(&levels));
                Command::Split { parts: parts.clone() }
            }
            PlaceCommand::Merge { into } => {
                let into = self.named(into).await?;
                below.push(into.code);
                Command::Merge { into }
            }
            PlaceCommand::Bound(boundary) => {
                let had = self.areas_of(place.id).await?.is_some();
                let above = match place.code.parent(&levels) {
                    Some(parent) => self.areas_of(self.named(&parent).await?.id).await?,
                    None => None,
                };
                if let (Some(boundary), Some(above)) = (boundary, above) {
                    boundary.lies_in(&above).map_err(Refusal::from)?;
                }
                Command::Bound { had, square_metres: boundary.as_ref().map(|one| whole(one.square_metres())) }
            }
            PlaceCommand::Retire => Command::Retire {
                open_tickets: self.has_open_tickets(&place).await?,
                points: self.has_points(&place).await?,
            },
        };
        let children = match command {
            Command::Split { .. } | Command::Merge { .. } | Command::Retire { .. } => {
                self.directly_below(&place.code).await?
            }
            Command::Found { .. } | Command::Rename { .. } | Command::Move(_) | Command::Bound { .. } => {
                vec![]
            }
        };
        let given = match command {
            Command::Rename { .. } | Command::Bound { .. } | Command::Retire { .. } => Codes::new(),
            _ => self.given_below(&below).await?,
        };
        Ok(Read { place, net, children, given, command })
    }

    /// The place that a code stands for.
    async fn named(&self, code: &PlaceCode) -> Result<Place, Failed> {
        let sql =
            format!("SELECT {PLACE} FROM place_code c JOIN place p ON p.id = c.place_id WHERE c.code = $1");
        let row = self.query_one(&sql, vec![code.as_str().into()]).await?;
        let row = row.ok_or_else(|| Refusal::from(PlaceRefusal::Unknown { code: *code }))?;
        Ok(self.stored_place(&row)?)
    }

    /// The places directly below one that are places still, in the order of their codes.
    async fn directly_below(&self, code: &PlaceCode) -> Result<Vec<Place>, StoreError> {
        let Some(digits) = self.digits_below(code) else { return Ok(vec![]) };
        let mut sql = Sql::new(&format!(
            "SELECT {PLACE} FROM place p WHERE p.retired_at IS NULL AND length(p.code) = "
        ));
        sql.bind(digits).push(" AND ").below("p.code", code).push(" ORDER BY p.code");
        self.query_all(&sql.text, sql.values).await?.iter().map(|row| self.stored_place(row)).collect()
    }

    /// Codes that were given directly below some places.
    async fn given_below(&self, places: &[PlaceCode]) -> Result<Codes, StoreError> {
        let mut codes = Codes::new();
        for place in places {
            let Some(digits) = self.digits_below(place) else { continue };
            let mut sql = Sql::new("SELECT c.code FROM place_code c WHERE length(c.code) = ");
            sql.bind(digits).push(" AND ").below("c.code", place);
            for row in self.query_all(&sql.text, sql.values).await? {
                codes.insert(self.stored_code(&column::<String>(&row, "place_code", "code")?)?);
            }
        }
        Ok(codes)
    }

    /// How long the codes directly below are; `None` where there is no level.
    pub(super) fn digits_below(&self, code: &PlaceCode) -> Option<i32> {
        let levels = self.playbook(code.county()).ok()?.code_levels();
        let level = code.level(&levels)? + 1;
        levels.lengths().get(level).and_then(|digits| i32::try_from(*digits).ok())
    }

    async fn has_open_tickets(&self, place: &Place) -> Result<bool, StoreError> {
        let Some(Ok(community)) = place.code.community().map(str::parse::<i64>) else { return Ok(false) };
        let sql = "SELECT 1 FROM ticket t WHERE t.community = $1 AND t.scope_code = $2 \
             AND t.status IN ('submitted', 'dispatched', 'accepted', 'resolved') LIMIT 1";
        Ok(self.query_one(sql, vec![community.into(), place.code.as_str().into()]).await?.is_some())
    }

    /// What a change of one place writes.
    fn carried_out(&self, change: &Change, now: Timestamp) -> Vec<Statement> {
        let Change { place, version, code, fact } = change;
        let id = place.0;
        let renewed = || {
            self.statement("UPDATE place SET version = $2 WHERE id = $1", vec![id.into(), (*version).into()])
        };
        match fact {
            Fact::Founded { code, name } => vec![
                self.statement(
                    "INSERT INTO place (id, code, name, version) VALUES ($1, $2, $3, $4)",
                    vec![id.into(), code.as_str().into(), name.as_str().into(), (*version).into()],
                ),
                self.statement(
                    "INSERT INTO place_code (code, place_id, holder_id, given_at) VALUES ($1, $2, $2, $3)",
                    vec![code.as_str().into(), id.into(), now.into()],
                ),
            ],
            Fact::PlaceRenamed { name } => vec![self.statement(
                "UPDATE place SET version = $2, name = $3 WHERE id = $1",
                vec![id.into(), (*version).into(), name.as_str().into()],
            )],
            Fact::Moved { from, to } => {
                let mut statements = self.codes_move(from, to, now);
                statements.push(self.points_recode(from));
                statements.push(renewed());
                statements.push(self.recode_later(from, now));
                statements
            }
            Fact::Split { into: _ } | Fact::Bounded { square_metres: _ } => vec![renewed()],
            Fact::Retired { successor } => {
                let mut statements = vec![
                    self.statement(
                        "UPDATE place SET version = $2, retired_at = $3 WHERE id = $1",
                        vec![id.into(), (*version).into(), now.into()],
                    ),
                    self.statement(
                        "UPDATE place_code SET ended_at = $2 WHERE code = $1 AND ended_at IS NULL",
                        vec![code.as_str().into(), now.into()],
                    ),
                ];
                if let Some(successor) = successor {
                    statements.extend(self.goes_on_as(*place, *successor, now));
                    // All codes that ever stood for it, those of places that it had taken over among them.
                    let sql = "UPDATE place_code SET place_id = $2 WHERE place_id = $1";
                    statements.push(self.statement(sql, vec![id.into(), successor.0.into()]));
                    statements.push(self.recode_later(code, now));
                } else {
                    statements.extend(self.end_ties_of_place(*place, now));
                    let sql = "UPDATE unit SET seat_id = NULL WHERE seat_id = $1";
                    statements.push(self.statement(sql, vec![id.into()]));
                }
                statements
            }
        }
    }

    /// A boundary in the place of that which there was; processes that keep them in memory read them anew.
    fn bounded(&self, place: &Place, boundary: Option<&Boundary>) -> Vec<Statement> {
        let id = place.id.0;
        let changes = "UPDATE place_net SET boundaries = boundaries + 1 WHERE county = $1 \
             AND ($2 OR EXISTS (SELECT 1 FROM place_boundary b WHERE b.place_id = $3))";
        let county = place.code.county();
        let mut statements = vec![
            self.statement(changes, vec![county.into(), boundary.is_some().into(), id.into()]),
            self.statement("DELETE FROM place_boundary WHERE place_id = $1", vec![id.into()]),
        ];
        if let Some(boundary) = boundary {
            let sql = "INSERT INTO place_boundary (place_id, areas) VALUES ($1, $2)";
            statements.push(self.statement(sql, vec![id.into(), written_areas(boundary).into()]));
        }
        statements
    }

    /// New codes for a place and all below it that are places still.
    fn codes_move(&self, from: &PlaceCode, to: &PlaceCode, now: Timestamp) -> Vec<Statement> {
        let after = i32::try_from(from.as_str().len() + 1).unwrap_or(i32::MAX);
        let mut ends = Sql::new("UPDATE place_code SET ended_at = ");
        ends.bind(now).push(" WHERE ended_at IS NULL AND ").below("code", from);
        let mut gives = Sql::new("INSERT INTO place_code (code, place_id, holder_id, given_at) SELECT ");
        gives.bind(to.as_str()).push(" || substr(p.code, ").bind(after).push("), p.id, p.id, ").bind(now);
        gives.push(" FROM place p WHERE p.retired_at IS NULL AND ").below("p.code", from);
        let mut goes = Sql::new("UPDATE place SET code = ");
        goes.bind(to.as_str()).push(" || substr(code, ").bind(after).push(") WHERE retired_at IS NULL AND ");
        goes.below("code", from);
        [ends, gives, goes].into_iter().map(|sql| self.statement(&sql.text, sql.values)).collect()
    }
}

/// The place that the answer shows: the new one, or the one that was changed.
fn after(place: &Place, changes: &[Change], now: Timestamp) -> Place {
    match changes {
        [Change { place: id, version, code, fact: Fact::Founded { name, .. } }] => {
            Place { id: *id, code: *code, name: name.clone(), version: *version, retired_at: None }
        }
        _ => changes.iter().filter(|change| change.place == place.id).fold(place.clone(), |place, change| {
            let name = match &change.fact {
                Fact::PlaceRenamed { name } => name.clone(),
                _ => place.name,
            };
            let retired_at = matches!(change.fact, Fact::Retired { .. }).then_some(now);
            Place { code: change.code, version: change.version, name, retired_at, ..place }
        }),
    }
}
