//! The table: what was measured, beside the floor and the figures to reach.

use serde::{Deserialize, Serialize};

use crate::{area::Area, limit::Used, load::Seen};

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Events a second.
    pub(crate) rate: f64,
    /// As a part of bare's rate in the same round.
    pub(crate) of_bare: Option<f64>,
    /// The 99th percentile as a multiple of bare's in the same round.
    pub(crate) p99_of_bare: Option<f64>,
    /// The server's CPU time for each event, in microseconds.
    pub(crate) cpu_us_per_event: f64,
    /// Fsyncs for each event.
    pub(crate) fsyncs_per_event: f64,
    /// Cores that other processes, or the host, kept from the measurement on average.
    pub(crate) cores_elsewhere: f64,
    /// Deliveries that had arrived at the end, each of all events so far.
    pub(crate) delivered: Option<u64>,
    /// Where the data is on PostgreSQL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on_postgres: Option<OnPostgres>,
    #[serde(flatten)]
    pub(crate) seen: Seen,
}

/// What a measurement cost besides, on PostgreSQL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OnPostgres {
    /// CPU time of PostgreSQL's processes for each event, in microseconds.
    pub(crate) cpu_us_per_event: f64,
    /// What was used meanwhile.
    pub(crate) used: Used,
}

/// An area at one number of connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) area: String,
    pub(crate) connections: usize,
    /// Which round is reported: the one whose rate is the median.
    pub(crate) median: usize,
    /// Every round.
    pub(crate) rounds: Vec<Round>,
    /// What is to be reached.
    pub(crate) bar: Option<Bar>,
}

/// A figure that stands alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) area: String,
    pub(crate) what: String,
    pub(crate) measured: String,
    /// What is to be reached.
    pub(crate) bar: Option<Bar>,
}

/// What is to be reached, and whether it is; `None` when it was not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bar {
    pub(crate) text: String,
    pub(crate) met: Option<bool>,
}

impl Bar {
    pub(crate) fn new(text: impl Into<String>, met: bool) -> Self {
        Self { text: text.into(), met: Some(met) }
    }

    /// In a table's last column.
    pub(crate) fn shown(bar: Option<&Self>) -> String {
        let Some(Self { text, met }) = bar else { return "–".to_owned() };
        match met {
            Some(true) => format!("{text}: met"),
            Some(false) => format!("{text}: MISSED"),
            None => text.clone(),
        }
    }
}

impl Round {
    /// The same with what it is of the floor.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "microseconds of a benchmark")]
    pub(crate) fn beside(mut self, floor: &Self) -> Self {
        self.of_bare = (floor.rate > 0.0).then(|| self.rate / floor.rate);
        let floor_us = floor.seen.p99_us;
        self.p99_of_bare = (floor_us > 0).then(|| self.seen.p99_us as f64 / floor_us as f64);
        self
    }
}

impl Row {
    /// The row of some rounds; `None` of none.
    pub(crate) fn of(area: Area, connections: usize, rounds: Vec<Round>) -> Option<Self> {
        let mut order: Vec<usize> = (0..rounds.len()).collect();
        order.sort_by(|a, b| rounds[*a].rate.total_cmp(&rounds[*b].rate));
        let median = *order.get(order.len().saturating_sub(1) / 2)?;
        let bar = bar(area, connections, &rounds[median]);
        Some(Self { area: area.name().to_owned(), connections, median, rounds, bar })
    }

    /// The round that is reported.
    pub(crate) fn reported(&self) -> Round {
        self.rounds.get(self.median).cloned().unwrap_or_default()
    }

    /// What was the limit, where that is known.
    pub(crate) fn limit(&self) -> Option<Figure> {
        let used = self.reported().on_postgres?.used;
        Some(Figure {
            area: self.area.clone(),
            what: match self.connections {
                1 => "the limit at 1 connection".to_owned(),
                connections => format!("the limit at {connections} connections"),
            },
            measured: used.line(),
            bar: None,
        })
    }

    /// The cells of the table.
    pub(crate) fn cells(&self) -> [String; 12] {
        let round = self.reported();
        cells(&self.area, self.connections, &round, Bar::shown(self.bar.as_ref()))
    }
}

