//! What is concluded from answers, as tables.

use cams::phone::PhoneNumber;
use cams::{ErrorKind, Form, Inspected, LookupData, NumberList, NumberRow};

use super::super::observations::{Answers, Asked, Observations};
use super::super::testing::{answered, refused};
use super::*;

/// The value of a flag.
fn value(flag: &str, observations: &Observations) -> Option<String> {
    let mut all = behaviours(observations).into_iter();
    let behaviour = all.find(|behaviour| behaviour.flag == flag);
    behaviour.expect("a known flag").value
}

fn of(answers: Answers) -> Observations {
    Observations {
        answers,
        ..Observations::default()
    }
}

fn list(rows: &[(&str, &str)]) -> Asked<NumberList> {
    let rows = rows.iter().map(|(number, status)| NumberRow {
        phone_number: Some((*number).to_owned()),
        status: Some((*status).to_owned()),
    });
    answered(NumberList {
        rows: rows.collect(),
        ..NumberList::default()
    })
}

#[test]
fn every_answer_about_a_missing_number_is_named() {
    let documented = || {
        let code = "InvalidParameter.PhoneNumberError";
        refused(ErrorKind::InvalidParameter, code, 400)
    };
    let gone = || refused(ErrorKind::NotFound, "PhoneNumber.NotExist", 404);
    let odd_status = || refused(ErrorKind::Other, "Odd", 409);
    let denied = || refused(ErrorKind::AccessDenied, "Forbidden.Odd", 200);
    let foreign = || refused(ErrorKind::ResourceOwner, "Unknown.ResourceOwnerId", 400);
    let table: Vec<(Asked<LookupData>, [Option<&str>; 3])> = vec![
        (
            answered(LookupData::Empty),
            [Some("empty-data"), None, None],
        ),
        (answered(LookupData::Missing), [Some("no-data"), None, None]),
        (answered(LookupData::Null), [Some("null-data"), None, None]),
        (
            answered(LookupData::WithoutId),
            [Some("not-verified"), None, None],
        ),
        (answered(LookupData::WithId), [None; 3]),
        (answered(LookupData::Odd), [None; 3]),
        (
            documented(),
            [
                Some("refusal"),
                Some("InvalidParameter.PhoneNumberError"),
                Some("400"),
            ],
        ),
        (
            gone(),
            [Some("refusal"), Some("PhoneNumber.NotExist"), Some("404")],
        ),
        (odd_status(), [Some("refusal"), Some("Odd"), None]),
        (foreign(), [None; 3]),
        (denied(), [None; 3]),
        (None, [None; 3]),
    ];
    for (missing, expected) in table {
        let observations = of(Answers {
            missing,
            ..Answers::default()
        });
        let flags = ["missing-number", "missing-code", "missing-status"];
        let seen = flags.map(|flag| value(flag, &observations));
        assert_eq!(
            seen.each_ref().map(Option::as_deref),
            expected,
            "{observations:?}"
        );
    }
}

#[test]
fn a_code_that_looks_like_a_denial_is_a_refusal_where_ram_has_let_the_operation_pass() {
    let observations = of(Answers {
        missing: refused(ErrorKind::AccessDenied, "Forbidden.Odd", 200),
        malformed: refused(ErrorKind::InvalidParameter, "InvalidParameter.X", 404),
        ..Answers::default()
    });
    assert_eq!(
        value("missing-code", &observations).as_deref(),
        Some("Forbidden.Odd")
    );
    assert_eq!(
        value("business-status", &observations).as_deref(),
        Some("404")
    );
}

