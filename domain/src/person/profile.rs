//! What somebody can do, what they want to do, and when they are free (practices L05, F04): by this they are matched with
//! tickets.

use crate::calendar::{Span, minute};
use crate::refusal::{Args, Refusal};
use crate::text::{FreeText, TextRefusal};
use serde::{Deserialize, Serialize};

/// The most skills, and the most wishes.
pub const MAX_WORDS: usize = 20;
/// The longest skill or wish, in characters.
pub const MAX_WORD: usize = 20;
/// The most free spans: three a day.
pub const MAX_FREE: usize = 21;

/// A profile (资料) of a person. As it is stored, too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// What they can do (技能), in the order given.
    pub skills: Vec<String>,
    /// What they want to do (服务意愿), in the order given.
    pub wishes: Vec<String>,
    /// When they are free (空闲时段), in the order of the week.
    pub free: Vec<FreeSpan>,
}

/// A stretch of a day of every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FreeSpan {
    /// 1, Monday, to 7.
    pub weekday: u8,
    /// From when until when, in China.
    pub span: Span,
}

/// A free span as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenSpan {
    /// To be 1 to 7.
    pub weekday: i64,
    /// To be `HH:MM`.
    pub from: String,
    /// To be `HH:MM`, up to `24:00`.
    pub to: String,
}

/// What is wrong with a profile, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {fault}")]
pub struct ProfileRefusal {
    /// The field of the body.
    pub field: String,
    /// What.
    pub fault: ProfileFault,
}

/// What is wrong with a part of a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFault {
    /// More than there may be.
    #[error("{count}, at most {max}")]
    TooMany {
        /// How many were given.
        count: usize,
        /// How many there may be.
        max: usize,
    },
    /// Not 1 to 20 characters, or a control character among them.
    #[error(transparent)]
    Word(TextRefusal),
    /// Given before.
    #[error("given twice")]
    Twice,
    /// Not 1 to 7.
    #[error("{weekday} is no day of the week")]
    Weekday {
        /// What was given.
        weekday: i64,
    },
    /// Not `HH:MM`.
    #[error("no time of the day")]
    Time,
    /// It ends before it begins, or as it begins.
    #[error("it ends before it begins")]
    Backwards,
    /// Another one of the same day goes on by then.
    #[error("it overlaps with another")]
    Overlap,
}

impl Profile {
    /// A profile with its words trimmed and its spans in the order of the week.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its field.
    pub fn parse(
        skills: &[String],
        wishes: &[String],
        free: &[GivenSpan],
    ) -> Result<Self, Vec<ProfileRefusal>> {
        let mut faults = Vec::new();
        let profile = Self {
            skills: words("/skills", skills, (MAX_WORDS, MAX_WORD), &mut faults),
            wishes: words("/wishes", wishes, (MAX_WORDS, MAX_WORD), &mut faults),
            free: spans(free, &mut faults),
        };
        if faults.is_empty() { Ok(profile) } else { Err(faults) }
    }

    /// The same, and what another one says where this says nothing.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        fn said<T: Clone>(own: &[T], other: &[T]) -> Vec<T> {
            if own.is_empty() { other.to_vec() } else { own.to_vec() }
        }
        Self {
            skills: said(&self.skills, &other.skills),
            wishes: said(&self.wishes, &other.wishes),
            free: said(&self.free, &other.free),
        }
    }

    /// The same, or none where it says nothing.
    pub fn or_none(self) -> Option<Self> {
        (self != Self::default()).then_some(self)
    }
}

fn refuse(faults: &mut Vec<ProfileRefusal>, field: String, fault: ProfileFault) {
    faults.push(ProfileRefusal { field, fault });
}

/// A list of short texts, each on one line and once: so many of so many characters at most, trimmed. What is wrong goes to
/// `faults`.
pub(crate) fn words(
    list: &str,
    given: &[String],
    (most, longest): (usize, usize),
    faults: &mut Vec<ProfileRefusal>,
) -> Vec<String> {
    if given.len() > most {
        // Counted before any is read: a list without end is not worth it.
        refuse(faults, list.to_owned(), ProfileFault::TooMany { count: given.len(), max: most });
        return vec![];
    }
    let mut words: Vec<String> = Vec::with_capacity(given.len());
    for (i, word) in given.iter().enumerate() {
        let fault = match word_of(word, longest) {
            Err(refusal) => ProfileFault::Word(refusal),
            Ok(word) if words.iter().any(|known| known == word) => ProfileFault::Twice,
            Ok(word) => {
                words.push(word.to_owned());
                continue;
            }
        };
        refuse(faults, format!("{list}/{i}"), fault);
    }
    words
}

/// One line, unlike a text.
fn word_of(word: &str, longest: usize) -> Result<&str, TextRefusal> {
    let word = word.trim();
    if let Some((i, c)) = word.chars().enumerate().find(|(_, c)| c.is_control()) {
        return Err(TextRefusal::ControlCharacter { code: c.into(), at: i + 1 });
    }
    FreeText::check(word, longest).map(|()| word)
}

