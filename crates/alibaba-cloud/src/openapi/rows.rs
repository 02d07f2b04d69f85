//! Cuts the rows of a list out of an answer while it arrives, so that a list of any size needs the
//! memory of one row.
//!
//! An answer of this kind is a JSON object with one field that is an array: the list. Everything
//! else is passed on as it is, with an empty array in the place of the list, and is then read as
//! every other answer. Each element of the list is gathered alone and handed over when it is whole.
//!
//! The cutter tells apart strings, brackets and commas, and checks the commas of the list itself.
//! What is between them is checked by whoever reads the rows and the rest, so that together they
//! refuse what a JSON parser refuses.
//!
//! This file is longer than 300 lines because the tests of the cutter stand beside it.

use std::mem;

/// No documented row comes near this size, in bytes.
const MAX_ROW: usize = 64 << 10;

/// Why an answer is given up while it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// The list is no JSON, or a row of it isn't.
    #[error("the list is not JSON")]
    Malformed,
    /// A row is too large.
    #[error("a row of the list is larger than {} KiB", MAX_ROW >> 10)]
    RowTooLarge,
    /// Whoever takes the rows wants no more.
    #[error("{0}")]
    Refused(&'static str),
}

/// Where the cutter is in the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The reader is outside the list.
    Rest,
    /// In the list, before its first element or its end.
    First,
    /// In the list, behind a comma.
    Next,
    /// The reader is in an element.
    Element,
    /// In the list, behind an element.
    Behind,
}

/// The cutter. Feed it the answer in pieces of any size.
#[derive(Debug)]
pub(super) struct Cutter {
    field: &'static str,
    place: Place,
    text: Text,
    /// The answer without the elements of the list.
    rest: Vec<u8>,
    /// The element that is being gathered.
    row: Vec<u8>,
    /// Where in `rest` the string begins that is read or was read last, if it can be a name of the
    /// outer object.
    name: Option<usize>,
    /// Whether the name of the list and its colon were the last thing.
    at_list: bool,
}

/// What is open at some byte.
#[derive(Clone, Copy, Debug, Default)]
struct Text {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// What a piece of an answer brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    /// The list begins: of several with the same name, the last one counts.
    Begin,
    /// One whole element, as it was written.
    Row(&'a [u8]),
}

impl Cutter {
    /// Cuts out the list in this field.
    pub(super) fn new(field: &'static str) -> Self {
        Self {
            field,
            place: Place::Rest,
            text: Text::default(),
            rest: Vec::new(),
            row: Vec::new(),
            name: None,
            at_list: false,
        }
    }

    /// How many bytes of the answer are kept now.
    pub(super) fn kept(&self) -> usize {
        self.rest.len() + self.row.len()
    }

    /// The answer without the elements of its list.
    pub(super) fn into_rest(self) -> Vec<u8> {
        self.rest
    }