#[test]
fn a_migrating_number_is_recognised_by_its_row_or_by_the_lack_of_one() {
    const OWN: &str = "8613900001234";
    const OTHER: &str = "8613900009999";
    let id = LookupData::WithId;
    let null = LookupData::Null;
    type Case<'a> = (
        &'a [(&'a str, &'a str)],
        Option<LookupData>,
        Option<&'a str>,
    );
    let with_number: [Case<'_>; 8] = [
        (&[(OWN, "MIGRATING")], Some(id.clone()), Some("MIGRATING")),
        (&[(OWN, "DELETED"), (OWN, "PENDING")], None, Some("PENDING")),
        (
            &[(OTHER, "MIGRATING"), (OWN, "UNVERIFIED")],
            None,
            Some("UNVERIFIED"),
        ),
        (&[], Some(id.clone()), Some("absent")),
        (
            &[(OTHER, "PENDING"), (OWN, "DELETED")],
            Some(id.clone()),
            Some("absent"),
        ),
        (&[], Some(null), None),
        (&[], None, None),
        (&[(OWN, "CONNECTED")], Some(id), None),
    ];
    for (rows, known, expected) in with_number {
        let mut observations = of(Answers {
            list: list(rows),
            known: known.and_then(answered),
            ..Answers::default()
        });
        observations.settings.number = PhoneNumber::parse("86", "13900001234").ok();
        let seen = value("migrating-listed-as", &observations);
        assert_eq!(seen.as_deref(), expected, "{observations:?}");
    }
    let without_number: [Case<'_>; 5] = [
        (
            &[(OWN, "PENDING"), (OTHER, "MIGRATING")],
            None,
            Some("MIGRATING"),
        ),
        (
            &[(OWN, "PENDING"), (OTHER, "CONNECTED")],
            None,
            Some("PENDING"),
        ),
        (&[(OWN, "UNVERIFIED")], None, Some("UNVERIFIED")),
        (&[(OWN, "PENDING"), (OTHER, "UNVERIFIED")], None, None),
        (&[(OWN, "CONNECTED")], None, None),
    ];
    for (rows, _, expected) in without_number {
        let observations = of(Answers {
            list: list(rows),
            ..Answers::default()
        });
        let seen = value("migrating-listed-as", &observations);
        assert_eq!(seen.as_deref(), expected, "{rows:?}");
    }
}

#[test]
fn deleted_rows_prove_that_they_are_kept_and_their_lack_proves_nothing() {
    for (rows, expected) in [
        (&[("861", "DELETED")][..], Some("keep")),
        (&[("861", "CONNECTED")], None),
        (&[], None),
    ] {
        let observations = of(Answers {
            list: list(rows),
            ..Answers::default()
        });
        assert_eq!(
            value("deleted-rows", &observations).as_deref(),
            expected,
            "{rows:?}"
        );
    }
}

#[test]
fn the_form_of_numbers_is_told_by_those_that_have_two() {
    let dialled = ("525512345678", "CONNECTED");
    let whatsapps = ("5491123456789", "CONNECTED");
    for (rows, form) in [
        (
            vec![("8613900001234", "CONNECTED"), dialled],
            Some("dialled"),
        ),
        (vec![whatsapps], Some("whatsapp")),
        (vec![dialled, whatsapps], None),
        (vec![("8613900001234", "CONNECTED")], None),
    ] {
        let observations = of(Answers {
            list: list(&rows),
            ..Answers::default()
        });
        assert_eq!(
            value("number-form", &observations).as_deref(),
            form,
            "{rows:?}"
        );
    }
}

#[test]
fn ids_and_fields_are_judged_by_all_answers_together() {
    let form = |has_message, text_ids, number_ids| Form {
        has_message,
        text_ids,
        number_ids,
        absent: None,
    };
    let columns = |names: &[&str]| NumberList {
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
        ..NumberList::default()
    };
    let both = ["PhoneNumber", "Status"];
    let three = ["PhoneNumber", "Status", "VerifiedName"];
    for (forms, names, ids, fields) in [
        (
            [form(false, 0, 0), form(false, 1, 0)],
            &both[..],
            Some("text"),
            "sparse",
        ),
        (
            [form(false, 0, 1), form(false, 0, 1)],
            &both,
            Some("number"),
            "sparse",
        ),
        (
            [form(false, 1, 0), form(true, 0, 1)],
            &both,
            Some("number"),
            "full",
        ),
        ([form(false, 0, 0), form(false, 0, 0)], &three, None, "full"),
    ] {
        let [first, second] = forms;
        let observations = of(Answers {
            open_status: Some(Ok(Inspected {
                value: Some(true),
                form: first,
            })),
            list: Some(Ok(Inspected {
                value: columns(names),
                form: second,
            })),
            ..Answers::default()
        });
        assert_eq!(value("ids", &observations).as_deref(), ids, "{forms:?}");
        assert_eq!(
            value("answers", &observations).as_deref(),
            Some(fields),
            "{forms:?}"
        );
    }
    assert_eq!(value("answers", &Observations::default()), None);
}

#[test]
fn the_callers_subscription_and_permissions_are_flags_too() {
    let observations = of(Answers {
        open_status: answered(Some(false)),
        list: refused(ErrorKind::AccessDenied, "Ram.PermissionDeny", 400),
        waba: refused(ErrorKind::AccessDenied, "Ram.PermissionDeny", 400),
        ..Answers::default()
    });
    let flags = flags(&behaviours(&observations), &observations).join(" ");
    let expected = "--answers full --not-subscribed --deny QueryChatappPhoneNumbers --deny \
                    QueryChatappBindWaba";
    assert_eq!(flags, expected);
}
