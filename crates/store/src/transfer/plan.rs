//! Which tables are moved, with which columns: those that both databases have.

use super::tuple::Kind;

/// Tables that are not moved, and why.
const LEFT_OUT: [(&str, &str); 8] = [
    ("dedupe_log", "its claims are put into `dedupe` before"),
    ("node", "the nodes of the folder are gone, which queues again what they held"),
    ("destination_lease", "each is taken anew by a node that is there"),
    ("duty", "it is taken anew by a node that is there"),
    ("transaction_mark", "it is of PostgreSQL's sessions"),
    ("linchpin_schema", "it is the schema's own"),
    (crate::postgres::MARK, "it is the transfer's own"),
    (crate::postgres::PROGRESS, "it is the transfer's own"),
];

/// A table as a database describes it.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
}

/// A column of it.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// What the database calls its type.
    pub(crate) kind: String,
    /// Its place in the primary key, from 1; 0 when it has none, or it is not asked for.
    pub(crate) key: u32,
    /// Whether the database counts it up by itself.
    pub(crate) counted: bool,
}

impl Table {
    /// The tables of these columns, each with the name of its table: those of one table stand together.
    pub(crate) fn collect(columns: Vec<(String, Column)>) -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        for (name, column) in columns {
            match tables.last_mut() {
                Some(table) if table.name == name => table.columns.push(column),
                _ => tables.push(Self { name, columns: vec![column] }),
            }
        }
        tables
    }
}

/// A table that is moved.
#[derive(Clone, Debug)]
pub(crate) struct Move {
    pub(crate) name: String,
    pub(crate) columns: Vec<(String, Kind)>,
    /// The columns of SQLite's primary key, in its order, by their places.
    pub(crate) key: Vec<usize>,
    /// The columns that PostgreSQL counts up by itself.
    pub(crate) counted: Vec<String>,
}

impl Move {
    /// The names of some columns, in quotes.
    pub(crate) fn names<'t>(&'t self, places: impl IntoIterator<Item = &'t usize>) -> String {
        let columns = places.into_iter().filter_map(|place| self.columns.get(*place));
        columns.map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    /// The names of all columns, in quotes.
    pub(crate) fn all_names(&self) -> String {
        self.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }
}

/// A name as both databases take any.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a table is moved.
pub(crate) fn is_moved(table: &Table) -> bool {
    LEFT_OUT.iter().all(|(name, _)| *name != table.name)
}

/// What is to be moved; says what is wrong when the databases do not fit together.
pub(crate) fn plan(source: &[Table], target: &[Table]) -> Result<Vec<Move>, String> {
    let moved = |table: &&Table| is_moved(table);
    let known = |table: &Table, there: &[Table]| there.iter().any(|other| other.name == table.name);
    if let Some(table) = target.iter().filter(moved).find(|table| !known(table, source)) {
        return Err(format!("it has a table `{}`, which is not of this installation", table.name));
    }
    let pair = |table: &Table| {
        let other = target.iter().find(|other| other.name == table.name);
        let other = other.ok_or_else(|| format!("it has no table `{}`, but the folder has", table.name))?;
        pair(table, other)
    };
    source.iter().filter(moved).map(pair).collect()
}

fn pair(source: &Table, target: &Table) -> Result<Move, String> {
    let table = &source.name;
    let lacks = |there: &Table, column: &Column| there.columns.iter().all(|other| other.name != column.name);
    if let Some(column) = target.columns.iter().find(|column| lacks(source, column)) {
        return Err(format!("its table `{table}` has a column `{}`, but the folder's has not", column.name));
    }
    let mut columns = Vec::with_capacity(source.columns.len());
    let (mut key, mut counted) = (Vec::new(), Vec::new());
    for (place, column) in source.columns.iter().enumerate() {
        let name = &column.name;
        let other = target.columns.iter().find(|other| other.name == *name);
        let other = other
            .ok_or_else(|| format!("its table `{table}` has no column `{name}`, but the folder's has"))?;
        let kind = Kind::of(&column.kind, &other.kind).ok_or_else(|| {
            format!("its column `{name}` of `{table}` is {}, in the folder it is {}", other.kind, column.kind)
        })?;
        columns.push((name.clone(), kind));
        counted.extend(other.counted.then(|| name.clone()));
        if column.key > 0 {
            key.push((column.key, place));
        }
    }
    if key.is_empty() {
        return Err(format!("the folder's table `{table}` has no primary key"));
    }
    key.sort_unstable();
    let key = key.into_iter().map(|(_, place)| place).collect();
    Ok(Move { name: table.clone(), columns, key, counted })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, columns: &[(&str, &str, u32)]) -> Table {
        let column = |(name, kind, key): &(&str, &str, u32)| Column {
            name: (*name).to_owned(),
            kind: (*kind).to_owned(),
            key: *key,
            counted: *kind == "bigint",
        };
        Table { name: name.to_owned(), columns: columns.iter().map(column).collect() }
    }

    #[test]
    fn what_both_have_is_moved_by_the_columns_of_the_source() {
        let source =
            [table("node", &[]), table("a", &[("b", "TEXT", 2), ("c", "INTEGER", 1), ("d", "BLOB", 0)])];
        let target = [
            table("a", &[("d", "uuid", 0), ("c", "bigint", 0), ("b", "text", 0)]),
            table("linchpin_schema", &[("version", "bigint", 0)]),
        ];
        let moves = plan(&source, &target).unwrap();
        assert_eq!(moves.len(), 1);
        let columns = [("b", Kind::Text), ("c", Kind::Integer), ("d", Kind::Id)];
        assert_eq!(moves[0].columns, columns.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!((&moves[0].key[..], &moves[0].counted[..]), (&[1, 0][..], &["c".to_owned()][..]));
        assert_eq!(moves[0].names(&moves[0].key), r#""c", "b""#);
    }

    #[test]
    fn what_only_one_has_is_not_lost_in_silence() {
        let both = || table("a", &[("id", "BLOB", 1)]);
        let there = || table("a", &[("id", "uuid", 0)]);
        let said = |source: &[Table], target: &[Table]| plan(source, target).unwrap_err();
        assert!(said(&[both(), table("b", &[])], &[there()]).contains("no table `b`"));
        assert!(said(&[both()], &[there(), table("b", &[])]).contains("a table `b`"));
        let wider = table("a", &[("id", "BLOB", 1), ("x", "TEXT", 0)]);
        assert!(said(&[wider], &[there()]).contains("no column `x`"));
        let wider = table("a", &[("id", "uuid", 0), ("x", "text", 0)]);
        assert!(said(&[both()], &[wider]).contains("a column `x`"));
        let other = table("a", &[("id", "double precision", 0)]);
        assert!(said(&[both()], &[other]).contains("double precision"));
        let keyless = table("a", &[("id", "BLOB", 0)]);
        assert!(said(&[keyless], &[there()]).contains("no primary key"));
    }
}
