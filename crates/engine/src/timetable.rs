//! The planned times of a cron expression in a time zone. Pure: it is told from when on to look.
//!
//! Where the clock goes forward, what is planned for one time of day (`30 2 * * *`) comes at the end of the hour that
//! is left out; where it goes back, it comes once, in the first of the two hours. What is planned for every so many
//! hours, minutes or seconds goes by the time that really passes: not in the hour that is left out, and in both of
//! those that have one name.

use clock::Timestamp;
use croner::{
    Cron,
    errors::CronError,
    parser::{CronParser, Seconds, Year},
};
use flow::{Problem, did_you_mean};
use jiff::{Zoned, tz::TimeZone};

/// The longest expression that is read, in bytes.
const LONGEST: usize = 250;

/// What the fields of a cron expression are, when there are six.
const FIELDS: [&str; 6] = ["second", "minute", "hour", "day of the month", "month", "day of the week"];

/// When something is to happen, again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    cron: Cron,
    zone: TimeZone,
}

impl Timetable {
    /// Reads a cron expression of five fields, or six with seconds before them, and the IANA name of a time zone.
    /// Names of months and days, lists, ranges, steps, `L`, `W` and `#` are known, and `@daily` and its like.
    ///
    /// # Errors
    /// The field `cron` or `time_zone`, what is wrong with it, and what to write.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, Problem> {
        let zone = TimeZone::get(time_zone).map_err(|_| unknown_zone(time_zone))?;
        if cron.len() > LONGEST {
            return Err(wrong_cron(format!("it is longer than {LONGEST} bytes.")));
        }
        let cron = parser().parse(cron).map_err(|error| wrong_cron(explained(cron, &error)))?;
        let timetable = Self { cron, zone };
        let some_day = Timestamp::from_millis(1_700_000_000_000);
        match timetable.next_after(some_day) {
            Some(_) => Ok(timetable),
            None => Err(wrong_cron("there is no such day in any year.".to_owned())),
        }
    }

    /// The first planned time after this one; `None` when there is none until the year 5000.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&self.second_of(at)?, false).ok().map(|next| instant(&next))
    }

    /// The last planned time that is not after this one.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&self.second_of(at)?, true).ok().map(|last| instant(&last))
    }

    /// A time as clocks in the time zone show it, RFC 3339 with the offset.
    pub fn local(&self, at: Timestamp) -> String {
        self.zoned(at).map(|zoned| zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).unwrap_or_default()
    }

    /// Planned times are whole seconds, so nothing is planned between a second's beginning and what follows in it.
    fn second_of(&self, at: Timestamp) -> Option<Zoned> {
        self.zoned(Timestamp::from_millis(at.as_secs().checked_mul(1000)?))
    }

    fn zoned(&self, at: Timestamp) -> Option<Zoned> {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).ok()?;
        Some(at.to_zoned(self.zone.clone()))
    }
}

fn instant(zoned: &Zoned) -> Timestamp {
    Timestamp::from_millis(zoned.timestamp().as_millisecond())
}

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build()
}

fn wrong_cron(reason: String) -> Problem {
    let suggestion = "Write five fields, as in `0 9 * * MON-FRI` for nine o'clock on working days, or six with \
                      seconds before them.";
    Problem {
        node: None,
        field: "cron".to_owned(),
        code: "wrong_cron".to_owned(),
        reason,
        suggestion: Some(suggestion.to_owned()),
    }
}

/// What is wrong, and with which of the fields: the one that is wrong by itself.
fn explained(cron: &str, error: &CronError) -> String {
    let fields: Vec<&str> = cron.split_whitespace().collect();
    if !matches!(fields.len(), 5 | 6) {
        let plural = if fields.len() == 1 { "" } else { "s" };
        return format!("it has {} field{plural}, not five or six.", fields.len());
    }
    let names = &FIELDS[FIELDS.len() - fields.len()..];
    let alone = |at: usize| {
        let others = (0..fields.len()).map(|other| if other == at { fields[at] } else { "*" });
        parser().parse(&others.collect::<Vec<_>>().join(" ")).is_err()
    };
    match (0..fields.len()).find(|at| alone(*at)) {
        Some(at) => format!("the {} `{}` cannot be read.", names[at], fields[at]),
        None => format!("it cannot be read: {error}"),
    }
}

