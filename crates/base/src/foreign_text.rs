//! Text that came from outside, made fit to be shown, logged and kept: without secrets and control
//! characters, and cut to what a reader can use.
//!
//! Whatever this program has not written itself passes through here where it comes in: texts of
//! answers, of errors of libraries and the system, of files, of the environment and of other
//! programs.
//!
//! Alibaba Cloud's gateways explain a refusal by quoting what they received: the string to sign,
//! the query, or headers. That text then holds the key id, the security token and the signature of
//! our own request. So every text of an answer, and every error text of the HTTP client, passes
//! through a [`Cleaner`] before anything else sees it.
//!
//! A [`Cleaner`] finds a secret however the other side wrote it: plain or percent-encoded several
//! times, escaped as in JSON or HTML, in upper or lower case, with line breaks in between, in
//! base64 or hexadecimal, and also a part of it, since a quotation may be cut off.
//!
//! This file is longer than 300 lines because the tests of every way to write a secret stand beside
//! the code.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::{Zeroize, Zeroizing};

/// What stands in the place of a secret.
const MASK: &str = "***";

/// A message with more characters than this helps nobody.
const MAX_LINE: usize = 1000;

/// No documented id, status or code comes near this number of characters.
const MAX_VALUE: usize = 256;

/// Of a longer text only the beginning, in bytes, is looked at.
const MAX_LOOKED_AT: usize = 16 << 10;

/// So many characters of a secret in a row are recognised as a part of it.
const WINDOW: usize = 12;

/// What is shorter is no part of an access key, and would blank ordinary words.
const SHORTEST: usize = 4;

/// The shortest base64 or hexadecimal form that is looked for.
const SHORTEST_ENCODED: usize = 8;

/// How often a quotation may have been escaped. The string to sign holds a value that is
/// percent-encoded twice.
const LAYERS: usize = 4;

/// A text from outside for people, where no secret can be in it: see [`Cleaner::line`].
pub fn line(text: &str) -> String {
    Cleaner::default().line(text)
}

/// The same for bytes, of which only the beginning is looked at, however many there are.
pub fn line_of_bytes(bytes: &[u8]) -> String {
    let beginning = bytes.get(..MAX_LOOKED_AT).unwrap_or(bytes);
    line(&String::from_utf8_lossy(beginning))
}

/// A text of several lines for people, where no secret can be in it: see [`Cleaner::lines`].
pub fn lines(text: &str) -> String {
    Cleaner::default().lines(text)
}

/// The text with a blank in the place of each character that steers a terminal or is not seen,
/// apart from line breaks. It is the last net before a text leaves this program: it is not cut, and
/// a secret in it stays.
pub fn printable(text: &str) -> String {
    // Most texts are plain.
    if text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return text.to_owned();
    }
    let blank = |c: char| if c != '\n' && is_invisible(c) { ' ' } else { c };
    text.chars().map(blank).collect()
}

/// Takes the secrets of a request out of text. The default knows no secret, and cleans text all the
/// same.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cleaner {
    standing: Arc<Needles>,
    of_request: Arc<Needles>,
}

