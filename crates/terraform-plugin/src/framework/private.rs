//! Private state: what a provider remembers of an object beside the attributes that users see.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::session::Session;

/// The private state of the object that an operation is about: JSON values under keys.
///
/// Terraform stores it with the object and hands it to the next operation. It is shown to nobody,
/// and it is not encrypted: keep it small, and keep secrets out of it. What is set here is stored
/// however the operation ends, like what [`Context::save`](super::resource::Context::save) stores,
/// as long as there is an object to store. A new object begins without any, also where it replaces
/// another.
#[derive(Clone, Copy, Debug)]
pub struct Private<'a> {
    session: &'a Session,
}

impl<'a> Private<'a> {
    pub(super) fn new(session: &'a Session) -> Self {
        Self { session }
    }

    /// The value under `key`; `None` where there is none, or where it cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self
            .session
            .with_private(|entries| entries.get(key).cloned());
        serde_json::from_value(value?).ok()
    }

    /// Stores a value under `key`, in the place of an earlier one.
    pub fn set(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        self.session.with_private(|entries| {
            entries.insert(key.to_owned(), value);
        });
    }

    /// Removes the value under `key`, if there is one.
    pub fn remove(&self, key: &str) {
        self.session.with_private(|entries| {
            entries.remove(key);
        });
    }
}

/// The private state of an object that a new one is to replace. The new object begins without it.
#[derive(Clone, Debug)]
pub struct Replaced(Entries);

impl Replaced {
    pub(super) fn new(entries: Entries) -> Self {
        Self(entries)
    }

    /// The value under `key`; `None` where there is none, or where it cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_value(self.0.get(key)?.clone()).ok()
    }
}

/// All entries of an object's private state.
pub(super) type Entries = BTreeMap<String, Value>;

/// Reads the private state that Terraform stored.
///
/// Bytes that are no JSON object were not written by this framework. Private state only helps an
/// operation, which has the attributes too. So such bytes count as no entries, rather than making
/// the object unusable.
pub(super) fn decode(stored: &[u8]) -> Entries {
    if stored.is_empty() {
        return Entries::new();
    }
    serde_json::from_slice(stored).unwrap_or_else(|_| {
        tracing::warn!("the stored private state is not this provider's; going on without it");
        Entries::new()
    })
}

/// Writes the private state that Terraform is to store. Without entries it is empty.
pub(super) fn encode(entries: &Entries) -> Vec<u8> {
    if entries.is_empty() {
        return Vec::new();
    }
    // A map with strings as keys and JSON as values can always be written.
    serde_json::to_vec(entries).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio_util::sync::CancellationToken;

    use super::*;

    #[test]
    fn a_value_is_set_read_replaced_and_removed() {
        let session = Session::new(CancellationToken::new());
        let private = Private::new(&session);
        private.set("started", 7);
        private.set("note", "n");
        assert_eq!(private.get::<u64>("started"), Some(7));
        assert_eq!(private.get::<String>("started"), None);
        private.set("started", 8);
        private.remove("note");
        assert_eq!(private.get::<u64>("started"), Some(8));
        assert_eq!(private.get::<String>("note"), None);
        assert_eq!(session.private(), br#"{"started":8}"#);
    }

    #[test]
    fn nothing_is_stored_as_nothing_and_what_is_not_ours_counts_as_nothing() {
        assert_eq!(encode(&Entries::new()), b"");
        for foreign in [&b""[..], b"{", b"7", b"\xff\xfe", b"null"] {
            assert_eq!(decode(foreign), Entries::new(), "{foreign:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_again(
            entries in proptest::collection::btree_map(".*", ".*", 0..5),
        ) {
            let entries: Entries = entries
                .into_iter()
                .map(|(key, text)| (key, Value::from(text)))
                .collect();
            prop_assert_eq!(decode(&encode(&entries)), entries);
        }
    }
}