/// What an area must reach at this number of connections.
fn bar(area: Area, connections: usize, round: &Round) -> Option<Bar> {
    let rate = |least: f64| round.of_bare.map(|part| Bar::new(format!("≥ {least} × bare"), part >= least));
    if round.on_postgres.is_some() {
        return (area == Area::Run && connections == 64).then(|| rate(0.3)).flatten();
    }
    match (area, connections) {
        (Area::Accept | Area::Run, 64) => rate(0.3),
        (Area::AcceptHeld, 64) => rate(0.6),
        (Area::Run, 32) => round.p99_of_bare.map(|times| Bar::new("p99 ≤ 3 × bare", times <= 3.0)),
        (Area::EndToEnd, _) => rate(0.1),
        _ => None,
    }
}

/// The columns of the table.
pub(crate) const COLUMNS: [&str; 12] = [
    "area",
    "conns",
    "per s",
    "×bare",
    "p50 ms",
    "p99 ms",
    "p99 ×bare",
    "max ms",
    "cpu µs/ev",
    "fsync/ev",
    "refused",
    "to reach",
];

/// A round as it is printed while the rounds are measured.
pub(crate) fn print_round(area: Area, connections: usize, round: &Round) {
    print(&cells(area.name(), connections, round, String::new()));
}

/// A line of the table in the terminal.
pub(crate) fn print(cells: &[String; 12]) {
    let [area, connections, rate, of_bare, p50, p99, p99_of_bare, max, cpu, fsyncs, refused, bar] = cells;
    println!(
        "{area:<12} {connections:>5} {rate:>8} {of_bare:>6} {p50:>8} {p99:>8} {p99_of_bare:>9} {max:>8} \
         {cpu:>13} {fsyncs:>8} {refused:>7}  {bar}"
    );
}

fn cells(area: &str, connections: usize, round: &Round, bar: String) -> [String; 12] {
    let part = |part: Option<f64>| part.map_or_else(|| "–".to_owned(), |part| format!("{part:.2}"));
    [
        area.to_owned(),
        connections.to_string(),
        format!("{:.0}", round.rate),
        part(round.of_bare),
        ms(round.seen.p50_us),
        ms(round.seen.p99_us),
        part(round.p99_of_bare),
        ms(round.seen.max_us),
        match &round.on_postgres {
            Some(on_postgres) => {
                format!("{:.1} + {:.1}", round.cpu_us_per_event, on_postgres.cpu_us_per_event)
            }
            None => format!("{:.1}", round.cpu_us_per_event),
        },
        format!("{:.3}", round.fsyncs_per_event),
        round.seen.refused.to_string(),
        bar,
    ]
}

/// Microseconds as milliseconds for people.
#[expect(clippy::cast_precision_loss, reason = "milliseconds for people")]
pub(crate) fn ms(us: u64) -> String {
    format!("{:.2}", us as f64 / 1000.0)
}

/// Figures in the terminal, one a line.
pub(crate) fn print_figures(figures: &[Figure]) {
    for Figure { area, what, measured, bar } in figures {
        println!("{area:<12} {what:<52} {measured:<36} {}", Bar::shown(bar.as_ref()));
    }
}

/// The cores that may be busy elsewhere before a figure is in doubt.
const QUIET: f64 = 0.1;

/// How quiet the machine was while the rows were measured; a line that says so.
pub(crate) fn quietness(rows: &[Row]) -> Option<Figure> {
    let all: Vec<f64> = rows.iter().flat_map(|row| &row.rounds).map(|round| round.cores_elsewhere).collect();
    let most = all.iter().copied().reduce(f64::max)?;
    let loud = all.iter().filter(|cores| **cores > QUIET).count();
    let mut measured = format!("at most {most:.2} cores");
    if loud > 0 {
        measured = format!("{measured}; over {QUIET} in {loud} of {} rounds: IN DOUBT", all.len());
    }
    Some(Figure {
        area: "machine".to_owned(),
        what: "busy with other things".to_owned(),
        measured,
        bar: None,
    })
}

/// Peers on a machine of this kind, measured once; for scale.
pub(crate) const PEERS: &str = "\
For scale, measured once on such a machine:
- n8n 2.40.7 (SQLite, executions saved): 22 to 27 webhook → set → respond runs a second at 1 to 64 connections (69 to
  80 with its legacy engine), p50 42 ms at 1, 302 ms at 8, 1.2 s at 32; 16 to 21 (49 to 67) with a model call and an
  outbound call; 0.5 to 0.85 GB idle, 0.8 to 1.6 GB under load; 8 s from start to first answer; 2.9 GB in 271,606
  files; killed under load it lost 5 of 662 answered events and 40 of 666
