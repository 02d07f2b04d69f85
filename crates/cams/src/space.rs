//! Ids of spaces, as far as their form is certain.

/// What an id of a space looks like, for messages.
pub const EXPECTED: &str = "expected the id of a space as the CAMS console shows it, such as \
    cams-abc123, without white space or slashes";

/// Whether `id` can be the id of a space. Its form is documented by examples alone, which are made
/// of letters, digits and dashes. So only what no id can be is refused: white space, slashes, which
/// part the space from the number in an import id, and what is not ASCII.
pub fn is_well_formed(id: &str) -> bool {
    !id.is_empty()
        && id
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_space_can_be_is_refused() {
        for id in ["cams-abc123", "2934839384938", "C0202939293", "a_b.c"] {
            assert!(is_well_formed(id), "{id}");
        }
        for id in ["", " ", "cams abc", " cams", "cams\n", "x/y", "cams\u{e4}"] {
            assert!(!is_well_formed(id), "{id:?}");
        }
    }
}
