//! The rows of a sheet as what they say: codes, phone numbers, words. What does not parse is told, row by row.

use super::flaw;
use domain::import::{ImportRefusal, Subject};
use domain::permission::Role;
use domain::person::{GivenSpan, Profile, ProfileRefusal};
use domain::phone::Phone;
use domain::place::{MAX_NAME as MAX_PLACE_NAME, PlaceCode, PlaceLine};
use domain::refusal::Refusal;
use domain::text::{FreeText, MAX_NAME};
use domain::tie::TieKind;
use domain::unit::{UnitKind, unit_code};
use infra::Store;
use infra::sheet::{Flaw, Line, Sheet};
use infra::store::{Lines, PersonLine, TieLine, UnitLine};
use strum::IntoEnumIterator;

/// What stands between the words of a cell that has several.
const SEPARATORS: [char; 6] = ['、', ',', '，', ';', '；', ' '];
/// What stands between words that may have spaces and commas in them.
const BETWEEN_WORDS: [char; 3] = ['、', ';', '；'];
/// What stands for a name that cannot be: its row is not taken, but what lies below it is not blamed for that.
const NAMELESS: &str = "?";

/// Reads the rows one after the other.
struct Reader<'a> {
    store: &'a Store,
    sheet: &'a Sheet,
    flaws: Vec<Flaw>,
}

/// The rows, and what is wrong with those that are not among them.
pub(super) fn lines(store: &Store, subject: Subject, sheet: &Sheet) -> (Lines, Vec<Flaw>) {
    let mut reader = Reader { store, sheet, flaws: vec![] };
    let rows = sheet.rows.iter();
    let lines = match subject {
        Subject::Places => Lines::Places(rows.filter_map(|row| reader.place(row)).collect()),
        Subject::Units => Lines::Units(rows.filter_map(|row| reader.unit(row)).collect()),
        Subject::People => Lines::People(rows.filter_map(|row| reader.person(row)).collect()),
        Subject::Ties => Lines::Ties(rows.filter_map(|row| reader.tie(row)).collect()),
    };
    (lines, reader.flaws)
}

