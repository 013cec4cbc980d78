//! Results as files: one of JSON for each machine and day, and a page for people made from the newest.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    machine::Machine,
    report::{Bar, COLUMNS, Figure, PEERS, Row},
};

/// What a run of the harness measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Results {
    /// What was measured.
    pub(crate) kind: Kind,
    /// The day, in UTC.
    pub(crate) date: String,
    pub(crate) machine: Machine,
    /// How it was measured, in a sentence.
    pub(crate) how: String,
    pub(crate) rows: Vec<Row>,
    pub(crate) figures: Vec<Figure>,
    /// Every round of the figures.
    pub(crate) rounds: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// The server under load.
    Load,
    /// On PostgreSQL, by one node and by several.
    Cluster,
    /// What sources bear.
    Sources,
    /// What deliveries bear.
    Deliveries,
    /// What retrieval finds.
    Retrieval,
}

impl Kind {
    fn suffix(self) -> &'static str {
        match self {
            Self::Load => "",
            Self::Cluster => "-cluster",
            Self::Sources => "-sources",
            Self::Deliveries => "-deliveries",
            Self::Retrieval => "-retrieval",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Load => "Under load",
            Self::Cluster => "On PostgreSQL, by one node and by several",
            Self::Sources => "What sources bear",
            Self::Deliveries => "What deliveries bear",
            Self::Retrieval => "Retrieval",
        }
    }
}

/// Today, in UTC.
pub(crate) fn today() -> String {
    jiff::Timestamp::now().to_string().chars().take(10).collect()
}

impl Results {
    /// Writes the results into a folder, and its page anew.
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(folder)?;
        let name = format!("{}-{}{}.json", self.date, self.machine.slug(), self.kind.suffix());
        fs::write(folder.join(&name), serde_json::to_string_pretty(self)? + "\n")?;
        let all = read(folder)?;
        let newest = |kind: Kind| all.iter().rfind(|(_, results)| results.kind == kind);
        let found: Vec<_> = [Kind::Load, Kind::Cluster, Kind::Sources, Kind::Deliveries, Kind::Retrieval]
            .into_iter()
            .filter_map(newest)
            .collect();
        fs::write(folder.join("README.md"), page(&found)?)?;
        println!("\nwritten to {name} and README.md");
        Ok(())
    }
}

/// All results of a folder, in the order of their names, which begin with the day.
fn read(folder: &Path) -> anyhow::Result<Vec<(String, Results)>> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let result = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let results = serde_json::from_str(&fs::read_to_string(path)?).with_context(|| name.clone())?;
        Ok((name, results))
    };
    paths.iter().map(result).collect()
}

fn page(found: &[&(String, Results)]) -> anyhow::Result<String> {
    let mut page = String::from(
        "# Results\n\nMade by `cargo xtask bench`, `cargo xtask bench cluster`, `cargo xtask bench sources`, `cargo xtask bench \
         deliveries` and `cargo xtask bench knowledge --data DIR` from the newest files beside this one.\n",
    );
    for (name, results) in found {
        write!(page, "\n## {}\n\n", results.kind.title())?;
        writeln!(
            page,
            "{}, [{name}]({name}). {}.
{}",
            results.date,
            results.machine.line(),
            results.how
        )?;
        if !results.rows.is_empty() {
            let rows = results.rows.iter().map(|row| row.cells().to_vec());
            page += &table(&COLUMNS, rows);
        }
        let cells = |figure: &Figure| {
            let Figure { area, what, measured, bar } = figure;
            vec![area.clone(), what.clone(), measured.clone(), Bar::shown(bar.as_ref())]
        };
        page += &table(&["area", "what", "measured", "to reach"], results.figures.iter().map(cells));
    }
    Ok(page + "\n" + PEERS + "\n")
}

fn table(columns: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let head: Vec<String> = columns.iter().map(ToString::to_string).collect();
    let rows: String = rows.map(|cells| line(&cells)).collect();
    format!("\n{}|{}\n{rows}", line(&head), "---|".repeat(columns.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{area::Area, report::Round};

    fn results(kind: Kind, date: &str, what: &str) -> Results {
        let figure = Figure {
            area: "start".to_owned(),
            what: what.to_owned(),
            measured: "90 ms".to_owned(),
            bar: Some(Bar::new("≤ 300 ms", true)),
        };
        Results {
            kind,
            date: date.to_owned(),
            machine: Machine { cpu: "Some CPU".to_owned(), ..Machine::default() },
            how: "Quickly.".to_owned(),
            rows: Row::of(Area::Run, 8, vec![Round { rate: 123.0, ..Round::default() }])
                .into_iter()
                .collect(),
            figures: vec![figure],
            rounds: Value::Null,
        }
    }

    #[test]
    fn the_page_shows_the_newest_of_each_kind() {
        let folder = tempfile::tempdir().unwrap();
        for (kind, date, what) in [
            (Kind::Load, "2026-02-01", "newer"),
            (Kind::Retrieval, "2026-01-01", "retrieval"),
            (Kind::Load, "2026-01-01", "older"),
        ] {
            results(kind, date, what).write(folder.path()).unwrap();
        }
        let page = fs::read_to_string(folder.path().join("README.md")).unwrap();
        assert!(page.contains("| start | newer | 90 ms | ≤ 300 ms: met |"), "{page}");
        assert!(page.contains("| run | 8 | 123 |"), "{page}");
        assert!(page.contains("retrieval") && !page.contains("older"), "{page}");
        let name = "2026-02-01-some-cpu.json";
        let read: Results =
            serde_json::from_str(&fs::read_to_string(folder.path().join(name)).unwrap()).unwrap();
        assert_eq!(read, results(Kind::Load, "2026-02-01", "newer"));
    }
}
