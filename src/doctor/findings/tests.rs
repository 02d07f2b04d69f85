//! What is found out from observations, as tables.

use cams::Error;
use serde_json::json;

use super::super::answers::tests::{answered, refused};
use super::super::answers::{Answers, Body, Probe};
use super::*;

/// An account where everything works.
fn healthy() -> Observations {
    Observations {
        endpoint: Some("https://cams.ap-southeast-1.aliyuncs.com".to_owned()),
        scope: Some((Scope::Host, "/tmp/terraform-provider-cams-1000".to_owned())),
        space: Some(("CAMS_CUST_SPACE_ID", "cams-abc123".to_owned())),
        answers: Answers(vec![
            (Probe::OpenStatus, answered(json!({ "OpenStatus": true }))),
            (
                Probe::Waba,
                waba(&json!({ "AccountReviewStatus": "APPROVED" })),
            ),
            (Probe::Numbers, answered(json!({}))),
            (Probe::MissingNumber, answered(json!({ "Data": null }))),
            (Probe::NoNumber, answered(json!({ "Data": null }))),
        ]),
        clock_ahead: Some(0),
        credentials: Some((
            "the environment variable ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(),
            "access_key",
        )),
        access_key_end: Some("1234".to_owned()),
        ..Observations::default()
    }
}

fn waba(data: &Value) -> Result<Body, Error> {
    answered(json!({ "Data": data }))
}

/// A healthy account whose answer to a question is another one.
fn answering(probe: Probe, outcome: Result<Body, Error>) -> Observations {
    changed(|all| {
        let mut answers = all.answers.0.iter_mut();
        let answer = answers.find(|(asked, _)| *asked == probe);
        answer.expect("a question that is asked").1 = outcome;
    })
}

/// An account whose first question is refused, so that no other one is asked.
fn refusing(kind: ErrorKind, code: &str) -> Observations {
    changed(|all| all.answers = Answers(vec![(Probe::OpenStatus, refused(kind, code))]))
}

/// State and text of what was found out about a subject.
fn about(subject: &str, observations: &Observations) -> (Verdict, String) {
    let mut all = findings(observations).into_iter();
    let finding = all.find(|finding| finding.about == subject);
    let finding = finding.unwrap_or_else(|| panic!("nothing about {subject}"));
    (finding.verdict, finding.text)
}

/// A healthy account with one change.
fn changed(change: impl FnOnce(&mut Observations)) -> Observations {
    let mut observations = healthy();
    change(&mut observations);
    observations
}

#[test]
fn a_healthy_account_has_no_problem_and_leaves_open_only_what_cannot_be_tried() {
    let findings = findings(&healthy());
    for finding in findings {
        let expected = match finding.text.starts_with("doctor does not call") {
            true => Verdict::Unknown,
            false => Verdict::Ok,
        };
        assert_eq!(finding.verdict, expected, "{finding:?}");
    }
}

