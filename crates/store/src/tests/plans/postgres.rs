//! No statement reads its way through what grows: the plan that PostgreSQL makes for each is looked at.
//!
//! Its planner goes by costs. With scans and sorts forbidden where there is another way, the plan says whether there is
//! one; over many rows, with everything allowed, it says whether that is the way it goes.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::statements::{Dialect, statements};
use crate::{
    delivery::ARRIVED,
    event::EVENTS,
    postgres::{PLANNING, translated},
    run::ENDED,
    tests::fixture::Fixture,
};

/// The tables that stay small whatever happens. Every other one grows with use.
const SMALL: [&str; 23] = [
    "workspace",
    "environment",
    "member",
    "api_key",
    "login_link",
    "flow",
    "flow_version",
    "deployment",
    "source",
    "destination",
    "secret",
    "variable",
    "provider",
    "model",
    "origin",
    "destination_lease",
    "duty",
    "node",
    "knowledge_base",
    "linchpin_schema",
    // A row for each session of a day.
    "transaction_mark",
    // What is moved from SQLite: a row, and one for each table.
    "linchpin_transfer",
    "linchpin_transfer_table",
];

/// Plans that are good although they look like others that are not: a part of the statement, and why.
const GOOD: [(&str, &str); 7] = [
    ("FROM refusal ORDER BY id DESC LIMIT 1", "ends at the first row"),
    ("FROM event ORDER BY number DESC LIMIT 1", "ends at the first row"),
    ("FROM delivery_live ORDER BY number DESC LIMIT 1", "ends at the first row"),
    ("FROM run_queue WHERE version <> ALL(", "shows every row that it meets, but in the midst of an upgrade"),
    ("FROM attempt WHERE delivery = ?1", "sorts the attempts of one delivery"),
    ("FROM document WHERE workspace = ?1 AND base = ?2 ORDER BY id LIMIT 10000", "shows all that it sorts"),
    ("WHERE (source, id) < (?5, ?3)", "a source has one environment"),
];

/// So that a plan shows what it would do in every partition.
const WHOLE: &str = "SET enable_partition_pruning = off";

struct Index {
    table: String,
    first_column: String,
    /// Whether it holds a part of the table.
    is_partial: bool,
}

/// A connection on which nothing is done but plans are made.
struct Planner {
    client: Client,
    indexes: HashMap<String, Index>,
    /// The table of each partition.
    parents: HashMap<String, String>,
    /// Tables and partitions that have few rows as yet, where that matters.
    few: HashSet<String>,
}