fn spans(given: &[GivenSpan], faults: &mut Vec<ProfileRefusal>) -> Vec<FreeSpan> {
    if given.len() > MAX_FREE {
        let fault = ProfileFault::TooMany { count: given.len(), max: MAX_FREE };
        refuse(faults, "/free".to_owned(), fault);
        return vec![];
    }
    let mut free: Vec<FreeSpan> = Vec::with_capacity(given.len());
    for (i, GivenSpan { weekday, from, to }) in given.iter().enumerate() {
        let at = |name: &str| format!("/free/{i}/{name}");
        let day = u8::try_from(*weekday).ok().filter(|day| (1..=7).contains(day));
        if day.is_none() {
            refuse(faults, at("weekday"), ProfileFault::Weekday { weekday: *weekday });
        }
        let time = |text: &str| minute(text).filter(|minute| Span::new(*minute, *minute).is_some());
        let (begin, end) = (time(from), time(to));
        for (name, minute) in [("from", begin), ("to", end)] {
            if minute.is_none() {
                refuse(faults, at(name), ProfileFault::Time);
            }
        }
        let (Some(weekday), Some(begin), Some(end)) = (day, begin, end) else { continue };
        let Some(span) = Span::new(begin, end).filter(|span| span.begin() < span.end()) else {
            refuse(faults, at("to"), ProfileFault::Backwards);
            continue;
        };
        let new = FreeSpan { weekday, span };
        if free.iter().any(|other| other.overlaps(new)) {
            refuse(faults, format!("/free/{i}"), ProfileFault::Overlap);
        } else {
            free.push(new);
        }
    }
    free.sort_unstable_by_key(|free| (free.weekday, free.span.begin()));
    free
}

impl FreeSpan {
    /// `08:30` and `12:00`.
    pub fn times(&self) -> (String, String) {
        let text = self.span.to_string();
        let (from, to) = text.split_once('-').unwrap_or_default();
        (from.to_owned(), to.to_owned())
    }

    fn overlaps(self, other: Self) -> bool {
        let Self { weekday, span } = other;
        self.weekday == weekday && self.span.begin() < span.end() && span.begin() < self.span.end()
    }
}

