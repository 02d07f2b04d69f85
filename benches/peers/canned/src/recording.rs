//! The recorded answers.

use std::collections::HashMap;
use std::path::Path;

use memchr::memmem;

/// The number in the recorded answers. All numbers of the benchmark have as many digits.
const RECORDED: &[u8] = b"13900000000";
/// The attribute in whose value a request has its number.
const KEY: &[u8] = b"mobile_number";
/// How a `PlanResourceChange` for a new number begins: the type, and a prior state that is null.
const NEW: &[u8] = b"\x0a\x15cams_number_migration\x12\x03\x0a\x01\xc0";
/// The length of what gRPC puts before a message: a flag and the length.
const PREFIX: usize = 5;

/// The answers by the names of their methods.
pub(crate) struct Recording(HashMap<String, Answer>);

struct Answer {
    /// The message with its prefix.
    framed: Vec<u8>,
    /// Where the recorded number is in it.
    numbers: Vec<usize>,
}

impl Recording {
    /// Reads a file of entries: the lengths of a name and of a message, each as four bytes in
    /// little-endian order, and then both.
    pub(crate) fn read(path: impl AsRef<Path>) -> std::io::Result<Self> {
        let file = std::fs::read(path)?;
        let mut rest = file.as_slice();
        let mut answers = HashMap::new();
        while let [a, b, c, d, e, f, g, h, following @ ..] = rest {
            let name = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
            let message = u32::from_le_bytes([*e, *f, *g, *h]) as usize;
            let (name, following) = following.split_at(name);
            let (message, following) = following.split_at(message);
            let name = String::from_utf8_lossy(name).into_owned();
            answers.insert(name, Answer::new(message));
            rest = following;
        }
        Ok(Self(answers))
    }

    /// The answer to a request, which has its prefix.
    pub(crate) fn answer(&self, method: &str, request: &[u8]) -> Option<Vec<u8>> {
        let is_new = || request.get(PREFIX..).is_some_and(|it| it.starts_with(NEW));
        let name = match method {
            "PlanResourceChange" if is_new() => "PlanNew",
            other => other,
        };
        let answer = self.0.get(name)?;
        let mut framed = answer.framed.clone();
        if let Some(number) = number(request).filter(|_| !answer.numbers.is_empty()) {
            for at in &answer.numbers {
                framed[*at..at + number.len()].copy_from_slice(number);
            }
        }
        Some(framed)
    }
}

impl Answer {
    fn new(message: &[u8]) -> Self {
        let length = message.len() as u32;
        let framed = [&[0], &length.to_be_bytes()[..], message].concat();
        Self {
            numbers: memmem::find_iter(&framed, RECORDED).collect(),
            framed,
        }
    }
}

/// The first number in a request, whose values are MessagePack, or JSON for a stored state.
fn number(request: &[u8]) -> Option<&[u8]> {
    let after = &request[memmem::find(request, KEY)? + KEY.len()..];
    let start = after.iter().position(u8::is_ascii_digit)?;
    after.get(start..start + RECORDED.len())
}