- Node-RED 5.0.7, which stores nothing: 3,400 to 5,600 a second, 730 to 1,220 with the two calls; 133 MB idle, 400
  loaded; killed under load it lost 4 of 553 and 41 of 584
- Svix server 1.100 (PostgreSQL, in-memory queue): 1,060 messages a second accepted and delivered at 8 connections,
  940 at 32; from its 202 to the receiver p50 1.7 ms and p99 8.8 ms at 8; 43 MB
- Dify (published): about 24 empty workflow runs a second and 177 ms on one API and one worker";

#[cfg(test)]
mod tests {
    use super::*;

    fn round(rate: f64, p99_us: u64) -> Round {
        Round { rate, seen: Seen { p99_us, ..Seen::default() }, ..Round::default() }
    }

    #[test]
    fn the_median_round_is_reported_and_all_are_kept() {
        let rounds = vec![round(30.0, 1), round(10.0, 2), round(20.0, 3)];
        let row = Row::of(Area::Accept, 8, rounds).unwrap();
        assert_eq!((row.median, row.rounds.len()), (2, 3));
        assert_eq!(row.bar, None, "there is none at 8 connections");
        let even = Row::of(Area::Accept, 8, vec![round(20.0, 1), round(10.0, 2)]).unwrap();
        assert_eq!(even.median, 1, "the lower of two");
        assert_eq!(Row::of(Area::Accept, 8, Vec::new()), None);
    }

    #[test]
    fn a_machine_that_was_busy_elsewhere_is_told() {
        let at = |cores_elsewhere| Round { cores_elsewhere, ..Round::default() };
        let measured = |cores: &[f64]| {
            let row = Row::of(Area::Run, 8, cores.iter().map(|cores| at(*cores)).collect());
            quietness(row.as_slice()).unwrap().measured
        };
        assert_eq!(measured(&[0.01, 0.03]), "at most 0.03 cores");
        assert_eq!(measured(&[0.01, 0.9]), "at most 0.90 cores; over 0.1 in 1 of 2 rounds: IN DOUBT");
        assert_eq!(quietness(&[]), None);
    }

    #[test]
    fn bars_are_judged_beside_the_floor_of_the_same_round() {
        let floor = round(100.0, 1_000);
        let judged = |area, connections, rate, p99_us| {
            let row = Row::of(area, connections, vec![round(rate, p99_us).beside(&floor)]).unwrap();
            Bar::shown(row.bar.as_ref())
        };
        assert_eq!(judged(Area::Accept, 64, 30.0, 1), "≥ 0.3 × bare: met");
        assert_eq!(judged(Area::AcceptHeld, 64, 59.0, 1), "≥ 0.6 × bare: MISSED");
        assert_eq!(judged(Area::Run, 32, 1.0, 3_001), "p99 ≤ 3 × bare: MISSED");
        assert_eq!(judged(Area::EndToEnd, 1, 10.0, 1), "≥ 0.1 × bare: met");
        assert_eq!(judged(Area::RunDedupe, 64, 10.0, 1), "–");
    }

    #[test]
    fn on_postgresql_only_runs_are_judged_and_both_costs_are_shown() {
        let on_postgres = OnPostgres { cpu_us_per_event: 80.06, used: Used::default() };
        let round =
            |rate| Round { cpu_us_per_event: 40.0, on_postgres: Some(on_postgres.clone()), ..round(rate, 1) };
        let row = |area, rate| Row::of(area, 64, vec![round(rate).beside(&round(100.0))]).unwrap();
        assert_eq!(Bar::shown(row(Area::Run, 29.0).bar.as_ref()), "≥ 0.3 × bare: MISSED");
        assert_eq!(row(Area::Accept, 29.0).bar, None);
        assert_eq!(row(Area::Accept, 29.0).cells()[8], "40.0 + 80.1");
        assert!(
            row(Area::Accept, 29.0)
                .limit()
                .is_some_and(|figure| figure.what == "the limit at 64 connections")
        );
    }
}
