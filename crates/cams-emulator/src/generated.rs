//! Ids that follow from a seed, so that a run can be repeated exactly.

use sha2::{Digest, Sha256};

use crate::encoding::hex;

/// Makes ids from the seed and from what they belong to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generated {
    pub(crate) seed: u64,
}

impl Generated {
    /// An id of fifteen digits, as WhatsApp's ids have.
    pub(crate) fn digits(self, parts: &[&str]) -> String {
        let bytes = self.digest(parts).into_iter().take(8);
        let number = bytes.fold(0_u64, |number, byte| number << 8 | u64::from(byte));
        (100_000_000_000_000 + number % 900_000_000_000_000).to_string()
    }

    /// An id of 32 hexadecimal digits in groups, as in `90E63D28-E31D-1EB2-8939-A9486641F00D`.
    pub(crate) fn grouped(self, parts: &[&str]) -> String {
        group(hex(&self.digest(parts)).get(..32).unwrap_or_default())
    }

    /// The digest of the seed and these parts. A zero byte ends each part, so that "a" and "bc"
    /// differ from "ab" and "c".
    pub(crate) fn digest(self, parts: &[&str]) -> Vec<u8> {
        let mut digest = Sha256::new_with_prefix(self.seed.to_be_bytes());
        for part in parts {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
        digest.finalize().to_vec()
    }
}

/// Writes 32 hexadecimal digits in upper case, in groups of 8, 4, 4, 4 and 12.
pub(crate) fn group(digits: &str) -> String {
    let mut grouped = digits.to_uppercase();
    for at in [20, 16, 12, 8] {
        grouped.insert(at, '-');
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_from_the_seed_and_the_parts() {
        let id = |seed, parts: &[&str]| Generated { seed }.digits(parts);
        assert_eq!(id(1, &["a", "b"]), id(1, &["a", "b"]));
        assert_ne!(id(1, &["a", "b"]), id(2, &["a", "b"]));
        assert_ne!(id(1, &["a", "b"]), id(1, &["ab", ""]));
        assert_eq!(id(1, &["a"]).len(), 15);
    }

    #[test]
    fn grouped_ids_have_the_form_of_request_ids() {
        let id = Generated { seed: 1 }.grouped(&["a"]);
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        let is_digit = |c: char| c == '-' || c.is_ascii_digit() || ('A'..='F').contains(&c);
        assert!(id.chars().all(is_digit), "{id}");
    }
}
