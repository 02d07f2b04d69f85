//! The numbers that this run plans to have, which finds numbers that are planned twice.
//!
//! Terraform tells a provider no addresses of resources, so that two questions have to be answered
//! otherwise: whether two plans are about the same resource, and whether a plan will stay. The
//! rule:
//!
//! - A resource that is in the state is known by an id of its own in its private state. However
//!   often it is planned, it counts once, with its latest plan. The second plan of a replacement,
//!   which has no prior state, is recognised by the private state of the replaced object.
//! - A plan without prior state and without such private state is a new resource. Terraform plans a
//!   new resource once for each time that it configures the provider.
//! - A plan to destroy counts for nothing. So a number may move from one resource to another in one
//!   run, as it does where a resource is renamed.
//!
//! Each provider configuration has a process of its own, so that numbers of two aliases are not
//! compared here. Such numbers, and those that become known only during apply, meet at the
//! [claims](super::claims).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cams::phone::PhoneNumber;

use super::numbers::Target;

/// Whose plan it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A resource that is not in the state.
    New,
    /// The resource in the state with this id.
    Stored(String),
}

/// Another resource that plans to have the number too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// In the same space, and at least one of the two is new.
    SameSpace,
    /// In the same space, where both resources are in the state already.
    SameSpaceInState,
    /// In this other space.
    OtherSpace(String),
}

/// What is planned in this run.
#[derive(Debug, Default)]
pub struct Planned(Mutex<Plans>);

#[derive(Debug, Default)]
struct Plans {
    /// The owners of each number in its canonical form, with their spaces.
    owners: BTreeMap<PhoneNumber, Vec<(String, Owner)>>,
    /// The number of each resource in the state, so that its next plan can take the place of this
    /// one.
    stored: BTreeMap<String, PhoneNumber>,
}

impl Planned {
    /// Notes that `owner` plans to have the number, in place of what it planned before. `None` as
    /// the target stands for a number that is not known yet.
    pub fn note(&self, owner: &Owner, target: Option<&Target>) -> Option<Conflict> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Owner::Stored(id) = owner {
            plans.withdraw(id);
        }
        let target = target?;
        let number = target.number.canonical();
        let owners = plans.owners.entry(number.clone()).or_default();
        let conflict = conflict(owners, owner, target);
        owners.push((target.cust_space_id.clone(), owner.clone()));
        if let Owner::Stored(id) = owner {
            plans.stored.insert(id.clone(), number);
        }
        conflict
    }
}

impl Plans {
    fn withdraw(&mut self, id: &str) {
        let Some(number) = self.stored.remove(id) else {
            return;
        };
        if let Some(owners) = self.owners.get_mut(&number) {
            owners.retain(|(_, owner)| !matches!(owner, Owner::Stored(other) if other == id));
        }
    }
}

/// How a plan conflicts with those of others. One in the same space matters more than one in
/// another.
fn conflict(owners: &[(String, Owner)], owner: &Owner, target: &Target) -> Option<Conflict> {
    let (same, other): (Vec<_>, Vec<_>) = owners
        .iter()
        .partition(|(space, _)| *space == target.cust_space_id);
    if same.is_empty() {
        let (space, _) = other.first()?;
        return Some(Conflict::OtherSpace(space.clone()));
    }
    let new = *owner == Owner::New || same.iter().any(|(_, other)| *other == Owner::New);
    Some(match new {
        true => Conflict::SameSpace,
        false => Conflict::SameSpaceInState,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(space: &str, mobile_number: &str) -> Target {
        Target {
            cust_space_id: space.into(),
            number: PhoneNumber::parse("86", mobile_number).expect("a number"),
        }
    }

    fn stored(id: &str) -> Owner {
        Owner::Stored(id.into())
    }

    const ONE: &str = "13900001234";
    const OTHER: &str = "13900001235";

    #[test]
    fn two_owners_of_a_number_are_found() {
        let planned = Planned::default();
        let number = target("s", ONE);
        assert_eq!(planned.note(&Owner::New, Some(&number)), None);
        let conflict = planned.note(&Owner::New, Some(&number));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        let conflict = planned.note(&stored("a"), Some(&number));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        assert_eq!(planned.note(&stored("b"), Some(&target("s", OTHER))), None);
        let conflict = planned.note(&stored("c"), Some(&target("s", OTHER)));
        assert_eq!(conflict, Some(Conflict::SameSpaceInState));
        let conflict = planned.note(&Owner::New, Some(&target("t", ONE)));
        assert_eq!(conflict, Some(Conflict::OtherSpace("s".into())));
    }

    #[test]
    fn a_resource_that_is_planned_again_is_no_duplicate_of_itself() {
        let planned = Planned::default();
        for _ in 0..2 {
            assert_eq!(planned.note(&stored("a"), Some(&target("s", ONE))), None);
        }
        // It is replaced in another space, and with that the first one is free.
        assert_eq!(planned.note(&stored("a"), Some(&target("t", ONE))), None);
        assert_eq!(planned.note(&stored("a"), Some(&target("t", OTHER))), None);
        assert_eq!(planned.note(&Owner::New, Some(&target("s", ONE))), None);
        // Its number is known only after apply.
        assert_eq!(planned.note(&stored("a"), None), None);
        assert_eq!(planned.note(&Owner::New, Some(&target("t", OTHER))), None);
    }

    #[test]
    fn a_number_in_whatsapps_form_is_the_same_number() {
        let planned = Planned::default();
        let mexican = |mobile_number: &str| Target {
            cust_space_id: "s".into(),
            number: PhoneNumber::parse("52", mobile_number).expect("a number"),
        };
        let (dialled, whatsapps) = (mexican("5512345678"), mexican("15512345678"));
        assert_eq!(planned.note(&stored("a"), Some(&dialled)), None);
        let conflict = planned.note(&Owner::New, Some(&whatsapps));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        // The resource is planned again in the other form, and is no duplicate of itself.
        let planned = Planned::default();
        assert_eq!(planned.note(&stored("a"), Some(&dialled)), None);
        assert_eq!(planned.note(&stored("a"), Some(&whatsapps)), None);
    }

    #[test]
    fn two_resources_may_exchange_their_numbers() {
        let planned = Planned::default();
        assert_eq!(planned.note(&stored("a"), Some(&target("s", OTHER))), None);
        assert_eq!(planned.note(&stored("b"), Some(&target("s", ONE))), None);
    }
}
