//! What an operation works with besides its arguments, and the private state of an object.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::wire::diagnostic::Diagnostic;

use super::model::Model;
use super::session::{Entries, RpcSession, lock};

/// What an operation works with besides its arguments.
///
/// Every kind has the provider's data, the signal to stop, and warnings. The operations of a
/// resource also have the model `M` of its object, and with it [`Context::save`] and
/// [`Context::private`].
pub struct Context<'a, P, M = ()> {
    provider: &'a P,
    session: &'a RpcSession,
    model: PhantomData<fn(M)>,
}

impl<'a, P, M> Context<'a, P, M> {
    pub(crate) fn new(provider: &'a P, session: &'a RpcSession) -> Self {
        Self {
            provider,
            session,
            model: PhantomData,
        }
    }

    /// The context of an operation on an object.
    pub(crate) fn of_object<O: Model>(self) -> Context<'a, P, O> {
        Context::new(self.provider, self.session)
    }

    /// The provider's data, as its configuration made it.
    pub fn provider(&self) -> &'a P {
        self.provider
    }

    /// Is cancelled when the user asks Terraform to stop, or the process ends. The operation should
    /// then end its waits at once, and return what it knows.
    pub fn stop(&self) -> &'a CancellationToken {
        &self.session.stop
    }

    /// Adds a warning to the diagnostics of the operation.
    pub fn warn(&self, warning: Diagnostic) {
        self.session.record().diagnostics.push(warning);
    }

    /// Adds a warning, unless this process has given one with the same title through this method
    /// before. It is for what concerns many objects alike.
    pub fn warn_once(&self, warning: Diagnostic) {
        if lock(&self.session.warned).insert(warning.summary.clone()) {
            self.warn(warning);
        }
    }
}

impl<'a, P, M: Model> Context<'a, P, M> {
    /// The private state of the object: what the provider remembers of it beside its attributes.
    /// Changes are stored with the object.
    pub fn private(&self) -> Private<'a> {
        Private(self.session)
    }

    /// Sets the state that Terraform stores if the operation does not succeed: if it fails, is
    /// stopped or panics. What is unknown in it is stored as null.
    pub fn save(&self, state: &M) {
        let state = state.clone().into_value().with_unknowns_as_null();
        self.session.record().saved = Some(state);
    }

    /// The private state of the object that a new one replaces, if there is any.
    pub(crate) fn replaced(&self) -> Option<Replaced> {
        self.session.record().replaced.clone().map(Replaced)
    }
}

impl<P, M> Clone for Context<'_, P, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, M> Copy for Context<'_, P, M> {}

/// The private state of the object that an operation is about: JSON values under keys.
///
/// Terraform stores it with the object and hands it to the next operation. No user sees it, and it
/// is not encrypted: keep it small, and keep secrets out of it. What is set here is stored however
/// the operation ends, like what [`Context::save`] stores, as long as there is an object to store.
/// A new object begins without any, also where it replaces another.
#[derive(Clone, Copy, Debug)]
pub struct Private<'a>(&'a RpcSession);

impl Private<'_> {
    /// The value under `key`; `None` where there is none, or where it cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let value = self.0.record().private.get(key).cloned();
        serde_json::from_value(value?).ok()
    }

    /// Stores a value under `key`, in the place of an earlier one.
    pub fn set(&self, key: &str, value: impl Into<Value>) {
        let value = value.into();
        self.0.record().private.insert(key.to_owned(), value);
    }

    /// Removes the value under `key`, if there is one.
    pub fn remove(&self, key: &str) {
        self.0.record().private.remove(key);
    }
}

/// The private state of an object that a new one is to replace. The new object begins without it.
#[derive(Clone, Debug)]
pub struct Replaced(Entries);

impl Replaced {
    /// The value under `key`; `None` where there is none, or where it cannot be read as a `T`.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        serde_json::from_value(self.0.get(key)?.clone()).ok()
    }
}

/// Reads the private state that Terraform stored.
///
/// Bytes that are no JSON object were not written by this framework. Private state only helps an
/// operation, which has the attributes too. So such bytes count as no entries, rather than making
/// the object unusable.
pub(crate) fn decode(stored: &[u8]) -> Entries {
    if stored.is_empty() {
        return Entries::new();
    }
    serde_json::from_slice(stored).unwrap_or_else(|_| {
        tracing::warn!("the stored private state is not this provider's; going on without it");
        Entries::new()
    })
}

/// Writes the private state that Terraform is to store. Without entries it is empty.
pub(crate) fn encode(entries: &Entries) -> Vec<u8> {
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
        let session = RpcSession::new(CancellationToken::new(), Default::default());
        let private = Private(&session);
        private.set("started", 7);
        private.set("note", "n");
        assert_eq!(private.get::<u64>("started"), Some(7));
        assert_eq!(private.get::<String>("started"), None);
        private.set("started", 8);
        private.remove("note");
        assert_eq!(private.get::<u64>("started"), Some(8));
        assert_eq!(private.get::<String>("note"), None);
        assert_eq!(encode(&session.record().private), br#"{"started":8}"#);
    }

    #[test]
    fn nothing_is_stored_as_nothing_and_what_is_not_ours_counts_as_nothing() {
        assert_eq!(encode(&Entries::new()), b"");
        for foreign in [&b""[..], b"{", b"7", b"\xff\xfe", b"null"] {
            assert_eq!(decode(foreign), Entries::new(), "{foreign:?}");
        }
    }

    #[test]
    fn a_warning_is_given_once_in_all_operations() {
        let warned = super::super::session::Warned::default();
        let warnings = [("a", 1), ("a", 0), ("b", 1)].map(|(title, expected)| {
            let session = RpcSession::new(CancellationToken::new(), warned.clone());
            let context = Context::<_, ()>::new(&(), &session);
            context.warn_once(Diagnostic::warning(title, "D"));
            let given = session.record().diagnostics.len();
            (given, expected)
        });
        assert!(warnings.iter().all(|(given, expected)| given == expected));
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
