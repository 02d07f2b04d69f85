//! Short names that do not reveal what they stand for, such as those of files for phone numbers.

use aws_lc_rs::digest::{Context, SHA256};

/// A name of 32 hexadecimal digits that is the same for the same parts in the same order.
///
/// It is the first half of a SHA-256 digest, so different parts practically never get the same name.
/// It does not show the parts, but a reader who can list all possible parts can find them by trying.
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

/// A number of 48 bits that is the same for the same text. It fits also where numbers have at most
/// 53 bits, as those of Lua.
pub fn short_fingerprint(text: &str) -> u64 {
    let digits = fingerprint(&[text]);
    u64::from_str_radix(&digits[..12], 16).unwrap_or_default()
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