impl Planner {
    async fn connect(url: &str) -> Self {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(PLANNING).await.unwrap();
        let mut planner =
            Self { client, indexes: HashMap::new(), parents: HashMap::new(), few: HashSet::new() };
        let indexes =
            "SELECT i.relname, t.relname, pg_get_indexdef(x.indexrelid, 1, true), x.indpred IS NOT NULL
             FROM pg_index x
             JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
             WHERE t.relnamespace = current_schema()::regnamespace";
        for row in planner.rows(indexes).await {
            let (table, first_column) = (row[1].clone(), row[2].clone());
            planner.indexes.insert(row[0].clone(), Index { table, first_column, is_partial: row[3] == "t" });
        }
        let parents = "SELECT c.relname, p.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
             JOIN pg_class p ON p.oid = h.inhparent WHERE c.relnamespace = current_schema()::regnamespace";
        for row in planner.rows(parents).await {
            planner.parents.insert(row[0].clone(), row[1].clone());
        }
        planner
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let answers = self.client.simple_query(sql).await.unwrap_or_else(|error| panic!("{error:?}: {sql}"));
        let rows = answers.iter().filter_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        rows.map(|row| (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect())
            .collect()
    }

    /// The plan of a statement with these parameters, all its nodes.
    async fn plan_of(&self, sql: &str, parameters: &str) -> Vec<Value> {
        let parameters = if parameters.is_empty() { String::new() } else { format!("({parameters})") };
        let sql = unfilled(&translated(sql));
        let all = format!(
            "PREPARE planned AS {sql}; EXPLAIN (FORMAT JSON) EXECUTE planned{parameters}; DEALLOCATE planned"
        );
        let plan: Value = serde_json::from_str(&self.rows(&all).await[0][0]).unwrap();
        let mut nodes = Vec::new();
        flatten(&plan[0]["Plan"], &mut nodes);
        nodes
    }

    /// How many partitions a plan reads, of the table of which it reads most.
    fn partitions(&self, nodes: &[Value]) -> usize {
        let mut read: HashMap<&str, HashSet<&str>> = HashMap::new();
        for name in nodes.iter().filter_map(|node| node["Relation Name"].as_str()) {
            if let Some(table) = self.parents.get(name) {
                read.entry(table).or_default().insert(name);
            }
        }
        read.values().map(HashSet::len).max().unwrap_or(0)
    }

    fn table<'n>(&'n self, name: &'n str) -> &'n str {
        self.parents.get(name).map_or(name, String::as_str)
    }

    /// What is wrong with the plan of a statement, if anything.
    fn complaint(&self, sql: &str, nodes: &[Value]) -> Option<String> {
        let mut grows = false;
        for node in nodes {
            let text = |key: &str| node[key].as_str().unwrap_or_default();
            let index = self.indexes.get(text("Index Name"));
            let name = index.map_or(text("Relation Name"), |index| &index.table);
            let table = self.table(name);
            if table.is_empty() || SMALL.contains(&table) || self.few.contains(name) {
                continue;
            }
            grows = true;
            if text("Node Type") == "Seq Scan" {
                return Some(format!("it reads the whole of {name}"));
            }
            let (condition, filter) = (text("Index Cond"), text("Filter"));
            let Some(Index { first_column, .. }) = index.filter(|index| !index.is_partial) else { continue };
            if !condition.contains(first_column) {
                return Some(format!("it reads the whole of {name} by {}", node["Index Name"]));
            }
            if !condition.contains(" = ") && !filter.is_empty() {
                return Some(format!("it meets rows of {name} that it does not want: {filter}"));
            }
        }
        // Origins are sorted by the newest of each, and are few.
        let sorts = nodes.iter().any(|node| node["Node Type"] == "Sort") && !sql.contains(" AS head\n");
        (sorts && grows && !self.few.is_empty() && sql.contains(" LIMIT "))
            .then(|| "it sorts what grows, for a part of it".to_owned())
    }

    /// What is wrong with any statement but those that are known to be good.
    async fn complaints(&self) -> Vec<String> {
        self.client.batch_execute(WHOLE).await.unwrap();
        let planned_for_its_own = entangled();
        let mut complaints = Vec::new();
        for (file, sql) in statements(Dialect::Postgres) {
            let count = (1..100).take_while(|n| sql.contains(&format!("?{n}"))).count();
            let plan = self.plan_of(&sql, &vec!["NULL"; count].join(", ")).await;
            let is_good = GOOD.iter().any(|(part, _)| sql.contains(part)) || sql == planned_for_its_own;
            if !is_good && let Some(why) = self.complaint(&sql, &plan) {
                complaints.push(format!("{file}: {why}\n{sql}\n{}", shown(&plan)));
            }
        }
        complaints
    }
}

/// What stands for a number that only the running code knows.
fn unfilled(sql: &str) -> String {
    let mut parts = sql.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + "0" + part.split_once('}').map_or(part, |(_, rest)| rest))
}

fn flatten(node: &Value, nodes: &mut Vec<Value>) {
    nodes.push(node.clone());
    for child in node["Plans"].as_array().into_iter().flatten() {
        flatten(child, nodes);
    }
}

