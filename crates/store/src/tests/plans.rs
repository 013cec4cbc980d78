//! No statement reads its way through what grows: the plan that SQLite makes for each is looked at.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use super::fixture::Fixture;
use crate::{Error, Store, sql::Value};

/// The tables that grow with use.
const GROWING: [&str; 12] = [
    "event",
    "refusal",
    "dedupe",
    "run_queue",
    "run_live",
    "run",
    "journal",
    "delivery_live",
    "delivery",
    "attempt",
    "chunk",
    "session",
];

/// Plans that are good although they look like others that are not: a part of the statement, and why.
const GOOD: [(&str, &str); 2] = [
    ("event ORDER BY number DESC LIMIT 1", "ends at the first row"),
    ("delivery_live ORDER BY number DESC LIMIT 1", "ends at the first row"),
];

#[tokio::test]
async fn no_query_scans_a_table_that_grows() {
    let f = Fixture::new().await;
    if f.is_on_postgres() {
        return;
    }
    let statements = statements(&sources());
    assert!(statements.len() > 120, "only {} statements were found", statements.len());
    let partial = partial_indexes(&f.store).await;
    let mut wrong = Vec::new();
    for (file, sql) in statements {
        let plan = plan(&f.store, &sql).await.unwrap_or_else(|error| panic!("{error:?} in {file}: {sql}"));
        let good = GOOD.iter().any(|(part, _)| sql.contains(part));
        if !good && let Some(why) = complaint(&sql, &plan, &partial) {
            wrong.push(format!("{file}: {why}\n{sql}\n{}", plan.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_a_plan_says_is_understood() {
    let partial = HashSet::from(["run_requeued".to_owned()]);
    let good = |steps: &[&str]| {
        let steps: Vec<String> = steps.iter().map(|&step| step.to_owned()).collect();
        complaint("SELECT id FROM run WHERE workspace = ?1", &steps, &partial).is_none()
    };
    assert!(good(&["SEARCH run USING COVERING INDEX run_list (origin=? AND rowid<?)"]));
    assert!(good(&["SCAN run_live USING COVERING INDEX run_requeued"]), "it holds few");
    assert!(good(&["SCAN flow", "USE TEMP B-TREE FOR ORDER BY"]), "flows are few");
    assert!(!good(&["SCAN event"]));
    let renamed = ["SCAN e".to_owned()];
    assert!(complaint("SELECT e.id FROM event e WHERE e.origin = ?1", &renamed, &partial).is_some());
    assert!(!good(&["SCAN run USING INDEX run_list"]), "the whole table by an index");
    assert!(!good(&["SEARCH delivery USING PRIMARY KEY (id<?)"]), "as good as the whole table");
    assert!(!good(&["SEARCH run USING INTEGER PRIMARY KEY (rowid<?)"]), "as good as the whole table");
    assert!(!good(&["SEARCH run USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"]), "and so is this");
    assert!(!good(&["SEARCH run USING INDEX run_list (origin=?)", "USE TEMP B-TREE FOR ORDER BY"]));
    let by_status =
        "SELECT number FROM run WHERE origin = ?1 AND number < ?2 AND status = ?3 ORDER BY number DESC";
    let steps = |step: &str| [step.to_owned()];
    let all = steps("SEARCH run USING INDEX run_list (origin=? AND rowid<?)");
    assert!(
        complaint(by_status, &all, &partial).is_some(),
        "it meets the whole history and shows little of it"
    );
    let those = steps("SEARCH run USING INDEX run_unhappy (origin=? AND status=? AND rowid<?)");
    assert!(complaint(by_status, &those, &partial).is_none());
}

#[test]
fn literals_are_found_among_comments_and_quotes() {
    let source = "let a = \"one \\\n   two\"; // \"no\n let b = ('\"', \"th\\\"ree\"); /// it's\n \"four\"";
    let found = [("", "one two"), ("", "th\\\"ree"), ("", "four")];
    assert_eq!(literals(source), found.map(|(label, text)| (label.to_owned(), text.to_owned())));
    assert_eq!(literals("Each { postgres:\n \"x\" }"), [("postgres".to_owned(), "x".to_owned())]);
}

/// What is wrong with the plan of a statement, if anything.
fn complaint(sql: &str, plan: &[String], partial: &HashSet<String>) -> Option<String> {
    let mut grows = false;
    let names = names(sql);
    for step in plan {
        let mut words = step.split(' ');
        let (verb, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let table = names.get(name).copied().unwrap_or(name);
        // Origins are sorted by the newest of each, and are few.
        if step.contains("TEMP B-TREE FOR ORDER BY") && grows && !sql.contains(" AS head\n") {
            return Some(format!("it sorts what grows: {step}"));
        }
        if !GROWING.contains(&table) {
            continue;
        }
        grows = true;
        let index = words.skip_while(|&word| word != "INDEX").nth(1).unwrap_or_default();
        if verb == "SCAN" && !partial.contains(index) {
            return Some(format!("it reads a whole table: {step}"));
        }
        let keys = ["PRIMARY KEY (id<?)", "PRIMARY KEY (rowid<?)", "PRIMARY KEY (rowid>? AND rowid<?)"];
        if keys.iter().any(|key| step.ends_with(key)) {
            return Some(format!("nothing but its place in a list bounds it: {step}"));
        }
        if step.ends_with("id<?)")
            && let Some(column) = equal(sql, name).find(|column| !step.contains(&format!("{column}=?")))
        {
            return Some(format!("it meets what another {column} has, and shows none of that: {step}"));
        }
    }
    None
}

/// The short names that a statement gives to tables: a plan calls them by these.
fn names(sql: &str) -> HashMap<&str, &str> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words
        .windows(3)
        .filter(|three| ["FROM", "JOIN"].contains(&three[0].trim_start_matches('(')))
        .map(|three| (three[2].trim_end_matches([')', ',']), three[1]))
        .filter(|(name, _)| name.chars().all(|letter| letter.is_ascii_lowercase()))
        .collect()
}

/// The columns of a table that must be equal to a parameter, but for those that follow from others: the workspace, and
/// what has a plus before it. `name` is what the statement calls the table.
fn equal<'s>(sql: &'s str, name: &'s str) -> impl Iterator<Item = &'s str> {
    let columns = sql.match_indices(" = ?").filter_map(|(at, _)| sql[..at].rsplit([' ', '(']).next());
    let own = columns.filter_map(move |column| match column.split_once('.') {
        Some((table, column)) => (table == name).then_some(column),
        None => Some(column),
    });
    own.filter(|column| *column != "workspace" && !column.starts_with('+'))
}

/// The steps of a statement; an error for what was left unfilled, which is not SQL.
async fn plan(store: &Store, sql: &str) -> Result<Vec<String>, Error> {
    let nulls = (1..100).take_while(|n| sql.contains(&format!("?{n}"))).map(|_| Value::Null).collect();
    store.rows(format!("EXPLAIN QUERY PLAN {sql}"), nulls, |row| row.get(3)).await
}

/// Indexes that hold a part of their table: to read all of one is to read what was meant.
async fn partial_indexes(store: &Store) -> HashSet<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'";
    store.rows(sql, vec![], |row| row.get(0)).await.unwrap().into_iter().collect()
}

/// Every source file of the store but its tests and what is PostgreSQL's alone: the name, and what stands before an inline test.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !["tests", "postgres"].contains(&name.as_str()) {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs")
                && !["tests.rs", "postgres.rs"].contains(&name.as_str())
            {
                let text = std::fs::read_to_string(path).unwrap();
                let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
                found.push((name, text[..end].to_owned()));
            }
        }
    }
    found
}

/// Every statement in the sources with its file, the constants that are part of it filled in.
fn statements(sources: &[(String, String)]) -> Vec<(String, String)> {
    let is_statement = |text: &str| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "].iter().any(|verb| text.starts_with(verb))
    };
    let put = |text: String, (name, value): (&String, &String)| text.replace(&format!("{{{name}}}"), value);
    let everywhere: HashMap<_, _> = sources.iter().flat_map(|(_, source)| constants(source)).collect();
    let mut all = Vec::new();
    for (file, source) in sources {
        // A file's own come before others of the same name.
        let own = constants(source);
        let filled = |text| everywhere.iter().fold(own.iter().fold(text, put), put);
        let here = literals(source).into_iter().filter(|(label, _)| label != "postgres");
        let here = here.map(|(_, text)| filled(text)).filter(|text| is_statement(text));
        all.extend(here.map(|text| (file.clone(), text)));
    }
    all
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