impl ProfileRefusal {
    /// Stable code.
    pub fn code(&self) -> &'static str {
        match &self.fault {
            ProfileFault::TooMany { .. } => "profile.too_many",
            ProfileFault::Word(refusal) => Refusal::from(refusal.clone()).code(),
            ProfileFault::Twice => "profile.twice",
            ProfileFault::Weekday { .. } => "profile.weekday",
            ProfileFault::Time => "profile.time",
            ProfileFault::Backwards => "profile.backwards",
            ProfileFault::Overlap => "profile.overlap",
        }
    }

    /// Parts of the sentence.
    pub fn args(&self) -> Args {
        match &self.fault {
            ProfileFault::TooMany { count, max } => {
                vec![("count", count.to_string()), ("max", max.to_string())]
            }
            ProfileFault::Word(refusal) => Refusal::from(refusal.clone()).args(),
            ProfileFault::Weekday { weekday } => vec![("weekday", weekday.to_string())],
            ProfileFault::Twice | ProfileFault::Time | ProfileFault::Backwards | ProfileFault::Overlap => {
                vec![]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    /// 20 characters.
    const LONGEST: &str = "一二三四五六七八九十一二三四五六七八九十";

    fn given(spans: &[(i64, &str, &str)]) -> Vec<GivenSpan> {
        let span = |(weekday, from, to): &(i64, &str, &str)| GivenSpan {
            weekday: *weekday,
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        spans.iter().map(span).collect()
    }

    fn owned(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn told(result: Result<Profile, Vec<ProfileRefusal>>) -> Vec<(String, &'static str)> {
        result.err().into_iter().flatten().map(|refusal| (refusal.field.clone(), refusal.code())).collect()
    }

    #[rstest]
    #[case(&["电工", " 水管 "], &[])]
    #[case(&[LONGEST], &[])]
    #[case(&[""], &[("/skills/0", "text.empty")])]
    #[case(&["电工", "\u{3000}"], &[("/skills/1", "text.empty")])]
    #[case(&["一二三四五六七八九十一二三四五六七八九十一"], &[("/skills/0", "text.too_long")])]
    #[case(&["电\n工"], &[("/skills/0", "text.control_character")])]
    #[case(&["电工", "水管", " 电工"], &[("/skills/2", "profile.twice")])]
    #[case(&["电工", "电工", "\0"], &[("/skills/1", "profile.twice"), ("/skills/2", "text.control_character")])]
    #[case(&["x"; 21], &[("/skills", "profile.too_many")])]
    fn words_are_short_and_each_once(#[case] skills: &[&str], #[case] faults: &[(&str, &str)]) {
        let told = told(Profile::parse(&owned(skills), &[], &[]));
        let told: Vec<_> = told.iter().map(|(field, code)| (field.as_str(), *code)).collect();
        assert_eq!(told, faults);
    }

    #[rstest]
    #[case(&[(1, "08:30", "12:00"), (1, "12:00", "24:00"), (2, "08:30", "12:00")], &[])]
    #[case(&[(7, "00:00", "24:00")], &[])]
    #[case(&[(0, "08:30", "12:00")], &[("/free/0/weekday", "profile.weekday")])]
    #[case(&[(8, "8:30", "25:00")], &[("/free/0/weekday", "profile.weekday"), ("/free/0/from", "profile.time"),
        ("/free/0/to", "profile.time")])]
    #[case(&[(1, "24:01", "08:00")], &[("/free/0/from", "profile.time")])]
    #[case(&[(1, "08:00-09:00", "10:60")], &[("/free/0/from", "profile.time"), ("/free/0/to", "profile.time")])]
    #[case(&[(1, "12:00", "12:00")], &[("/free/0/to", "profile.backwards")])]
    #[case(&[(1, "12:00", "08:00")], &[("/free/0/to", "profile.backwards")])]
    #[case(&[(1, "08:00", "12:00"), (2, "11:00", "12:00"), (1, "11:59", "13:00")], &[("/free/2", "profile.overlap")])]
    #[case(&[(1, "08:00", "12:00"), (1, "07:00", "13:00")], &[("/free/1", "profile.overlap")])]
    #[case(&[(i64::MAX, "08:00", "12:00")], &[("/free/0/weekday", "profile.weekday")])]
    #[case(&[(1, "08:00", "12:00"); 22], &[("/free", "profile.too_many")])]
    fn spans_lie_within_a_day_and_apart(#[case] free: &[(i64, &str, &str)], #[case] faults: &[(&str, &str)]) {
        let told = told(Profile::parse(&[], &[], &given(free)));
        let told: Vec<_> = told.iter().map(|(field, code)| (field.as_str(), *code)).collect();
        assert_eq!(told, faults);
    }

    #[test]
    fn it_is_kept_in_order_and_survives_storage() {
        let free = given(&[(2, "08:30", "12:00"), (1, "14:00", "24:00"), (1, "08:30", "12:00")]);
        let profile = Profile::parse(&owned(&["水管", "电工"]), &owned(&[" 陪诊 "]), &free).unwrap();
        assert_eq!((profile.skills[0].as_str(), profile.wishes[0].as_str()), ("水管", "陪诊"));
        let order: Vec<_> = profile.free.iter().map(|free| (free.weekday, free.times().0)).collect();
        assert_eq!(order, [(1, "08:30".to_owned()), (1, "14:00".to_owned()), (2, "08:30".to_owned())]);
        let json = serde_json::to_string(&profile).unwrap();
        assert!(json.contains(r#"{"weekday":1,"span":"14:00-24:00"}"#), "{json}");
        assert_eq!(serde_json::from_str::<Profile>(&json).unwrap(), profile);
        assert_eq!(profile.clone().or_none(), Some(profile));
        assert_eq!(Profile::default().or_none(), None);
    }

    proptest! {
        /// Whatever is given: nothing panics, and what is taken keeps every rule, also when it is given again.
        #[test]
        fn what_is_taken_keeps_the_rules(
            skills in prop::collection::vec("\\PC{0,22}|[电工水管]{1,3}", 0..23),
            free in prop::collection::vec((-1i64..9, 0u16..27, 0u16..61, 0u16..27), 0..23),
        ) {
            let span = |(weekday, hour, minute, end): &(i64, u16, u16, u16)| GivenSpan {
                weekday: *weekday, from: format!("{hour:02}:{minute:02}"), to: format!("{end:02}:00"),
            };
            let free: Vec<_> = free.iter().map(span).collect();
            match Profile::parse(&skills, &[], &free) {
                Err(faults) => prop_assert!(!faults.is_empty()),
                Ok(profile) => {
                    prop_assert!(profile.skills.len() <= MAX_WORDS && profile.free.len() <= MAX_FREE);
                    for (i, word) in profile.skills.iter().enumerate() {
                        prop_assert!((1..=MAX_WORD).contains(&word.chars().count()) && word.trim() == word);
                        prop_assert!(!profile.skills[..i].contains(word));
                    }
                    for pair in profile.free.windows(2) {
                        prop_assert!(pair[0].weekday < pair[1].weekday || pair[0].span.end() <= pair[1].span.begin());
                    }
                    let again = |free: &FreeSpan| {
                        let (from, to) = free.times();
                        GivenSpan { weekday: free.weekday.into(), from, to }
                    };
                    let again: Vec<_> = profile.free.iter().map(again).collect();
                    prop_assert_eq!(Profile::parse(&profile.skills, &[], &again).unwrap(), profile);
                }
            }
        }
    }
}