    /// Takes in a piece of the answer.
    ///
    /// # Errors
    ///
    /// If the list is not JSON, a row is too large, or `take` gives one.
    pub(super) fn feed(
        &mut self,
        piece: &[u8],
        mut take: impl FnMut(Event<'_>) -> Result<(), CutError>,
    ) -> Result<(), CutError> {
        for byte in piece {
            match self.place {
                Place::Rest => {
                    if self.outside(*byte) {
                        take(Event::Begin)?;
                        self.place = Place::First;
                    }
                }
                Place::Element => self.inside(*byte, &mut take)?,
                _ if is_space(*byte) => {}
                Place::First | Place::Behind if *byte == b']' => self.end(),
                Place::Behind if *byte == b',' => self.place = Place::Next,
                Place::Behind => return Err(CutError::Malformed),
                Place::First | Place::Next => {
                    self.place = Place::Element;
                    self.inside(*byte, &mut take)?;
                }
            }
        }
        Ok(())
    }

    /// Takes a byte outside the list, and tells whether the list begins with it.
    fn outside(&mut self, byte: u8) -> bool {
        let (before, at) = (self.text, self.rest.len());
        self.rest.push(byte);
        self.text.take(byte);
        if before.in_string {
            return false;
        }
        match byte {
            b'"' => (self.name, self.at_list) = ((before.depth == 1).then_some(at), false),
            b':' if before.depth == 1 => self.at_list = self.is_name_of_list(),
            b'[' if before.depth == 1 && self.at_list => {
                self.at_list = false;
                return true;
            }
            _ if is_space(byte) => {}
            _ => (self.name, self.at_list) = (None, false),
        }
        false
    }

    /// Whether the string before the colon that was read last is the name of the list.
    fn is_name_of_list(&mut self) -> bool {
        let Some(from) = self.name.take() else {
            return false;
        };
        let to = self.rest.len().saturating_sub(1);
        let written = self.rest.get(from..to).unwrap_or_default();
        serde_json::from_slice::<String>(written).is_ok_and(|name| name == self.field)
    }

    /// Takes a byte of an element, or the one behind it.
    fn inside(
        &mut self,
        byte: u8,
        take: &mut impl FnMut(Event<'_>) -> Result<(), CutError>,
    ) -> Result<(), CutError> {
        // The list's own bracket is one of those that are open.
        let within = self.text.in_string || self.text.depth > 2;
        if !within && (matches!(byte, b',' | b']') || is_space(byte)) {
            self.whole(take)?;
            match byte {
                b',' => self.place = Place::Next,
                b']' => self.end(),
                _ => {}
            }
            return Ok(());
        }
        if self.row.len() >= MAX_ROW {
            return Err(CutError::RowTooLarge);
        }
        self.row.push(byte);
        let before = self.text;
        self.text.take(byte);
        if self.text.depth < 2 {
            return Err(CutError::Malformed);
        }
        let closed = before.depth > 2 && self.text.depth == 2;
        let quoted = before.in_string && !self.text.in_string && self.text.depth == 2;
        if closed || quoted {
            self.whole(take)?;
        }
        Ok(())
    }

    fn whole(
        &mut self,
        take: &mut impl FnMut(Event<'_>) -> Result<(), CutError>,
    ) -> Result<(), CutError> {
        let row = mem::take(&mut self.row);
        if row.is_empty() {
            return Err(CutError::Malformed);
        }
        take(Event::Row(&row))?;
        // The memory serves the next row.
        self.row = row;
        self.row.clear();
        self.place = Place::Behind;
        Ok(())
    }

    /// Takes the closing bracket of the list.
    fn end(&mut self) {
        self.rest.push(b']');
        self.text.take(b']');
        self.place = Place::Rest;
    }
}

impl Text {
    fn take(&mut self, byte: u8) {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_string => self.escaped = true,
            b'"' => self.in_string = !self.in_string,
            _ if self.in_string => {}
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Cuts a whole answer in pieces of these sizes, for tests and the fuzz target: the rest, and the
/// rows.
///
/// # Errors
///
/// As [`Cutter::feed`] has them, and if a row is not JSON.
#[doc(hidden)]
pub fn cut_in_pieces(
    answer: &[u8],
    sizes: &[usize],
) -> Result<(Vec<u8>, Vec<serde_json::Value>), CutError> {
    let (mut cutter, mut rows, mut left) = (Cutter::new("PhoneNumbers"), Vec::new(), answer);
    let mut sizes = sizes.iter().copied().cycle();
    while !left.is_empty() {
        let size = sizes.next().unwrap_or(left.len()).clamp(1, left.len());
        let (piece, behind) = left.split_at(size);
        left = behind;
        cutter.feed(piece, |event| match event {
            Event::Begin => {
                rows.clear();
                Ok(())
            }
            Event::Row(row) => {
                let row = serde_json::from_slice(row).map_err(|_| CutError::Malformed)?;
                rows.push(row);
                Ok(())
            }
        })?;
    }
    Ok((cutter.into_rest(), rows))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// What the cutter and a JSON parser make of an answer; `None` if it is refused.
    fn cut(answer: &[u8], sizes: &[usize]) -> Option<Value> {
        let (rest, rows) = cut_in_pieces(answer, sizes).ok()?;
        let mut whole: Value = serde_json::from_slice(&rest).ok()?;
        if let Some(list @ Value::Array(_)) = whole.get_mut("PhoneNumbers") {
            assert_eq!(*list, json!([]), "the rest has no rows");
            *list = Value::Array(rows);
        }
        Some(whole)
    }

    fn parsed(answer: &[u8]) -> Option<Value> {
        serde_json::from_slice(answer).ok()
    }

    #[test]
    fn what_it_makes_of_an_answer_is_what_a_parser_makes_of_it() {
        for answer in [
            r#"{"Code":"OK","PhoneNumbers":[{"a":"]},\"{"},[1,[2]],"x,]",7,null],"Data":[{}]}"#,
            r#"{"PhoneNumbers" : [ ] , "a":{"PhoneNumbers":[1]}}"#,
            r#"{"a":"PhoneNumbers","b":[1,2],"PhoneNumbers":[1],"PhoneNumbers":[2,3]}"#,
            r#"{"Phone\u004eumbers":[1],"PhoneNumbers":null}"#,
            r#"{"PhoneNumbers":{"a":[1]},"PhoneNumber":[1]}"#,
            r#"["PhoneNumbers",[1]]"#,
            r#"{"x":["PhoneNumbers",[1]]}"#,
            "[]",
        ] {
            let expected = parsed(answer.as_bytes());
            assert!(expected.is_some(), "{answer}");
            for size in [1, 2, 3, 7, 1000] {
                assert_eq!(cut(answer.as_bytes(), &[size]), expected, "{answer}");
            }
        }
    }

    #[test]
    fn what_a_parser_refuses_is_refused() {
        for list in [
            "[,]", "[1,]", "[1 2]", "[{}{}]", "[{]", "[}]", "[1", "[\"", "[{}]]", "[a]",
        ] {
            let answer = format!(r#"{{"PhoneNumbers":{list}}}"#);
            assert_eq!(parsed(answer.as_bytes()), None, "{answer}");
            assert_eq!(cut(answer.as_bytes(), &[1]), None, "{answer}");
        }
    }

    #[test]
    fn a_row_without_end_is_given_up() {
        let answer = format!(r#"{{"PhoneNumbers":["{}"#, "x".repeat(MAX_ROW));
        let cut = cut_in_pieces(answer.as_bytes(), &[]);
        assert_eq!(cut.expect_err("too large"), CutError::RowTooLarge);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"\\\\\\[\\]{},: é]{0,8}".prop_map(Value::from),
            Just(Value::from("PhoneNumbers")),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            let name = prop_oneof!["[a-z\"\\\\]{0,4}", Just("PhoneNumbers".to_owned())];
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec((name, inner), 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_answer_in_any_pieces_is_cut_alike(
            value in value(),
            pretty: bool,
            sizes in prop::collection::vec(1_usize..9, 1..8),
        ) {
            let text = if pretty {
                serde_json::to_vec_pretty(&value)
            } else {
                serde_json::to_vec(&value)
            };
            let text = text.expect("JSON");
            prop_assert_eq!(cut(&text, &sizes), Some(value));
        }

        #[test]
        fn a_damaged_answer_is_cut_as_it_is_parsed(
            value in value(),
            at: prop::sample::Index,
            byte in prop::sample::select(b"[]{},:\"\\ 1ax".to_vec()),
            remove: bool,
        ) {
            let mut text = serde_json::to_vec(&json!({ "PhoneNumbers": [value], "Code": "OK" }))
                .expect("JSON");
            let at = at.index(text.len());
            if remove {
                text.remove(at);
            } else {
                text[at] = byte;
            }
            prop_assert_eq!(cut(&text, &[3]), parsed(&text));
        }
    }
}