impl Cleaner {
    /// Makes a cleaner that knows these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            standing: Arc::new(Needles::new(secrets)),
            of_request: Arc::default(),
        }
    }

    /// Knows the secret of one request as well: its signature.
    #[must_use]
    pub fn with(&self, of_request: &str) -> Self {
        Self {
            standing: Arc::clone(&self.standing),
            of_request: Arc::new(Needles::new([of_request])),
        }
    }

    /// A text for people: without secrets, in one line without control characters, of at most 1000
    /// characters.
    pub fn line(&self, text: &str) -> String {
        let masked = self.mask(beginning(text));
        let line: String = masked
            .chars()
            .map(|c| if is_invisible(c) { ' ' } else { c })
            .take(MAX_LINE)
            .collect();
        line.trim().to_owned()
    }

    /// A text of several lines for people, such as a diagnostic: without secrets and control
    /// characters, line breaks and indents as they are, and of at most 16 KiB.
    pub fn lines(&self, text: &str) -> String {
        printable(&self.mask(beginning(text)))
    }

    /// A text that is stored or compared, such as an id or a status: without secrets and control
    /// characters.
    ///
    /// `None` if nothing is left, or if it is longer than 256 characters: part of an id would be
    /// the id of something else, so a value that no documentation allows counts as missing.
    pub fn value(&self, text: &str) -> Option<String> {
        if text.len() > MAX_LOOKED_AT {
            return None;
        }
        let masked = self.mask(text);
        let value: String = masked.chars().filter(|c| !is_invisible(*c)).collect();
        let value = value.trim();
        let fits = !value.is_empty() && value.chars().count() <= MAX_VALUE;
        fits.then(|| value.to_owned())
    }

    fn mask(&self, text: &str) -> String {
        if self.standing.is_empty() && self.of_request.is_empty() {
            return text.to_owned();
        }
        let mut hidden = vec![false; text.len()];
        let mut layer = Layer::written(text);
        for _ in 0..LAYERS {
            self.standing.mark(&layer, &mut hidden);
            self.of_request.mark(&layer, &mut hidden);
            let Some(below) = layer.unescaped() else {
                break;
            };
            layer = below;
        }
        let mut masked = String::with_capacity(text.len());
        let mut in_mask = false;
        for (at, c) in text.char_indices() {
            let hide = hidden.get(at).copied().unwrap_or_default();
            if hide && !in_mask {
                masked.push_str(MASK);
            }
            if !hide {
                masked.push(c);
            }
            in_mask = hide;
        }
        masked
    }
}

impl fmt::Debug for Cleaner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cleaner(***)")
    }
}

/// The forms of the secrets, in lower case.
#[derive(Default, PartialEq, Eq)]
struct Needles {
    /// Every run of [`WINDOW`] bytes of the longer forms, sorted.
    windows: Vec<[u8; WINDOW]>,
    /// The forms that are shorter than that.
    short: Vec<Zeroizing<Vec<u8>>>,
}

impl Needles {
    fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Self::default();
        for secret in secrets {
            if secret.len() < SHORTEST {
                continue;
            }
            needles.add(Zeroizing::new(secret.as_bytes().to_vec()));
            for encoded in encoded(secret) {
                if encoded.len() >= SHORTEST_ENCODED {
                    needles.add(encoded);
                }
            }
        }
        needles.windows.sort_unstable();
        needles.windows.dedup();
        needles
    }

    fn is_empty(&self) -> bool {
        self.windows.is_empty() && self.short.is_empty()
    }

    fn add(&mut self, mut form: Zeroizing<Vec<u8>>) {
        form.make_ascii_lowercase();
        if form.len() < WINDOW {
            return self.short.push(form);
        }
        let windows = form.windows(WINDOW);
        self.windows
            .extend(windows.filter_map(|window| <[u8; WINDOW]>::try_from(window).ok()));
    }

    /// Marks the bytes of the written text that hold a form, or part of one.
    fn mark(&self, layer: &Layer, hidden: &mut [bool]) {
        let found = layer.bytes.windows(WINDOW).enumerate();
        for (at, window) in found {
            let known = |known: &[u8; WINDOW]| known.as_slice().cmp(window);
            if self.windows.binary_search_by(known).is_ok() {
                layer.hide(at, WINDOW, hidden);
            }
        }
        for form in &self.short {
            let found = layer.bytes.windows(form.len()).enumerate();
            for (at, _) in found.filter(|(_, window)| *window == form.as_slice()) {
                layer.hide(at, form.len(), hidden);
            }
        }
    }
}

impl Drop for Needles {
    fn drop(&mut self) {
        self.windows.zeroize();
    }
}

/// The secret in hexadecimal, and in base64 as a part of something longer: that depends on where it
/// begins.
fn encoded(secret: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let mut forms = Vec::new();
    let mut hex = Zeroizing::new(Vec::with_capacity(2 * secret.len()));
    for byte in secret.bytes() {
        let digit = |value: u8| char::from_digit(u32::from(value), 16).map_or(b'0', |c| c as u8);
        hex.extend([digit(byte >> 4), digit(byte & 15)]);
    }
    forms.push(hex);
    for before in 0..3 {
        let bytes = Zeroizing::new([&vec![0; before], secret.as_bytes()].concat());
        // Sextets that hold bits of what stands before or behind differ from case to case.
        let (from, to) = ((8 * before).div_ceil(6), 8 * bytes.len() / 6);
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let text = Zeroizing::new(engine.encode(bytes.as_slice()));
            let part = text.as_bytes().get(from..to).unwrap_or_default();
            forms.push(Zeroizing::new(part.to_vec()));
        }
    }
    forms
}

