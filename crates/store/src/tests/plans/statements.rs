//! Every statement of the store, as the sources have it.

use std::{collections::HashMap, path::Path};

use crate::{
    delivery::{ARRIVED, CLOSED, UNSENT},
    event::EVENTS,
    newest::Ranges,
    run::{ENDED, UNDER_WAY, UNHAPPY, WAITING},
};

/// The indexes that lists go by, whose statements are made of parts.
pub(super) const RANGES: [&Ranges; 8] =
    [&EVENTS, &WAITING, &UNDER_WAY, &ENDED, &UNHAPPY, &UNSENT, &ARRIVED, &CLOSED];

/// Whose statements are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

/// Every statement with its file, the constants that are part of it filled in.
pub(super) fn statements(dialect: Dialect) -> Vec<(String, String)> {
    let sources = sources(dialect);
    let is_statement = |text: &str| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| text.starts_with(verb))
    };
    let put = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{name}}}"), value);
    let everywhere: HashMap<_, _> = sources.iter().flat_map(|(_, source)| constants(source)).collect();
    let other = if dialect == Dialect::Sqlite { "postgres" } else { "sqlite" };
    let mut all = Vec::new();
    for (file, source) in &sources {
        // A file's own come before others of the same name.
        let own = constants(source);
        let filled = |text| everywhere.iter().fold(own.iter().fold(text, put), put);
        let here = literals(source).into_iter().filter(|(label, _)| label != other);
        let here = here.map(|(_, text)| filled(text)).filter(|text| is_statement(text));
        all.extend(here.map(|text| (file.clone(), text)));
    }
    let lists = RANGES.iter().flat_map(|ranges| match dialect {
        Dialect::Sqlite => ranges.sqlite(),
        Dialect::Postgres => ranges.postgres(),
    });
    all.extend(lists.map(|sql| ("newest.rs".to_owned(), sql)));
    all
}

/// Every source file of the store but its tests, what is the other database's alone, and the one whose statements are
/// made of parts: the name, and what stands before an inline test.
fn sources(dialect: Dialect) -> Vec<(String, String)> {
    let other =
        if dialect == Dialect::Sqlite { ["postgres", "postgres.rs"] } else { ["sqlite", "sqlite.rs"] };
    let left_out = |name: &str| {
        other.contains(&name) || ["tests", "tests.rs", "newest.rs", "transfer", "transfer.rs"].contains(&name)
    };
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if left_out(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
                found.push((name, text[..end].to_owned()));
            }
        }
    }
    found
}

/// A file's constant texts by name.
fn constants(source: &str) -> HashMap<String, String> {
    let named = |part: &str| {
        let (name, rest) = part.split_once(": &str =")?;
        Some((name.to_owned(), literals(rest).into_iter().next()?.1))
    };
    source.split("const ").skip(1).filter_map(named).collect()
}

/// The texts in quotes, comments aside, each with the name of the field that it is put into, if it is. A line's end that
/// is escaped is left out, as the compiler does.
fn literals(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        let here = &rest[at..];
        rest = if here.starts_with("//") {
            here.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(after) = here.strip_prefix("'\"'") {
            after
        } else if let Some(text) = here.strip_prefix('"') {
            let end = text.match_indices('"').map(|(at, _)| at).find(|&at| !text[..at].ends_with('\\'));
            let end = end.unwrap_or(text.len());
            let mut lines = text[..end].split("\\\n");
            let first = lines.next().unwrap_or_default().to_owned();
            let before = source[..source.len() - here.len()].trim_end().strip_suffix(':').unwrap_or_default();
            let label = before.rsplit(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
            found.push((label.to_owned(), lines.fold(first, |all, line| all + line.trim_start())));
            text.get(end + 1..).unwrap_or_default()
        } else {
            &here[1..]
        };
    }
    found
}

#[test]
fn literals_are_found_among_comments_and_quotes() {
    let source = "let a = \"one \\\n   two\"; // \"no\n let b = ('\"', \"th\\\"ree\"); /// it's\n \"four\"";
    let found = [("", "one two"), ("", "th\\\"ree"), ("", "four")];
    assert_eq!(literals(source), found.map(|(label, text)| (label.to_owned(), text.to_owned())));
    assert_eq!(literals("Each { postgres:\n \"x\" }"), [("postgres".to_owned(), "x".to_owned())]);
}