fn shown(nodes: &[Value]) -> String {
    let keys = ["Node Type", "Relation Name", "Index Name", "Index Cond", "Filter", "Sort Key"];
    let line = |node: &Value| {
        let said = keys.iter().map(|key| node[*key].to_string()).filter(|value| value != "null");
        said.collect::<Vec<_>>().join(" ")
    };
    nodes.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn there_is_an_index_for_every_query_of_a_table_that_grows() {
    let f = Fixture::new().await;
    let Some(url) = f.postgres() else { return };
    let planner = Planner::connect(&url).await;
    let complaints = planner.complaints().await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
}

#[tokio::test]
async fn an_index_that_is_gone_is_missed() {
    let f = Fixture::new().await;
    let Some(url) = f.postgres() else { return };
    let planner = Planner::connect(&url).await;
    for index in ["event_of_origin", "delivery_due", "run_repeat", "chunk_of_base"] {
        planner.client.batch_execute(&format!("BEGIN; DROP INDEX {index}")).await.unwrap();
        assert_ne!(planner.complaints().await, [""; 0], "{index}");
        planner.client.batch_execute("ROLLBACK").await.unwrap();
    }
}

/// Fills every table that grows with many rows, as they are after some weeks. Nearly all came by one origin, and nothing
/// for weeks by another.
const MANY: &str = "
    CREATE FUNCTION id_of(number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT (
        lpad(to_hex(number >> 21), 12, '0') || '7' || lpad(to_hex((number >> 9) & 4095), 3, '0') || '8000000000000000'
    )::uuid $$;
    CREATE FUNCTION any_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$ SELECT md5(n::text)::uuid $$;
    INSERT INTO origin (workspace, environment, flow, source, kind)
        SELECT any_id(1), any_id(2), any_id(n), any_id(n), 'webhook' FROM generate_series(1, 40) AS n;
    CREATE TEMP TABLE numbers AS
        SELECT n, ((extract(epoch FROM now())::bigint * 1000 + n * 60000) << 21) AS number,
            CASE WHEN n < 300 THEN 40 WHEN n % 50 = 0 THEN n % 39 + 1 ELSE 1 END AS origin
        FROM generate_series(1, 30000) AS n;
    INSERT INTO event SELECT number, id_of(number), origin, 0, number >> 21, sha512(n::text::bytea), NULL FROM numbers;
    INSERT INTO run (number, id, origin, version, event, cause, status, created_at, finished_at)
        SELECT number, id_of(number), origin, any_id(3), CASE n % 50 WHEN 0 THEN id_of(number - (9000::bigint << 21)) END,
            'original', CASE n % 30 WHEN 0 THEN 'failed' ELSE 'succeeded' END, number >> 21,
            (number >> 21) + CASE n % 300 WHEN 0 THEN 90000000 ELSE 5 END
        FROM numbers;
    INSERT INTO journal SELECT number, 1, sha512(n::text::bytea) FROM numbers;
    INSERT INTO delivery (number, id, origin, destination, run, step, attempts, created_at, finished_at, sealed, began_at,
                          record)
        SELECT number + 512, id_of(number + 512), origin, any_id(n % 5), id_of(number), 'x', 2, number >> 21,
            (number >> 21) + CASE n % 300 WHEN 0 THEN 90000000 ELSE 5 END, sha512(n::text::bytea), number >> 21, 'x'
        FROM numbers;
    INSERT INTO attempt SELECT number + 512, 1, number >> 21, 'retry', sha512(n::text::bytea) FROM numbers;
    INSERT INTO run_queue SELECT number, origin, any_id(3) FROM numbers;
    INSERT INTO run_live (number, id, origin, version, event, cause, status, owner, fence, deaths, wake_at, created_at)
        SELECT number + 1024, id_of(number + 1024), origin, any_id(3), CASE n % 9 WHEN 0 THEN id_of(number) END, 'replay',
            CASE n % 4 WHEN 0 THEN 'queued' WHEN 1 THEN 'waiting' ELSE 'running' END,
            CASE WHEN n % 4 > 1 THEN any_id(n % 7) END, 1, CASE n % 900 WHEN 0 THEN 3 ELSE 0 END,
            CASE n % 4 WHEN 1 THEN number >> 21 END, number >> 21
        FROM numbers;
    INSERT INTO delivery_live (number, id, origin, destination, run, step, status, attempts, due_at, created_at, sealed)
        SELECT number + 1536, id_of(number + 1536), origin, any_id(n % 5), id_of(number), 'x',
            CASE n % 9 WHEN 0 THEN 'dead' ELSE 'pending' END, 0, number >> 21, number >> 21, sha512(n::text::bytea)
        FROM numbers;
    INSERT INTO dedupe SELECT any_id(n), id_of(number), number >> 21 FROM numbers;
    INSERT INTO refusal SELECT any_id(1), any_id(2), id_of(number), any_id(origin), 'x', 401, number >> 21, 'x' FROM numbers;
    INSERT INTO session SELECT any_id(1), sha256(n::text::bytea), any_id(n % 100), number >> 21, number >> 21 FROM numbers;
    INSERT INTO job (workspace, id, kind, status, spec, progress, owner, fence, created_at, updated_at)
        SELECT any_id(1), id_of(number), 'ingest', CASE WHEN n > 29990 THEN 'queued' ELSE 'done' END, '{}', '{}', any_id(n % 7),
            1, number >> 21, number >> 21
        FROM numbers;
    INSERT INTO document (workspace, id, base, name, media_type, hash, size, status, chunks, content, created_at, updated_at)
        SELECT any_id(1), id_of(number), any_id(n % 20), n::text, 'x', sha256(n::text::bytea), 1, 'ready', 1, 'x', number >> 21, number >> 21
        FROM numbers;
    INSERT INTO chunk SELECT any_id(1), id_of(number), 0, any_id(n % 20), 'x', '[]', '{}', 'x' FROM numbers;
    ANALYZE origin, event, run, journal, delivery, attempt, run_queue, run_live, delivery_live, dedupe, refusal, session,
        job, document, chunk";

/// A planner over many rows, in a partition for each week.
async fn with_many_rows(f: &Fixture) -> Option<Planner> {
    let url = f.postgres()?;
    for _ in 0..21 {
        f.days_pass(1);
        f.prune().await;
    }
    let mut planner = Planner::connect(&url).await;
    planner.client.batch_execute(MANY).await.unwrap();
    let few = "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND reltuples < 1000";
    planner.few = planner.rows(few).await.into_iter().flatten().collect();
    Some(planner)
}

#[tokio::test]
async fn over_many_rows_every_query_goes_by_an_index() {
    let f = Fixture::new().await;
    let Some(planner) = with_many_rows(&f).await else { return };
    let complaints = planner.complaints().await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));

    looks_into_one_partition(&planner).await;
    // On a session of its own, which plans it for its parameters: the numbers of a partition.
    planner.client.batch_execute("SET plan_cache_mode = force_custom_plan").await.unwrap();
    let bounds = r"SELECT b[1], b[2], quote_literal(id_of(b[1]::bigint)), quote_literal(id_of(b[2]::bigint)) FROM (
         SELECT regexp_match(pg_get_expr(relpartbound, oid), '\(''(\d+)''\) TO \(''(\d+)''\)') AS b
         FROM pg_class WHERE oid = 'event_second'::regclass) AS second";
    let bounds = planner.rows(bounds).await.remove(0).join(", ");
    let plan = planner.plan_of(&entangled(), &format!("{bounds}, 0, 20000")).await;
    assert_eq!(planner.complaint(&entangled(), &plan), None, "{}", shown(&plan));
}

