//! How texts are written. Percent-encoding is that which both signature methods demand: every byte
//! is encoded, except for the unreserved characters of RFC 3986.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters to encode: all but `A-Z a-z 0-9 - _ . ~`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Encodes one name or value.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The parameters as `name=value`, both encoded, joined by `&` in the order given.
pub(crate) fn query(
    parameters: impl IntoIterator<Item = (impl AsRef<str>, impl AsRef<str>)>,
) -> String {
    let pairs = parameters.into_iter();
    let pairs =
        pairs.map(|(name, value)| format!("{}={}", encode(name.as_ref()), encode(value.as_ref())));
    pairs.collect::<Vec<_>>().join("&")
}

/// The content without the byte order mark that some programs write.
pub(crate) fn without_mark(content: &[u8]) -> &[u8] {
    content
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("aZ0-_.~"), "aZ0-_.~");
        assert_eq!(encode(" +*/%~测"), "%20%2B%2A%2F%25~%E6%B5%8B");
    }

    #[test]
    fn a_query_is_joined_in_order() {
        assert_eq!(query([("b", "1 2"), ("a", "")]), "b=1%202&a=");
    }
}
