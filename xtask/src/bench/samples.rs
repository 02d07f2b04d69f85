//! The samples of a run, and the table that shows them.

use std::fmt::Write;

use crate::shell::Result;

/// A column of the table: what was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// This provider.
    Ours,
    /// The least that a provider does: answers with recorded bytes.
    Canned,
    /// The least without any provider: Terraform's core alone, or a process that prints a line.
    Floor,
    /// The same resource on the crate `tf-provider`.
    TfProvider,
    /// The same resource on HashiCorp's framework in Go.
    Go,
    /// Another build of this provider.
    Before,
}

/// The samples by row and column, in the order of their first sample.
#[derive(Default)]
pub(crate) struct Samples {
    rows: Vec<Row>,
    /// The headings, each with the number of rows above it.
    headings: Vec<(usize, &'static str)>,
}

struct Row {
    name: String,
    cells: [Vec<f64>; Column::ALL.len()],
}

impl Column {
    pub(crate) const ALL: [Self; 6] = [
        Self::Ours,
        Self::Canned,
        Self::Floor,
        Self::TfProvider,
        Self::Go,
        Self::Before,
    ];

    /// The name by which the measuring programs call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Canned => "canned",
            Self::Floor => "floor",
            Self::TfProvider => "tf-provider",
            Self::Go => "Go framework",
            Self::Before => "before",
        }
    }
}

impl Samples {
    /// Begins a table with this heading.
    pub(crate) fn heading(&mut self, heading: &'static str) {
        self.headings.push((self.rows.len(), heading));
    }

    pub(crate) fn add(&mut self, row: &str, column: Column, value: f64) {
        let at = self.rows.iter().position(|it| it.name == row);
        let at = at.unwrap_or_else(|| {
            self.rows.push(Row {
                name: row.to_owned(),
                cells: Default::default(),
            });
            self.rows.len() - 1
        });
        self.rows[at].cells[column as usize].push(value);
    }

    /// Adds lines of a row, the name of a column and a value, separated by tabs.
    pub(crate) fn add_lines(&mut self, lines: &str) -> Result<()> {
        for line in lines.lines() {
            let mut fields = line.split('\t');
            let mut next = || fields.next().unwrap_or_default();
            let (row, name, value) = (next(), next(), next());
            let column = Column::ALL.into_iter().find(|it| it.name() == name);
            let (Some(column), Ok(value)) = (column, value.parse()) else {
                return Err(format!("not a sample: {line:?}"));
            };
            self.add(row, column, value);
        }
        Ok(())
    }

    /// The median of a cell.
    pub(crate) fn median(&self, row: &str, column: Column) -> Option<f64> {
        self.rows.iter().find(|it| it.name == row)?.median(column)
    }

    /// The tables in Markdown. The row of a start or of a plan has the least value too, in brackets.
    pub(crate) fn tables(&self) -> String {
        let mut tables = String::new();
        let is_measured =
            |column: &Column| self.rows.iter().any(|row| row.least(*column).is_some());
        let columns: Vec<_> = Column::ALL.into_iter().filter(is_measured).collect();
        for (at, row) in self.rows.iter().enumerate() {
            for (_, heading) in self.headings.iter().filter(|(above, _)| *above == at) {
                let names: Vec<_> = columns.iter().map(|column| column.name()).collect();
                let _ = writeln!(
                    tables,
                    "\n## {heading}\n\n| | {} | ours ÷ canned | ours ÷ floor | added ÷ added by canned |\n\
                     |---|{}",
                    names.join(" | "),
                    "--:|".repeat(names.len() + 3)
                );
            }
            tables.push_str(&row.line(&columns));
        }
        tables
    }
}

impl Row {
    fn line(&self, columns: &[Column]) -> String {
        let cell = |column: &Column| match (self.median(*column), self.least(*column)) {
            (Some(median), Some(least))
                if ["exec ", "plan of "]
                    .iter()
                    .any(|it| self.name.starts_with(it)) =>
            {
                format!("{} ({})", digits(median), digits(least))
            }
            (Some(median), _) => digits(median),
            _ => "–".to_owned(),
        };
        let cells: Vec<_> = columns.iter().map(cell).collect();
        let [ours, canned, floor] =
            [Column::Ours, Column::Canned, Column::Floor].map(|column| self.median(column));
        let ratio = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) if other > 0.0 => format!("{:.2}", one / other),
            _ => "–".to_owned(),
        };
        let added = |value: Option<f64>| Some(value? - floor?);
        format!(
            "| {} | {} | {} | {} | {} |\n",
            self.name,
            cells.join(" | "),
            ratio(ours, canned),
            ratio(ours, floor),
            ratio(added(ours), added(canned)),
        )
    }

    fn median(&self, column: Column) -> Option<f64> {
        let mut values = self.cells[column as usize].clone();
        values.sort_by(f64::total_cmp);
        let middle = values.len().checked_sub(1)? as f64 / 2.0;
        let [lower, upper] = [middle.floor(), middle.ceil()].map(|at| values[at as usize]);
        Some(f64::midpoint(lower, upper))
    }

    fn least(&self, column: Column) -> Option<f64> {
        let values = self.cells[column as usize].iter().copied();
        values.min_by(f64::total_cmp)
    }
}

/// The value with three digits.
fn digits(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_shows_medians_and_what_is_added() {
        let mut samples = Samples::default();
        samples.heading("Time");
        let lines = "plan, s\tours\t1.4\nplan, s\tours\t9\nplan, s\tours\t1.2\n\
                     plan, s\tours\t1.6\nplan, s\tcanned\t1.25\nplan, s\tfloor\t1\n";
        samples.add_lines(lines).unwrap();
        let table = samples.tables();
        let row = "| plan, s | 1.50 | 1.25 | 1.00 | 1.20 | 1.50 | 2.00 |";
        assert!(table.lines().any(|line| line == row), "{table}");
        assert!(samples.add_lines("plan, s\tmars\t1").is_err());
    }
}