/// So does what is asked by its number; a list looks into those of the last days first.
async fn looks_into_one_partition(planner: &Planner) {
    planner.client.batch_execute("SET enable_partition_pruning = on").await.unwrap();
    let values =
        planner.rows("SELECT number, id_of(number), any_id(1), any_id(2) FROM numbers WHERE n = 9000").await;
    let [number, id, workspace, environment] = values[0].clone().try_into().unwrap();
    let statements = statements(Dialect::Postgres);
    for (part, parameters) in [
        ("SELECT e.sealed FROM event e JOIN", format!("{number}, '{id}', '{workspace}'")),
        ("SELECT 0 AS seq, record FROM event", format!("{number}, '{id}'")),
        (
            "FROM run r JOIN origin o ON o.number = r.origin WHERE r.number = ?1",
            format!("{number}, '{workspace}'"),
        ),
        ("FROM delivery d JOIN origin o ON o.number = d.origin WHERE", format!("{number}, '{workspace}'")),
    ] {
        let (_, sql) = statements.iter().find(|(_, sql)| sql.contains(part)).unwrap();
        let plan = planner.plan_of(sql, &parameters).await;
        assert_eq!(planner.partitions(&plan), 1, "{sql}\n{}", shown(&plan));
    }
    let recent = planner.rows("SELECT number FROM numbers WHERE n = 20000").await[0][0].clone();
    // How many there are depends on the day of the week.
    let younger = format!(
        r"SELECT count(*) FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'event'::regclass AND
             coalesce(substring(pg_get_expr(relpartbound, c.oid) from 'TO \(''(\d+)''\)')::bigint, 9223372036854775807) > {recent}"
    );
    let younger: usize = planner.rows(&younger).await[0][0].parse().unwrap();
    for ranges in [EVENTS, ENDED, ARRIVED] {
        let [heads, rows] = ranges.postgres();
        let bounds = format!("9223372036854775807, {recent}, 51");
        let place = format!("'{workspace}', '{environment}', NULL, NULL");
        for (sql, parameters) in [(heads, format!("{bounds}, {place}")), (rows, format!("{bounds}, 1"))] {
            let plan = planner.plan_of(&sql, &parameters).await;
            let met = planner.partitions(&plan);
            assert!((1..=younger).contains(&met), "{met} partitions of {younger}: {sql}\n{}", shown(&plan));
        }
    }
}

/// The statement that is planned for its parameters.
fn entangled() -> String {
    let statements = statements(Dialect::Postgres).into_iter();
    let mut own = statements.filter(|(file, sql)| file == "entangled.rs" && sql.contains("LIMIT ?6"));
    own.next().unwrap().1
}