#[test]
fn every_thing_that_can_be_wrong_is_found_and_says_what_to_do() {
    let denied = "Ram.PermissionDeny";
    let list = "QueryChatappPhoneNumbers";
    let table: Vec<(&str, Observations, Verdict, &str)> = vec![
        (
            "credentials",
            changed(|all| all.credentials = None),
            Verdict::Problem,
            "no credentials were tried",
        ),
        (
            "credentials",
            refusing(ErrorKind::Credentials, "SignatureDoesNotMatch"),
            Verdict::Problem,
            "Check that secret_key belongs to access_key",
        ),
        (
            "clock",
            changed(|all| all.clock_ahead = Some(-60)),
            Verdict::Attention,
            "60 s behind",
        ),
        (
            "clock",
            changed(|all| all.clock_ahead = Some(3_600)),
            Verdict::Attention,
            "3600 s ahead of",
        ),
        (
            "quota",
            changed(|all| all.quota_trouble = Some("it is full".to_owned())),
            Verdict::Problem,
            "It cannot be shared there: it is full.",
        ),
        (
            "quota",
            changed(|all| all.quota_trouble = Some("it is full".to_owned())),
            Verdict::Problem,
            "Make the directory usable",
        ),
        (
            "quota",
            changed(|all| all.quota_caveats.runs_unknown = true),
            Verdict::Attention,
            "may not run INFO",
        ),
        (
            "quota",
            changed(|all| all.quota_caveats.eviction_policy = Some("allkeys-lru".to_owned())),
            Verdict::Attention,
            "allkeys-lru",
        ),
        (
            "quota",
            changed(|all| all.account_trouble = Some("STS does not answer".to_owned())),
            Verdict::Ok,
            "STS does not answer. Set ALIBABA_CLOUD_ACCOUNT_ID",
        ),
        (
            "product",
            answering(Probe::OpenStatus, answered(json!({ "OpenStatus": false }))),
            Verdict::Problem,
            "Activate it once",
        ),
        (
            "product",
            answering(
                Probe::Waba,
                refused(ErrorKind::NotSubscribed, "Product.Unsubscript"),
            ),
            Verdict::Problem,
            "Activate it once",
        ),
        (
            "space",
            changed(|all| all.space = None),
            Verdict::Problem,
            "Set CAMS_CUST_SPACE_ID",
        ),
        (
            "waba",
            answering(Probe::Waba, waba(&json!({}))),
            Verdict::Problem,
            "Bind one",
        ),
        (
            "waba",
            answering(
                Probe::Waba,
                waba(&json!({ "AccountReviewStatus": "REJECTED" })),
            ),
            Verdict::Problem,
            "REJECTED",
        ),
        (
            "waba",
            answering(Probe::Waba, waba(&json!({ "Id": 7 }))),
            Verdict::Attention,
            "does not say",
        ),
        (
            list,
            answering(Probe::Numbers, refused(ErrorKind::AccessDenied, denied)),
            Verdict::Problem,
            "cams:QueryChatappPhoneNumbers",
        ),
        (
            list,
            answering(
                Probe::Numbers,
                refused(ErrorKind::ResourceOwner, "Unknown.ResourceOwnerId"),
            ),
            Verdict::Problem,
            "does not own the space",
        ),
        (
            "QueryChatappBindWaba",
            answering(Probe::Waba, refused(ErrorKind::AccessDenied, denied)),
            Verdict::Attention,
            "data source cams_waba",
        ),
    ];
    for (subject, mut observations, expected, words) in table {
        // The errors of the tests name no operation of their own.
        name_the_operation(&mut observations);
        let (verdict, text) = about(subject, &observations);
        assert_eq!(verdict, expected, "{subject}: {text}");
        assert!(text.contains(words), "{subject}: {text}");
    }
}

fn name_the_operation(observations: &mut Observations) {
    for (probe, outcome) in &mut observations.answers.0 {
        if let Err(error) = outcome {
            error.action = probe.action();
        }
    }
}

#[test]
fn nothing_is_said_to_work_that_was_not_seen_to_work() {
    let observations = Observations {
        answers: Answers::default(),
        clock_ahead: None,
        ..healthy()
    };
    for finding in findings(&observations) {
        let expected = match finding.about {
            // It is read from the environment, without a call.
            "space" => Verdict::Ok,
            _ => Verdict::Unknown,
        };
        assert_eq!(finding.verdict, expected, "{finding:?}");
    }
}

#[test]
fn a_list_proves_the_subscription_where_the_status_is_denied() {
    let denied = refused(ErrorKind::AccessDenied, "Ram.PermissionDeny");
    let observations = answering(Probe::OpenStatus, denied);
    assert_eq!(about("product", &observations).0, Verdict::Ok);
    let observations = changed(|all| {
        all.answers = Answers(vec![(Probe::OpenStatus, answered(json!({})))]);
    });
    assert_eq!(about("product", &observations).0, Verdict::Unknown);
}

#[test]
fn an_answer_without_a_list_is_no_empty_space() {
    let answer = answered(json!({ "PhoneNumbers": 7 }));
    let (verdict, text) = about(
        "QueryChatappPhoneNumbers",
        &answering(Probe::Numbers, answer),
    );
    assert_eq!(verdict, Verdict::Problem, "{text}");
}

#[test]
fn credentials_that_cannot_be_fetched_are_the_problem_and_not_the_service() {
    let mut observations = refusing(ErrorKind::CredentialsUnavailable, "");
    if let Some((_, Err(error))) = observations.answers.0.first_mut() {
        error.code = None;
    }
    let (verdict, text) = about("credentials", &observations);
    assert_eq!(verdict, Verdict::Problem);
    assert!(
        text.contains("cannot be fetched. what the service said"),
        "{text}"
    );
    for subject in ["endpoint", "quota"] {
        assert_eq!(
            about(subject, &observations).0,
            Verdict::Unknown,
            "{subject}"
        );
    }
}
