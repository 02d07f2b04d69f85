//! The numbers that this run plans to have, which finds numbers that two resources of one type plan.
//!
//! Terraform gives a provider no addresses of resources, so two questions have to be answered
//! otherwise: whether two plans are about the same resource, and whether a plan will stay. The
//! rule:
//!
//! - A resource that is in the state is known by an id of its own in its private state. However
//!   often it is planned, it counts once, with its latest plan. The second plan of a replacement,
//!   which has no prior state, is recognized by the private state of the replaced object.
//! - A plan without prior state and without such private state is a new resource. Terraform plans a
//!   new resource once for each time that it configures the provider.
//! - A plan to destroy does not count. So a number may move from one resource to another in one
//!   run, as it does where a resource is renamed.
//!
//! Each provider configuration has a process of its own, so numbers of two aliases are not compared
//! here. Such numbers, and those that become known only during apply, meet at the
//! [claims](super::claims).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use cams::phone::PhoneNumber;

use super::numbers::Target;

/// Another resource that plans to have the number too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// In the same space, and at least one of the two is new.
    SameSpace,
    /// In the same space, where both resources are in the state already.
    SameSpaceInState,
    /// In this other space.
    OtherSpace(String),
}

/// What is planned in this run.
#[derive(Debug, Default)]
pub(crate) struct Planned(Mutex<Plans>);

#[derive(Debug, Default)]
struct Plans {
    /// The plans to have each number, in its canonical form, by the type of the resource.
    by_number: HashMap<(&'static str, PhoneNumber), Vec<Plan>>,
    /// The number of each resource in the state, so that its next plan can replace this one.
    stored: HashMap<String, PhoneNumber>,
}

/// A resource's plan to have a number.
#[derive(Debug)]
struct Plan {
    cust_space_id: String,
    /// The id of the resource; `None` if it is not in the state.
    resource: Option<String>,
}

impl Planned {
    /// Notes that a resource of the type plans to have the number, in place of what it planned
    /// before. `resource` is its id, which a new resource does not have. `None` as the target stands
    /// for a number that is not known yet.
    pub(crate) fn note(
        &self,
        type_name: &'static str,
        resource: Option<&str>,
        target: Option<&Target>,
    ) -> Option<Conflict> {
        let mut plans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Plans { by_number, stored } = &mut *plans;
        if let Some(number) = resource.and_then(|id| stored.remove(id))
            && let Some(others) = by_number.get_mut(&(type_name, number))
        {
            others.retain(|plan| plan.resource.as_deref() != resource);
        }
        let target = target?;
        let number = target.number.canonical();
        if let Some(id) = resource {
            stored.insert(id.to_owned(), number.clone());
        }
        let others = by_number.entry((type_name, number)).or_default();
        let conflict = conflict(others, resource, target);
        others.push(Plan {
            cust_space_id: target.cust_space_id.clone(),
            resource: resource.map(str::to_owned),
        });
        conflict
    }
}

/// How a plan conflicts with others. One in the same space matters more than one in another.
fn conflict(others: &[Plan], resource: Option<&str>, target: &Target) -> Option<Conflict> {
    let space = &target.cust_space_id;
    let mut same_space = others.iter().filter(|plan| plan.cust_space_id == *space);
    match same_space.clone().count() {
        0 => {
            let other = others.first()?;
            Some(Conflict::OtherSpace(other.cust_space_id.clone()))
        }
        _ if resource.is_some() && same_space.all(|plan| plan.resource.is_some()) => {
            Some(Conflict::SameSpaceInState)
        }
        _ => Some(Conflict::SameSpace),
    }
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

    fn note(
        planned: &Planned,
        resource: Option<&str>,
        target: Option<&Target>,
    ) -> Option<Conflict> {
        planned.note("cams_number_migration", resource, target)
    }

    const NEW: Option<&str> = None;

    const ONE: &str = "13900001234";
    const OTHER: &str = "13900001235";

    #[test]
    fn two_owners_of_a_number_are_found() {
        let planned = Planned::default();
        let number = target("s", ONE);
        assert_eq!(note(&planned, NEW, Some(&number)), None);
        let conflict = note(&planned, NEW, Some(&number));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        let conflict = note(&planned, Some("a"), Some(&number));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        assert_eq!(note(&planned, Some("b"), Some(&target("s", OTHER))), None);
        let conflict = note(&planned, Some("c"), Some(&target("s", OTHER)));
        assert_eq!(conflict, Some(Conflict::SameSpaceInState));
        let conflict = note(&planned, NEW, Some(&target("t", ONE)));
        assert_eq!(conflict, Some(Conflict::OtherSpace("s".into())));
    }

    #[test]
    fn a_resource_that_is_planned_again_is_no_duplicate_of_itself() {
        let planned = Planned::default();
        for _ in 0..2 {
            assert_eq!(note(&planned, Some("a"), Some(&target("s", ONE))), None);
        }
        // It is replaced in another space, and with that the first one is free.
        assert_eq!(note(&planned, Some("a"), Some(&target("t", ONE))), None);
        assert_eq!(note(&planned, Some("a"), Some(&target("t", OTHER))), None);
        assert_eq!(note(&planned, NEW, Some(&target("s", ONE))), None);
        // Its number is known only after apply.
        assert_eq!(note(&planned, Some("a"), None), None);
        assert_eq!(note(&planned, NEW, Some(&target("t", OTHER))), None);
    }

    #[test]
    fn a_number_in_whatsapps_form_is_the_same_number() {
        let planned = Planned::default();
        let mexican = |mobile_number: &str| Target {
            cust_space_id: "s".into(),
            number: PhoneNumber::parse("52", mobile_number).expect("a number"),
        };
        let (dialled, whatsapps) = (mexican("5512345678"), mexican("15512345678"));
        assert_eq!(note(&planned, Some("a"), Some(&dialled)), None);
        let conflict = note(&planned, NEW, Some(&whatsapps));
        assert_eq!(conflict, Some(Conflict::SameSpace));
        // The resource is planned again in the other form, and is no duplicate of itself.
        let planned = Planned::default();
        assert_eq!(note(&planned, Some("a"), Some(&dialled)), None);
        assert_eq!(note(&planned, Some("a"), Some(&whatsapps)), None);
    }

    #[test]
    fn a_number_has_one_resource_of_each_type() {
        let planned = Planned::default();
        let number = target("s", ONE);
        assert_eq!(planned.note("one", NEW, Some(&number)), None);
        assert_eq!(planned.note("other", NEW, Some(&number)), None);
    }

    #[test]
    fn two_resources_may_exchange_their_numbers() {
        let planned = Planned::default();
        assert_eq!(note(&planned, Some("a"), Some(&target("s", OTHER))), None);
        assert_eq!(note(&planned, Some("b"), Some(&target("s", ONE))), None);
    }
}
