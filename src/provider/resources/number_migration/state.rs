//! The state that follows from what CAMS answered.

use crate::cams::Migration;
use crate::framework::model::Field;
use crate::provider::evidence::Presence;
use crate::provider::numbers::{MIGRATING, Target};

use super::schema::Model;

/// The state of a number whose migration has just started. The answer documents all three values; without them the
/// migration has started all the same.
pub(super) fn started(plan: Model, target: &Target, migration: Migration) -> Model {
    let number = || target.number.to_string();
    Model {
        id: migration.id.into(),
        phone_number: Field::Known(migration.phone_number.unwrap_or_else(number)),
        status: Field::Known(migration.status.unwrap_or_else(|| MIGRATING.to_owned())),
        request_id: migration.request_id.into(),
        ..plan
    }
}

/// The state of a number that was found instead of started.
pub(super) fn found(plan: Model, target: &Target, presence: Presence) -> Model {
    Model {
        id: presence.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        // The list does not show the number, and only numbers that are migrating are not known to be listed.
        status: Field::Known(presence.status.unwrap_or_else(|| MIGRATING.to_owned())),
        request_id: Field::Null,
        ..plan
    }
}

/// The state after a read that found the number. What the answers did not tell stays as it was.
pub(super) fn refreshed(state: Model, target: &Target, presence: Presence) -> Model {
    let status = presence.status.map_or(state.status, Field::Known);
    Model {
        id: presence.id.map_or(state.id, Field::Known),
        phone_number: Field::Known(target.number.to_string()),
        status: match status {
            Field::Known(status) => Field::Known(status),
            Field::Null | Field::Unknown => MIGRATING.into(),
        },
        ..state
    }
}
