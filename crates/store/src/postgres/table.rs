//! Many rows for one statement: `unnest` makes a table of them again.

use crate::sql::Value;

/// Rows, kept by column: each column is one parameter.
#[derive(Default)]
pub(super) struct Table {
    columns: Vec<Vec<Value>>,
}

impl Table {
    /// One column.
    pub(super) fn column<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Self {
        values.into_iter().map(|value| vec![value.into()]).collect()
    }

    /// Adds a row; all have the same columns.
    pub(super) fn push(&mut self, row: Vec<Value>) {
        self.columns.resize_with(row.len(), Vec::new);
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// Does something as often as there are rows.
    pub(super) fn each_row(&self, work: impl FnMut()) {
        let rows = self.columns.first().map_or(0, Vec::len);
        std::iter::repeat_with(work).take(rows).for_each(drop);
    }

    /// The columns, in order.
    pub(super) fn columns(&self) -> &[Vec<Value>] {
        &self.columns
    }
}

impl FromIterator<Vec<Value>> for Table {
    fn from_iter<Rows: IntoIterator<Item = Vec<Value>>>(rows: Rows) -> Self {
        let mut table = Self::default();
        rows.into_iter().for_each(|row| table.push(row));
        table
    }
}
