//! Short names for things whose full names nobody should read, such as files named after a number.

use aws_lc_rs::digest::{Context, SHA256};

/// A name of 32 hexadecimal digits that is the same for the same parts in the same order, and that
/// tells nothing about them.
///
/// It is the first half of a SHA-256 digest: two different names do not meet by chance, but
/// somebody who can list all possible parts can find out which ones it stands for.
pub fn fingerprint(parts: &[&str]) -> String {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // Parts are separated, so that ("a", "bc") and ("ab", "c") differ.
        context.update(part.as_bytes());
        context.update(b"\0");
    }
    let digest = context.finish();
    let half = digest.as_ref().iter().take(16);
    half.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_have_one_name_and_others_another() {
        let name = fingerprint(&["ab", "c"]);
        assert_eq!(name, fingerprint(&["ab", "c"]));
        assert_eq!(name.len(), 32);
        for other in [&["a", "bc"][..], &["c", "ab"], &["abc"], &["ab", "c", ""]] {
            assert_ne!(name, fingerprint(other), "{other:?}");
        }
    }
}