/// A text without white space, in lower case, with some of its escapes resolved. It remembers where
/// each byte was written.
#[derive(Debug, Default)]
struct Layer {
    bytes: Vec<u8>,
    /// From and to in the written text, for each byte.
    written: Vec<(usize, usize)>,
}

impl Layer {
    fn written(text: &str) -> Self {
        let mut layer = Self::default();
        for (at, c) in text.char_indices() {
            if is_invisible(c) || c.is_whitespace() {
                continue;
            }
            let end = at + c.len_utf8();
            for byte in text.as_bytes().get(at..end).unwrap_or_default() {
                layer.push(*byte, (at, end));
            }
        }
        layer
    }

    /// The text with one more layer of escapes resolved; `None` if it has none.
    fn unescaped(&self) -> Option<Self> {
        let mut below = Self::default();
        let (mut at, mut any) = (0, false);
        while let Some(rest) = self.bytes.get(at..).filter(|rest| !rest.is_empty()) {
            let (byte, length) = unescape(rest).unwrap_or((rest.first().copied(), 1));
            any |= length > 1;
            if let (Some(byte), Some(span)) = (byte, self.span(at, length))
                && !byte.is_ascii_whitespace()
                && !byte.is_ascii_control()
            {
                below.push(byte, span);
            }
            at += length;
        }
        any.then_some(below)
    }

    fn push(&mut self, byte: u8, written: (usize, usize)) {
        self.bytes.push(byte.to_ascii_lowercase());
        self.written.push(written);
    }

    /// Where a run of bytes was written.
    fn span(&self, at: usize, length: usize) -> Option<(usize, usize)> {
        let (from, _) = self.written.get(at)?;
        let (_, to) = self.written.get((at + length).checked_sub(1)?)?;
        Some((*from, *to))
    }

    fn hide(&self, at: usize, length: usize, hidden: &mut [bool]) {
        let Some((from, to)) = self.span(at, length) else {
            return;
        };
        if let Some(hidden) = hidden.get_mut(from..to) {
            hidden.fill(true);
        }
    }
}

/// The escape that these bytes begin with: what it stands for, if that is a byte, and its length.
fn unescape(bytes: &[u8]) -> Option<(Option<u8>, usize)> {
    match bytes {
        [b'%', high, low, ..] => Some((Some(number(&[*high, *low], 16)?), 3)),
        [b'\\', b'u', digits @ ..] => Some((number(digits.get(..4)?, 16), 6)),
        [b'\\', b'n' | b'r' | b't', ..] => Some((None, 2)),
        [b'\\', escaped @ (b'/' | b'\\' | b'"'), ..] => Some((Some(*escaped), 2)),
        [b'&', ..] => {
            let end = bytes.iter().take(10).position(|byte| *byte == b';')?;
            let byte = match bytes.get(1..end)? {
                [b'#', b'x', digits @ ..] => number(digits, 16)?,
                [b'#', digits @ ..] => number(digits, 10)?,
                b"amp" => b'&',
                b"quot" => b'"',
                b"lt" => b'<',
                b"gt" => b'>',
                _ => return None,
            };
            Some((Some(byte), end + 1))
        }
        _ => None,
    }
}

fn number(digits: &[u8], radix: u32) -> Option<u8> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}

/// The first bytes of a text, up to the end of a character.
fn beginning(text: &str) -> &str {
    let end = text.floor_char_boundary(MAX_LOOKED_AT);
    text.get(..end).unwrap_or_default()
}

