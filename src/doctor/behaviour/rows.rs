//! What the rows of the list show: how migrating and deleted numbers are listed.

use cams::LookupData;
use cams::phone::PhoneNumber;

use super::super::observations::{Answers, Observations};
use super::Behaviour;

/// The statuses under which a number that is migrating may be listed. An ordinary number whose
/// registration is not finished can have the last two as well.
const MIGRATING: &str = "MIGRATING";
const UNFINISHED: [&str; 2] = ["PENDING", "UNVERIFIED"];

/// How the list shows a number that is migrating.
pub(super) fn migrating(observations: &Observations) -> Behaviour {
    const FLAG: &str = "migrating-listed-as";
    let answers = &observations.answers;
    let Some(Ok(list)) = &answers.list else {
        return Behaviour::unseen(FLAG, "The list could not be asked.");
    };
    let rows = &list.value.rows;
    if let Some(number) = &observations.settings.number {
        let own = rows.iter().filter(|row| {
            let listed = row.phone_number.as_deref();
            listed.is_some_and(|listed| number.matches(listed))
        });
        let statuses: Vec<&str> = own.filter_map(|row| row.status.as_deref()).collect();
        let migrating = [MIGRATING].into_iter().chain(UNFINISHED);
        if let Some(status) = migrating.into_iter().find(|one| has(&statuses, one)) {
            let text = format!("The number given with --number is listed as {status}.");
            return Behaviour::seen(FLAG, status, text);
        }
        let is_known =
            matches!(&answers.known, Some(Ok(known)) if known.value == LookupData::WithId);
        if is_known
            && statuses
                .iter()
                .all(|status| status.eq_ignore_ascii_case("DELETED"))
        {
            let text = "The lookup knows the number given with --number, and the list does not \
                        show it: numbers that are migrating are not listed, or the list lags \
                        behind.";
            return Behaviour::seen(FLAG, "absent", text);
        }
    }
    let statuses: Vec<&str> = rows
        .iter()
        .filter_map(|row| row.status.as_deref())
        .collect();
    if has(&statuses, MIGRATING) {
        return Behaviour::seen(FLAG, MIGRATING, "The list shows numbers as MIGRATING.");
    }
    match UNFINISHED.map(|status| has(&statuses, status)) {
        [false, false] => Behaviour::unseen(
            FLAG,
            "No row of the list has a status that a number may have while it migrates. Start one \
             migration and name its number with --number to find out.",
        ),
        [true, true] => Behaviour::unseen(
            FLAG,
            "The list has rows that are PENDING and rows that are UNVERIFIED. Name a number \
             that is \
             migrating with --number to find out which of them it is.",
        ),
        [pending, _] => {
            let status = UNFINISHED[usize::from(!pending)];
            let text = format!(
                "The list shows numbers as {status}, which may be numbers that are migrating or \
                 others whose registration is not finished. Name one that is migrating with \
                 --number to be sure."
            );
            Behaviour::seen(FLAG, status, text)
        }
    }
}

fn has(statuses: &[&str], status: &str) -> bool {
    statuses.iter().any(|one| one.eq_ignore_ascii_case(status))
}

/// In which form the list writes numbers that have two.
pub(super) fn number_form(answers: &Answers) -> Behaviour {
    const FLAG: &str = "number-form";
    let Some(Ok(list)) = &answers.list else {
        return Behaviour::unseen(FLAG, "The list could not be asked.");
    };
    let numbers = list.value.rows.iter().filter_map(|row| {
        let number = PhoneNumber::parse_international(row.phone_number.as_deref()?).ok()?;
        number.other_form().is_some().then_some(number)
    });
    let is_dialled: Vec<bool> = numbers.map(|number| number == number.canonical()).collect();
    match (is_dialled.contains(&true), is_dialled.contains(&false)) {
        (true, false) => Behaviour::seen(
            FLAG,
            "dialled",
            "The list writes numbers of Mexico, Argentina or Brazil as they are dialled.",
        ),
        (false, true) => Behaviour::seen(
            FLAG,
            "whatsapp",
            "The list writes numbers of Mexico, Argentina or Brazil in WhatsApp's own form.",
        ),
        (true, true) => Behaviour::unseen(
            FLAG,
            "The list has numbers that are written as they are dialled, and others in WhatsApp's \
             own form.",
        ),
        (false, false) => Behaviour::unseen(
            FLAG,
            "The list has no number that WhatsApp writes in a form of its own.",
        ),
    }
}

/// Whether deleted numbers stay in the list.
pub(super) fn deleted(answers: &Answers) -> Behaviour {
    let Some(Ok(list)) = &answers.list else {
        return Behaviour::unseen("deleted-rows", "The list could not be asked.");
    };
    let rows = list.value.rows.iter();
    let statuses: Vec<&str> = rows.filter_map(|row| row.status.as_deref()).collect();
    match has(&statuses, "DELETED") {
        true => Behaviour::seen("deleted-rows", "keep", "The list shows numbers as DELETED."),
        false => Behaviour::unseen(
            "deleted-rows",
            "No row of the list is DELETED: none of its numbers was deleted, or their rows \
             are gone.",
        ),
    }
}