fn unknown_zone(name: &str) -> Problem {
    let known: Vec<String> = jiff::tz::db().available().map(|known| known.to_string()).collect();
    let like = |known: &&String| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(name));
    let suggestion = match known.iter().find(like) {
        Some(whole) => Some(format!("Did you mean `{whole}`?")),
        None => did_you_mean(name, known.iter().map(String::as_str)),
    };
    let name: String = name.chars().take(80).collect();
    Problem {
        node: None,
        field: "time_zone".to_owned(),
        code: "unknown_time_zone".to_owned(),
        reason: format!("there is no time zone `{name}`."),
        suggestion: suggestion
            .or_else(|| Some("Write its IANA name, as `Asia/Shanghai`, or `UTC`.".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    /// The next planned times after one, as clocks there show them.
    fn next<const N: usize>(cron: &str, zone: &str, after: &str) -> [String; N] {
        let timetable = Timetable::parse(cron, zone).unwrap_or_else(|problem| panic!("{problem}"));
        let mut time = at(after);
        std::array::from_fn(|_| {
            time = timetable.next_after(time).unwrap();
            timetable.local(time)
        })
    }

    #[test]
    fn all_that_cron_knows_is_read() {
        let after = "2026-01-01T00:00:00Z";
        for (cron, expected) in [
            ("*/15 * * * *", "2026-01-01T00:15:00+00:00"),
            ("0 9 * * MON-FRI", "2026-01-01T09:00:00+00:00"),
            ("0 9 * * sun", "2026-01-04T09:00:00+00:00"),
            ("0 0 1 JAN,jul *", "2026-07-01T00:00:00+00:00"),
            ("5-59/20 8-10 * * *", "2026-01-01T08:05:00+00:00"),
            ("0 0 L * *", "2026-01-31T00:00:00+00:00"),
            ("0 0 * * 5#2", "2026-01-09T00:00:00+00:00"),
            ("0 0 * * FRI#L", "2026-01-30T00:00:00+00:00"),
            ("0 0 15W * *", "2026-01-15T00:00:00+00:00"),
            ("*/10 * * * * *", "2026-01-01T00:00:10+00:00"),
            ("0 0 29 2 *", "2028-02-29T00:00:00+00:00"),
            ("@weekly", "2026-01-04T00:00:00+00:00"),
        ] {
            assert_eq!(next::<1>(cron, "UTC", after), [expected], "{cron}");
        }
    }

    #[test]
    fn a_time_between_two_seconds_is_after_the_first() {
        let timetable = Timetable::parse("* * * * * *", "UTC").unwrap();
        let (first, between) = (at("2026-01-01T00:00:01Z"), at("2026-01-01T00:00:01.999Z"));
        assert_eq!(timetable.next_after(between), Some(at("2026-01-01T00:00:02Z")));
        assert_eq!(timetable.next_after(first), Some(at("2026-01-01T00:00:02Z")));
        assert_eq!((timetable.last_until(between), timetable.last_until(first)), (Some(first), Some(first)));
    }

    #[test]
    fn where_the_clock_goes_forward_nothing_is_left_out() {
        // 02:00 becomes 03:00 in Berlin on 29 March 2026.
        let before = "2026-03-28T12:00:00Z";
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", before),
            ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]
        );
        let night = "2026-03-29T00:29:00Z";
        assert_eq!(
            next("*/30 * * * *", "Europe/Berlin", night),
            ["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]
        );
    }

    #[test]
    fn where_the_clock_goes_back_nothing_comes_twice_that_is_for_one_time_of_day() {
        // 03:00 becomes 02:00 in Berlin on 25 October 2026.
        let before = "2026-10-24T12:00:00Z";
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", before),
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        );
        let night = "2026-10-25T00:00:00Z";
        assert_eq!(
            next("*/30 * * * *", "Europe/Berlin", night),
            [
                "2026-10-25T02:30:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T02:30:00+01:00",
                "2026-10-25T03:00:00+01:00"
            ]
        );
    }

    #[test]
    fn forward_and_back_give_the_same_times() {
        for zone in ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"] {
            for cron in
                ["30 2 * * *", "*/30 * * * *", "0 */2 * * *", "15 1,2,3 * * SUN", "0 0 L * *", "59 * * * * *"]
            {
                let timetable = Timetable::parse(cron, zone).unwrap();
                for (from, until) in [
                    ("2026-03-07T00:00:00Z", "2026-04-06T00:00:00Z"),
                    ("2026-10-03T12:00:00Z", "2026-11-02T00:00:00Z"),
                ] {
                    // Those with seconds only around one change.
                    let until = if cron.starts_with("59") {
                        from.replace("-07T", "-09T").replace("-03T", "-05T")
                    } else {
                        until.to_owned()
                    };
                    let (from, until) = (at(from), at(&until));
                    let forward: Vec<Timestamp> =
                        std::iter::successors(timetable.next_after(from), |time| timetable.next_after(*time))
                            .take_while(|time| *time <= until)
                            .collect();
                    let before =
                        |time: Timestamp| timetable.last_until(Timestamp::from_millis(time.as_millis() - 1));
                    let mut back: Vec<Timestamp> =
                        std::iter::successors(timetable.last_until(until), |time| before(*time))
                            .take_while(|time| *time > from)
                            .collect();
                    back.reverse();
                    assert_eq!(forward, back, "{cron} in {zone}");
                    assert!(forward.is_sorted_by(|a, b| a < b), "{cron} in {zone}");
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let said = |cron: &str, zone: &str| Timetable::parse(cron, zone).unwrap_err().to_string();
        for (cron, expected) in [
            ("0 25 * * *", "cron: the hour `25` cannot be read. Write five fields"),
            ("0 0 9 * * MOO", "cron: the day of the week `MOO` cannot be read."),
            ("* * *", "cron: it has 3 fields, not five or six."),
            ("", "cron: it has 0 fields, not five or six."),
            ("0 0 30 2 *", "cron: there is no such day in any year."),
            ("0 0 * * * 2027 *", "cron: it has 7 fields, not five or six."),
        ] {
            assert!(said(cron, "UTC").starts_with(expected), "{cron}: {}", said(cron, "UTC"));
        }
        assert!(said(&"*".repeat(1_000_000), "UTC").contains("longer than 250 bytes"));
        assert_eq!(
            said("* * * * *", "shanghai"),
            "time_zone: there is no time zone `shanghai`. Did you mean `Asia/Shanghai`?"
        );
        assert!(said("* * * * *", "Europe/Berlim").ends_with("Did you mean `Europe/Berlin`?"));
        assert!(said("* * * * *", "xyzzy!").ends_with("Write its IANA name, as `Asia/Shanghai`, or `UTC`."));
    }
}
