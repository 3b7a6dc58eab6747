//! What the bench compares with: a handler that does one SELECT and nothing else, and one that does nothing at all.
//!
//! `bare [--sqlite] URL SQL PARAMETERS`: files with the statement and with its parameters, a JSON array of texts. Serves
//! `/select`, the rows as JSON, and `/static`, what the first look at them was, and prints its address.

use actix_web::{App, HttpResponse, HttpServer, web};
use sqlx::postgres::{PgArguments, PgPoolOptions, PgRow};
use sqlx::sqlite::{SqliteArguments, SqlitePoolOptions, SqliteRow};
use sqlx::types::Uuid;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{
    Arguments, AssertSqlSafe, Column, Either, Executor, PgPool, Row, SqlSafeStr, SqlitePool, Statement,
};
use sqlx::{TypeInfo, ValueRef};
use std::error::Error;
use std::fmt::Write;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The server's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// As many as the server has.
const CONNECTIONS: u32 = 16;

/// The SELECT, with parameters of the types that it asks for.
#[derive(Clone)]
struct Select {
    sql: &'static str,
    given: Vec<Given>,
}

#[derive(Clone)]
enum Given {
    Nothing,
    Id(Uuid),
    Text(String),
    Count(i64),
    Number(i32),
    Flag(bool),
    Time(DateTime<Utc>),
    Bytes(Vec<u8>),
}

#[derive(Clone)]
enum Pool {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

fn given(kind: &str, text: Option<String>) -> Fallible<Given> {
    let Some(text) = text else { return Ok(Given::Nothing) };
    Ok(match kind {
        "UUID" => Given::Id(text.parse()?),
        "INT8" => Given::Count(text.parse()?),
        "INT4" => Given::Number(text.parse()?),
        "BOOL" => Given::Flag(text.starts_with('t')),
        "TIMESTAMPTZ" => Given::Time(DateTime::parse_from_str(&text, "%F %T%.f%#z")?.to_utc()),
        "BYTEA" => Given::Bytes(hex(text.trim_start_matches("\\x"))?),
        _ => Given::Text(text),
    })
}

fn hex(digits: &str) -> Fallible<Vec<u8>> {
    let pair = |i| Ok(u8::from_str_radix(digits.get(i..i + 2).ok_or("an odd number of digits")?, 16)?);
    (0..digits.len()).step_by(2).map(pair).collect()
}

impl Select {
    async fn on(pool: &Pool, sql: &'static str, texts: Vec<Option<String>>) -> Fallible<Self> {
        let kinds = match pool {
            Pool::Postgres(pool) => {
                let statement = pool.prepare(AssertSqlSafe(sql).into_sql_str()).await?;
                let Some(Either::Left(kinds)) = statement.parameters() else { return Err("no types".into()) };
                kinds.iter().map(|kind| kind.name().to_owned()).collect()
            }
            // SQLite has no types of parameters: what looks like an id is one.
            Pool::Sqlite(_) => {
                let kind = |text: &Option<String>| match text {
                    Some(text) if text.parse::<Uuid>().is_ok() => "UUID".to_owned(),
                    Some(text) if text.parse::<i64>().is_ok() => "INT8".to_owned(),
                    _ => "TEXT".to_owned(),
                };
                texts.iter().map(kind).collect::<Vec<_>>()
            }
        };
        let given = kinds.iter().zip(texts).map(|(kind, text)| given(kind, text));
        Ok(Self { sql, given: given.collect::<Fallible<_>>()? })
    }

    async fn json(&self, pool: &Pool) -> Fallible<String> {
        let mut out = "[".to_owned();
        match pool {
            Pool::Postgres(pool) => {
                let query = sqlx::query_with(AssertSqlSafe(self.sql), self.postgres()?);
                for row in query.fetch_all(pool).await? {
                    postgres_row(&row, &mut out)?;
                }
            }
            Pool::Sqlite(pool) => {
                let query = sqlx::query_with(AssertSqlSafe(self.sql), self.sqlite()?);
                for row in query.fetch_all(pool).await? {
                    sqlite_row(&row, &mut out)?;
                }
            }
        }
        out.push(']');
        Ok(out)
    }

    fn postgres(&self) -> Fallible<PgArguments> {
        let mut all = PgArguments::default();
        for given in &self.given {
            match given {
                Given::Nothing => all.add(None::<&str>),
                Given::Id(id) => all.add(id),
                Given::Text(text) => all.add(text),
                Given::Count(count) => all.add(count),
                Given::Number(number) => all.add(number),
                Given::Flag(flag) => all.add(flag),
                Given::Time(time) => all.add(time),
                Given::Bytes(bytes) => all.add(bytes),
            }?;
        }
        Ok(all)
    }

