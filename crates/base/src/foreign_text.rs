//! Text that came from outside, made fit to be shown, logged and kept: without secrets and control
//! characters, and cut to what a reader can use.
//!
//! All text that this program has not written itself passes through here where it comes in: texts
//! of answers, of errors of libraries and the system, of files, of the environment and of other
//! programs.
//!
//! Alibaba Cloud's gateways explain a refusal by quoting what they received: the query, or headers.
//! That text then holds the key id, the security token and the signature of our own request. So
//! every text of an answer, and every error text of the HTTP client, passes through a [`Cleaner`]
//! before anything else sees it. A [`Cleaner`] finds a secret as it is, percent-encoded once or
//! twice, and a part of it, because a quotation may be cut off.

use std::fmt;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

/// What stands in the place of a secret.
const MASK: &str = "***";

/// The longest message, in characters.
const MAX_LINE: usize = 1000;

/// The longest id, status or code, in characters. All documented ones are far shorter.
const MAX_VALUE: usize = 256;

/// Of a longer text only the beginning is read, in bytes.
const MAX_TEXT: usize = 16 << 10;

/// So many bytes of a secret in a row are recognized as a part of it.
const WINDOW: usize = 12;

/// A shorter text is no part of an access key, and masking it would blank ordinary words.
const SHORTEST: usize = 4;

/// What percent-encoding encodes: everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Cleans one line of text that can hold no secret: see [`Cleaner::line`].
pub fn line(text: &str) -> String {
    Cleaner::default().line(text)
}

/// Cleans a text of several lines that can hold no secret: see [`Cleaner::lines`].
pub fn lines(text: &str) -> String {
    Cleaner::default().lines(text)
}

/// Replaces each character that controls a terminal or is invisible, apart from line breaks, by a
/// blank. It is the last filter before a text leaves this program: it neither cuts the text nor
/// masks secrets.
pub fn printable(text: &str) -> String {
    // Most texts are plain.
    if text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return text.to_owned();
    }
    let blank = |c: char| if c != '\n' && is_invisible(c) { ' ' } else { c };
    text.chars().map(blank).collect()
}

/// Takes secrets out of text. The default knows no secret; it still removes control characters and
/// cuts text.
#[derive(Clone, Default)]
pub struct Cleaner(Vec<Arc<Needles>>);

/// What is searched for, in lower case.
#[derive(Default)]
struct Needles {
    /// Every run of [`WINDOW`] bytes of the longer forms of a secret, sorted.
    windows: Zeroizing<Vec<[u8; WINDOW]>>,
    /// The forms that are shorter than that.
    short: Vec<Zeroizing<Vec<u8>>>,
}

impl Cleaner {
    /// Makes a cleaner that knows these secrets.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        Self(vec![Arc::new(Needles::new(secrets))])
    }

    /// Returns a cleaner that also knows this secret.
    #[must_use]
    pub fn with(&self, secret: &str) -> Self {
        let needles = Arc::new(Needles::new([secret]));
        Self(self.0.iter().cloned().chain([needles]).collect())
    }

    /// Cleans a text for people: without secrets, in one line without control characters, of at
    /// most 1000 characters.
    pub fn line(&self, text: &str) -> String {
        let masked = self.mask(beginning(text));
        let visible = masked
            .chars()
            .map(|c| if is_invisible(c) { ' ' } else { c });
        visible.take(MAX_LINE).collect::<String>().trim().to_owned()
    }

    /// Cleans a text of several lines for people, such as a diagnostic: without secrets and control
    /// characters, line breaks and indents as they are, and of at most 16 KiB.
    pub fn lines(&self, text: &str) -> String {
        printable(&self.mask(beginning(text)))
    }

    /// Cleans a text that is stored or compared, such as an id or a status: without secrets and
    /// control characters.
    ///
    /// Returns `None` if nothing is left, or if more than 256 characters are: part of an id would
    /// be the id of something else, so such a value counts as missing.
    pub fn value(&self, text: &str) -> Option<String> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
        let masked = self.mask(&visible);
        let value = masked.trim();
        let fits = !value.is_empty() && value.chars().count() <= MAX_VALUE;
        fits.then(|| value.to_owned())
    }

    fn mask(&self, text: &str) -> String {
        let lower = text.to_ascii_lowercase();
        let mut hidden = vec![false; text.len()];
        for needles in &self.0 {
            needles.mark(lower.as_bytes(), &mut hidden);
        }
        if !hidden.contains(&true) {
            return text.to_owned();
        }
        let mut masked = String::with_capacity(text.len());
        let mut in_mask = false;
        for (at, c) in text.char_indices() {
            match hidden[at] {
                true if !in_mask => masked.push_str(MASK),
                true => {}
                false => masked.push(c),
            }
            in_mask = hidden[at];
        }
        masked
    }
}

impl fmt::Debug for Cleaner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cleaner(***)")
    }
}

impl Needles {
    fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Self::default();
        for secret in secrets.into_iter().filter(|text| text.len() >= SHORTEST) {
            let mut form = Zeroizing::new(secret.to_owned());
            // A value in the query is encoded once, and twice where the query is quoted.
            for _ in 0..3 {
                needles.add(form.to_ascii_lowercase().into_bytes());
                form = Zeroizing::new(utf8_percent_encode(&form, RESERVED).to_string());
            }
        }
        needles.windows.sort_unstable();
        needles
    }

    fn add(&mut self, form: Vec<u8>) {
        let form = Zeroizing::new(form);
        if form.len() < WINDOW {
            return self.short.push(form);
        }
        let windows = form.windows(WINDOW);
        let windows = windows.filter_map(|window| <[u8; WINDOW]>::try_from(window).ok());
        self.windows.extend(windows);
    }

    fn mark(&self, text: &[u8], hidden: &mut [bool]) {
        for (at, window) in text.windows(WINDOW).enumerate() {
            let order = |known: &[u8; WINDOW]| known.as_slice().cmp(window);
            if self.windows.binary_search_by(order).is_ok() {
                hidden[at..at + WINDOW].fill(true);
            }
        }
        for form in &self.short {
            let found = text.windows(form.len()).enumerate();
            for (at, _) in found.filter(|(_, window)| *window == form.as_slice()) {
                hidden[at..at + form.len()].fill(true);
            }
        }
    }
}

/// The first bytes of a text, up to the end of a character.
fn beginning(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

/// Control characters, of which some control a terminal, and characters that only change how others
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
    use proptest::prelude::*;

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
    fn a_secret_is_found_as_it_is_and_percent_encoded() {
        let forms: [fn(&str) -> String; 5] = [
            str::to_owned,
            encode,
            |text| encode(&encode(text)),
            |text| encode(&encode(text)).to_lowercase(),
            str::to_uppercase,
        ];
        for secret in [ID, SECRET, TOKEN, SIGNATURE] {
            for write in forms {
                let line = cleaner().line(&format!("before {} after", write(secret)));
                assert_eq!(line, "before *** after");
            }
        }
        // Removing what is invisible does not bring a secret back.
        let hidden: String = TOKEN.chars().flat_map(|c| [c, '\u{200b}']).collect();
        assert_eq!(cleaner().value(&hidden).as_deref(), Some(MASK));
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