/// Control characters, of which some steer a terminal, and characters that only change how others
/// are shown: marks of direction, joiners, tags, and line and paragraph separators.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    const ID: &str = "LTAI5tTestAccessKeyId01";
    const SECRET: &str = "s3cr3t/K+y";
    const TOKEN: &str = "CAISsomething+very/long==and&odd";
    const SIGNATURE: &str = "HoSuzv6QqwUlwx4ad+Nf9zrXK5g=";

    fn cleaner() -> Cleaner {
        Cleaner::new([ID, SECRET, TOKEN]).with(SIGNATURE)
    }

    fn encode(text: &str) -> String {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let forms: [fn(&str) -> String; 12] = [
            str::to_owned,
            encode,
            |text| encode(&encode(text)),
            |text| encode(&encode(text)).to_lowercase(),
            |text| text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            |text| {
                text.bytes()
                    .map(|byte| format!("\\u00{byte:02X}"))
                    .collect()
            },
            |text| {
                text.replace('/', "\\/")
                    .replace('&', "&amp;")
                    .replace('+', "&#x2B;")
            },
            str::to_uppercase,
            |text| STANDARD.encode(text),
            |text| STANDARD.encode(format!("Credential={text},x")),
            |text| text.bytes().map(|byte| format!("{byte:02X}")).collect(),
            |text| text.chars().map(|c| format!("{c}\r\n")).collect(),
        ];
        for secret in [ID, SECRET, TOKEN, SIGNATURE] {
            for (form, write) in forms.iter().enumerate() {
                let line = cleaner().line(&format!("before {} after", write(secret)));
                assert!(line.contains(MASK), "form {form} of {secret}: {line}");
                // Of base64, the characters at the ends hold bits of what stands beside the secret.
                let rest = line.replace(MASK, "");
                assert!(
                    rest.len() < "before  after".len() + 24,
                    "form {form}: {line}"
                );
            }
            let text = format!("before {secret} after");
            assert_eq!(cleaner().line(&text), "before *** after");
        }
    }

    #[test]
    fn part_of_a_long_secret_is_found_too() {
        let cut = &TOKEN[..20];
        assert_eq!(
            cleaner().line(&format!("you sent {cut}...")),
            "you sent ***..."
        );
        let cut = &encode(&encode(TOKEN))[8..];
        assert_eq!(cleaner().line(cut), MASK);
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let text = "Specified signature is not matched: 100% of \\u and &co; 50%2";
        assert_eq!(cleaner().line(text), text);
        let short = Cleaner::new(["id", ""]);
        assert_eq!(short.line("an invalid id"), "an invalid id");
    }

    #[test]
    fn what_steers_a_terminal_is_removed() {
        let text = "\u{1b}[31mred\0\r\nline\u{202e}txt";
        assert_eq!(cleaner().line(text), "[31mred   line txt");
        assert_eq!(cleaner().value(text).as_deref(), Some("[31mredlinetxt"));
        assert_eq!(lines("a\r\n  b\u{1b}[0m\tc"), "a \n  b [0m c");
        for invisible in "\u{7f}\u{9b}\u{61c}\u{200f}\u{2066}\u{feff}\u{e0041}".chars() {
            assert_eq!(line(&format!("a{invisible}b")), "a b");
        }
    }

    #[test]
    fn a_message_is_cut_and_a_value_that_is_too_long_is_none() {
        let long = "é".repeat(100_000);
        assert_eq!(cleaner().line(&long).chars().count(), 1000);
        assert_eq!(lines(&long), "é".repeat(8 << 10));
        assert_eq!(line_of_bytes(long.as_bytes()), line(&long));
        assert_eq!(line_of_bytes(b"\xff\x1b]0;title"), "\u{fffd} ]0;title");
        assert_eq!(cleaner().value(&"7".repeat(256)), Some("7".repeat(256)));
        assert_eq!(cleaner().value(&"7".repeat(257)), None);
        assert_eq!(cleaner().value(&"7".repeat(10 << 20)), None);
        assert_eq!(cleaner().value("\u{1b}\n "), None);
    }

    #[test]
    fn no_format_shows_a_secret() {
        assert_eq!(format!("{:?}", cleaner()), "Cleaner(***)");
    }

    proptest! {
        #[test]
        fn whatever_stands_around_it_no_secret_passes(
            before in ".{0,40}",
            after in ".{0,40}",
            layers in 0_usize..3,
        ) {
            let secret = (0..layers).fold(TOKEN.to_owned(), |text, _| encode(&text));
            let line = cleaner().line(&format!("{before}{secret}{after}"));
            prop_assert!(!line.contains(&secret), "{}", line);
        }
    }
}