impl Reader<'_> {
    /// The text of a cell; nothing where reading it has found a flaw already.
    fn cell<'s>(&self, row: &'s Line, column: &str) -> Option<&'s str> {
        let flawed = self.sheet.flaws_of(row.number).iter().any(|flaw| flaw.column == Some(column));
        row.get(column).filter(|_| !flawed)
    }

    /// What a cell says, where it says something.
    fn read<T, E: Into<Refusal>>(
        &mut self,
        row: &Line,
        column: &'static str,
        parse: impl Fn(&Store, &str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.store, self.cell(row, column)?) {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.flaws.push(flaw(row.number, Some(column), &refusal.into()));
                None
            }
        }
    }

    /// Whether all that stands in a cell was read, or nothing stands there.
    fn whole<T>(&self, row: &Line, column: &str, value: Option<&T>) -> bool {
        value.is_some() || row.get(column).is_none()
    }

    fn place(&mut self, row: &Line) -> Option<PlaceLine> {
        let code = self.read(row, "code", code)?;
        let name = self.read(row, "name", |_, text| named(text, MAX_PLACE_NAME));
        Some(PlaceLine { row: row.number, code, name: name.unwrap_or_else(|| NAMELESS.to_owned()) })
    }

    fn unit(&mut self, row: &Line) -> Option<UnitLine> {
        let name = self.read(row, "name", |_, text| named(text, domain::unit::MAX_NAME));
        let kind = self.read(row, "kind", |_, text| word(text, UnitKind::chinese));
        let number = self.read(row, "code", |_, text| unit_code(text));
        let seat = self.read(row, "seat", code);
        let whole = self.whole(row, "code", number.as_ref()) && self.whole(row, "seat", seat.as_ref());
        Some(UnitLine { row: row.number, name: name?, kind: kind?, code: number, seat }).filter(|_| whole)
    }

    fn person(&mut self, row: &Line) -> Option<PersonLine> {
        let name = self.read(row, "name", |_, text| named(text, MAX_NAME));
        let phone = self.read(row, "phone", |_, text| Phone::parse(text));
        let role = self.read(row, "role", |_, text| word(text, Role::chinese));
        let places = self.read(row, "places", |store, text| {
            let codes = text.split(SEPARATORS).filter(|code| !code.is_empty());
            codes.map(|text| code(store, text)).collect::<Result<Vec<_>, _>>()
        });
        let unit = self.cell(row, "unit").map(str::to_owned);
        let profile = self.profile(row);
        let whole = self.whole(row, "role", role.as_ref()) && self.whole(row, "places", places.as_ref());
        let (row, places) = (row.number, places.unwrap_or_default());
        Some(PersonLine { row, name: name?, phone: phone?, role, places, unit, profile }).filter(|_| whole)
    }

    /// What somebody can do, wants to do, and when they are free.
    fn profile(&mut self, row: &Line) -> Option<Profile> {
        let several = |text: &str| {
            let words = text.split(BETWEEN_WORDS).map(str::trim);
            words.filter(|word| !word.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let words = |reader: &mut Self, column| {
            reader.read(row, column, |_, text| {
                let words = several(text);
                let parsed = Profile::parse(&words, &[], &[]);
                parsed.map(|profile| profile.skills).map_err(first_of)
            })
        };
        let (skills, wishes) = (words(self, "skills"), words(self, "wishes"));
        let free = self.read(row, "free", |_, text| {
            let spans: Vec<_> = several(text).iter().map(|span| given_span(span)).collect();
            Profile::parse(&[], &[], &spans).map(|profile| profile.free).map_err(first_of)
        });
        let said = skills.is_some() || wishes.is_some() || free.is_some();
        said.then(|| Profile {
            skills: skills.unwrap_or_default(),
            wishes: wishes.unwrap_or_default(),
            free: free.unwrap_or_default(),
        })
    }

    fn tie(&mut self, row: &Line) -> Option<TieLine> {
        let kind = self.read(row, "kind", |_, text| word(text, TieKind::chinese));
        let phone = self.read(row, "phone", |_, text| Phone::parse(text));
        let place = self.read(row, "place", code);
        let post = self.read(row, "post", |_, text| named(text, domain::tie::MAX_POST));
        // Days were read with the cells.
        let day = |reader: &Self, column| reader.cell(row, column).and_then(|text| text.parse().ok());
        let (since, until) = (day(self, "since"), day(self, "until"));
        let text = |reader: &Self, column| reader.cell(row, column).map(str::to_owned);
        let whole = self.whole(row, "phone", phone.as_ref())
            && self.whole(row, "place", place.as_ref())
            && self.whole(row, "since", since.as_ref())
            && self.whole(row, "until", until.as_ref());
        let (unit, of, line) = (text(self, "unit"), text(self, "of"), text(self, "line"));
        let row = row.number;
        Some(TieLine { row, kind: kind?, phone, unit, place, of, line, post, since, until }).filter(|_| whole)
    }
}

/// One fault of a cell is told at a time.
fn first_of(mut faults: Vec<ProfileRefusal>) -> Refusal {
    faults.remove(0).into()
}

/// `周六09:00-12:00`; what is no such thing is refused for what it is.
fn given_span(text: &str) -> GivenSpan {
    let text = text.replace(['~', '至', '—', '–'], "-").replace('：', ":");
    let day = ["一", "二", "三", "四", "五", "六", "日"];
    let rest = text.trim_start_matches(['周', '星', '期']);
    let weekday =
        (1..).zip(day).find(|(_, name)| rest.starts_with(name) || (*name == "日" && rest.starts_with('天')));
    let times: String = rest.chars().skip(1).collect();
    let (from, to) = times.trim().split_once('-').unwrap_or((&times, ""));
    GivenSpan {
        weekday: weekday.map_or(0, |(number, _)| number),
        from: from.trim().to_owned(),
        to: to.trim().to_owned(),
    }
}

fn code(store: &Store, text: &str) -> Result<PlaceCode, Refusal> {
    Ok(store.place_code(text)?)
}

fn named(text: &str, max: usize) -> Result<String, Refusal> {
    FreeText::check(text, max)?;
    Ok(text.trim().to_owned())
}

/// The word that people call something.
fn word<T: IntoEnumIterator + Copy>(
    text: &str,
    chinese: impl Fn(T) -> &'static str,
) -> Result<T, ImportRefusal> {
    T::iter().find(|one| chinese(*one) == text).ok_or_else(|| {
        let allowed: Vec<_> = T::iter().map(chinese).collect();
        ImportRefusal::NotAWord { allowed: allowed.join("、") }
    })
}
