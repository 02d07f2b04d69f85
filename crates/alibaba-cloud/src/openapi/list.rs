//! The rows of a list, read while the answer arrives.

use std::sync::Arc;

use serde::de::IgnoredAny;

use base::foreign_text::Cleaner;

use super::budget::{Budget, Exhausted, Share};
use super::envelope::pick;
use super::lenient;
use super::rows::{CutError, Cutter, Event};

/// A space with more numbers is none that the service documents.
const MAX_ROWS: usize = 100_000;

/// Memory for rows is taken in steps of this size, in bytes.
const STEP: usize = 256 << 10;

/// What a row needs beside its texts, in bytes.
const ROW: usize = 160;

/// Which list an answer holds, and what is read of each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// The field with the list.
    pub field: &'static str,
    /// The fields of a row.
    pub columns: [&'static str; 2],
}

/// A row: the text of each column, cleaned, where there is one.
pub type Row = [Option<String>; 2];

/// The rows of a list. Clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    rows: Arc<Vec<Row>>,
    left_out: bool,
    share: Share,
}

impl Rows {
    /// The rows that are objects with at least one of the columns, in order. The others are left
    /// out.
    pub fn iter(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter()
    }

    /// Whether no row of the list was left out.
    pub fn are_complete(&self) -> bool {
        !self.left_out
    }

    /// The memory that is accounted for them, for whoever keeps what is made of them.
    pub fn share(&self) -> &Share {
        &self.share
    }
}

/// Reads an answer with a list.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    cutter: Cutter,
    list: List,
    cleaner: &'a Cleaner,
    budget: &'a Budget,
    rows: Vec<Row>,
    left_out: bool,
    seen: usize,
    size: usize,
    accounted: usize,
    share: Share,
}

impl<'a> Reader<'a> {
    pub(super) fn new(list: List, cleaner: &'a Cleaner, budget: &'a Budget) -> Self {
        Self {
            cutter: Cutter::new(list.field),
            list,
            cleaner,
            budget,
            rows: Vec::new(),
            left_out: false,
            seen: 0,
            size: 0,
            accounted: 0,
            share: Share::default(),
        }
    }

    /// Takes in a piece of the answer, and tells how many bytes of it are kept beside the rows.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Result<usize, CutError> {
        let Self {
            cutter,
            list,
            cleaner,
            budget,
            rows,
            left_out,
            seen,
            size,
            accounted,
            share,
        } = self;
        cutter.feed(piece, |event| {
            let row = match event {
                Event::Begin => {
                    rows.clear();
                    *left_out = false;
                    return Ok(());
                }
                Event::Row(row) => read(row, *list, cleaner)?,
            };
            *seen += 1;
            if *seen > MAX_ROWS {
                return Err(CutError::Refused("the list has more than 100000 rows"));
            }
            let Some(row) = row else {
                *left_out = true;
                return Ok(());
            };
            *size += ROW + row.iter().flatten().map(String::len).sum::<usize>();
            if *size > *accounted {
                let kept = budget.keep(STEP, share);
                kept.map_err(|Exhausted| CutError::Refused(Exhausted::MESSAGE))?;
                *accounted += STEP;
            }
            rows.push(row);
            Ok(())
        })?;
        Ok(self.cutter.kept())
    }

    /// The answer without its list, and the list.
    pub(super) fn finish(self) -> (Vec<u8>, Rows) {
        let rows = Rows {
            rows: Arc::new(self.rows),
            left_out: self.left_out,
            share: self.share,
        };
        (self.cutter.into_rest(), rows)
    }
}

/// Reads a row; `None` if it is no object, or has neither column.
fn read(row: &[u8], list: List, cleaner: &Cleaner) -> Result<Option<Row>, CutError> {
    if !row.starts_with(b"{") {
        let other = serde_json::from_slice::<IgnoredAny>(row);
        return other.map(|_| None).map_err(|_| CutError::Malformed);
    }
    let fields = pick(row, &list.columns);
    let fields = fields.or_else(|_| pick(&lenient::mended(row), &list.columns));
    let fields = fields.map_err(|_| CutError::Malformed)?;
    let row = list.columns.map(|column| {
        let text = lenient::text(fields.get(column)?)?;
        cleaner.value(&text)
    });
    Ok(row.iter().any(Option::is_some).then_some(row))
}
