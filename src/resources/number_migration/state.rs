//! The state that follows from what CAMS answered.

use crate::evidence::Presence;
use crate::numbers::{MIGRATING, Target};
use cams::operations::Migration;
use terraform_plugin::framework::model::Field;

use super::schema::Model;

/// The state of a number whose migration has just started. Without a status in the answer the
/// migration has started all the same.
pub(super) fn started(plan: Model, target: &Target, migration: Migration) -> Model {
    Model {
        id: migration.data.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        status: Field::Known(
            migration
                .data
                .status
                .unwrap_or_else(|| MIGRATING.to_owned()),
        ),
        request_id: migration.request_id.into(),
        ..plan
    }
}

/// The state of a number that was found instead of started.
pub(super) fn found(plan: Model, target: &Target, presence: Presence) -> Model {
    Model {
        id: presence.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        // The list shows no status, and of numbers that are migrating it is not known whether it
        // does.
        status: Field::Known(presence.status.unwrap_or_else(|| MIGRATING.to_owned())),
        request_id: Field::Null,
        ..plan
    }
}

/// The state after a read that found the number. What the answers did not tell stays as it was, and
/// so does an id that is known: it identifies the number, and others may refer to it.
pub(super) fn refreshed(state: Model, target: &Target, presence: Presence) -> Model {
    let status = presence.status.map_or(state.status, Field::Known);
    Model {
        id: match state.id {
            Field::Known(id) => Field::Known(id),
            Field::Null | Field::Unknown => presence.id.into(),
        },
        phone_number: Field::Known(target.number.to_string()),
        status: match status {
            Field::Known(status) => Field::Known(status),
            Field::Null | Field::Unknown => MIGRATING.into(),
        },
        ..state
    }
}
