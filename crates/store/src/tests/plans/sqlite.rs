//! No statement reads its way through what grows: the plan that SQLite makes for each is looked at.

use std::collections::{HashMap, HashSet};

use super::statements::{Dialect, statements};
use crate::{Error, Store, sql::Value, tests::fixture::Fixture};

/// The tables that grow with use.
const GROWING: [&str; 18] = [
    "alert",
    "event",
    "blob",
    "blob_use",
    "refusal",
    "sample",
    "dedupe",
    "run_queue",
    "run_live",
    "run",
    "journal",
    "delivery_live",
    "delivery",
    "attempt",
    "chunk",
    "job",
    "session",
    "schedule",
];

/// Plans that are good although they look like others that are not: a part of the statement, and why.
const GOOD: [(&str, &str); 4] = [
    ("event ORDER BY number DESC LIMIT 1", "ends at the first row"),
    ("delivery_live ORDER BY number DESC LIMIT 1", "ends at the first row"),
    ("FROM job WHERE status IN ('queued', 'running')", "sorts the open ones, which are few"),
    (
        "kind IN ('replay', 'letters') AND id < ?2",
        "its index holds what people order alone, of few environments",
    ),
];

#[tokio::test]
async fn no_query_scans_a_table_that_grows() {
    let f = Fixture::new().await;
    if f.is_on_postgres() {
        return;
    }
    let statements = statements(Dialect::Sqlite);
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