    fn sqlite(&self) -> Fallible<SqliteArguments> {
        let mut all = SqliteArguments::default();
        for given in &self.given {
            match given.clone() {
                Given::Nothing => all.add(None::<String>),
                Given::Id(id) => all.add(id),
                Given::Text(text) => all.add(text),
                Given::Count(count) => all.add(count),
                Given::Number(number) => all.add(number),
                Given::Flag(flag) => all.add(flag),
                Given::Time(time) => all.add(time),
                Given::Bytes(bytes) => all.add(bytes),
            }?;
        }
        Ok(all)
    }
}

/// A member of an object; a text that is JSON already stays what it is.
fn member(out: &mut String, name: &str, text: Option<&str>, quoted: bool) -> Fallible<()> {
    let comma = if out.ends_with('{') { "" } else { "," };
    write!(out, "{comma}\"{name}\":")?;
    match text {
        None => out.push_str("null"),
        Some(text) if !quoted => out.push_str(text),
        Some(text) if text.starts_with('{') && text.ends_with('}') => out.push_str(text),
        Some(text) => out.push_str(&serde_json::to_string(text)?),
    }
    Ok(())
}

fn begin(out: &mut String) {
    out.push_str(if out.ends_with('[') { "{" } else { ",{" });
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

fn postgres_row(row: &PgRow, out: &mut String) -> Fallible<()> {
    begin(out);
    for column in row.columns() {
        let at = column.ordinal();
        let text = match column.type_info().name() {
            "UUID" => row.try_get::<Option<Uuid>, _>(at)?.map(|id| id.to_string()),
            "INT2" => row.try_get::<Option<i16>, _>(at)?.map(|number| number.to_string()),
            "INT4" => row.try_get::<Option<i32>, _>(at)?.map(|number| number.to_string()),
            "INT8" => row.try_get::<Option<i64>, _>(at)?.map(|number| number.to_string()),
            "BOOL" => row.try_get::<Option<bool>, _>(at)?.map(|flag| flag.to_string()),
            "TIMESTAMPTZ" => row.try_get::<Option<DateTime<Utc>>, _>(at)?.map(|time| time.to_rfc3339()),
            "BYTEA" => row.try_get::<Option<&[u8]>, _>(at)?.map(bytes),
            _ => {
                member(out, column.name(), row.try_get(at)?, true)?;
                continue;
            }
        };
        let is_bare = matches!(column.type_info().name(), "INT2" | "INT4" | "INT8" | "BOOL");
        member(out, column.name(), text.as_deref(), !is_bare)?;
    }
    out.push('}');
    Ok(())
}

fn sqlite_row(row: &SqliteRow, out: &mut String) -> Fallible<()> {
    begin(out);
    for column in row.columns() {
        let at = column.ordinal();
        let kind = row.try_get_raw(at)?.type_info().name().to_owned();
        match kind.as_str() {
            "INTEGER" | "BOOLEAN" => {
                let number = row.try_get_unchecked::<i64, _>(at)?.to_string();
                member(out, column.name(), Some(&number), false)?;
            }
            "BLOB" => {
                let blob = row.try_get_unchecked::<Vec<u8>, _>(at)?;
                let text = Uuid::from_slice(&blob).map_or_else(|_| bytes(&blob), |id| id.to_string());
                member(out, column.name(), Some(&text), true)?;
            }
            "NULL" => member(out, column.name(), None, false)?,
            _ => member(out, column.name(), Some(row.try_get_unchecked::<&str, _>(at)?), true)?,
        }
    }
    out.push('}');
    Ok(())
}

#[actix_web::main]
async fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().ok_or("bare URL SQL PARAMETERS");
    let url = next()?;
    let sql: &'static str = std::fs::read_to_string(next()?)?.leak();
    let texts = serde_json::from_str(&std::fs::read_to_string(next()?)?)?;
    let pool = if url.starts_with("postgres") {
        let options = PgPoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        Pool::Postgres(options.connect(&url).await?)
    } else {
        let options = SqlitePoolOptions::new().max_connections(CONNECTIONS).test_before_acquire(false);
        Pool::Sqlite(options.connect(&url).await?)
    };
    let select = Select::on(&pool, sql, texts).await?;
    let first = select.json(&pool).await?;
    let shared = web::Data::new((select, pool, first));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(shared.clone())
            .route("/select", web::get().to(answer))
            .route("/static", web::get().to(still))
    });
    let server = server.bind("127.0.0.1:0")?;
    for address in server.addrs() {
        println!("http://{address}");
    }
    Ok(server.run().await?)
}

type Shared = web::Data<(Select, Pool, String)>;

async fn answer(shared: Shared) -> HttpResponse {
    let (select, pool, _) = &**shared;
    match select.json(pool).await {
        Ok(json) => HttpResponse::Ok().content_type("application/json").body(json),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn still(shared: Shared) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(shared.2.clone())
}
