//! What is found out from observations, as tables.

use cams::{LookupData, NumberList, Waba};

use super::super::names::Names;
use super::super::observations::{Answers, Asked, Origin, Settings, Space};
use super::super::testing::{answered, refused};
use super::*;
use call_quota::Caveats;

/// An account where everything works.
fn healthy() -> Observations {
    let settings = Settings {
        endpoint: Some("https://cams.ap-southeast-1.aliyuncs.com".to_owned()),
        scope: Some(Scope::Host),
        directory: Some("/tmp/terraform-provider-cams-1000".to_owned()),
        space: Some(Space {
            id: "cams-abc123".to_owned(),
            origin: "CAMS_CUST_SPACE_ID",
        }),
        ..Settings::default()
    };
    Observations {
        settings,
        answers: Answers {
            open_status: answered(Some(true)),
            waba: waba(true, Some("APPROVED")),
            list: answered(NumberList::default()),
            missing: answered(LookupData::Null),
            malformed: answered(LookupData::Null),
            known: None,
        },
        clock_ahead: Some(0),
        credentials: Some(Origin {
            description: "the environment variable ALIBABA_CLOUD_ACCESS_KEY_ID".to_owned(),
            kind: "access_key",
        }),
        access_key_end: Some("1234".to_owned()),
        quota_trouble: None,
        quota_caveats: Caveats::default(),
        account_trouble: None,
        names: Names::default(),
    }
}

fn waba(bound: bool, review_status: Option<&str>) -> Asked<Waba> {
    answered(Waba {
        bound,
        review_status: review_status.map(str::to_owned),
    })
}

/// State and text of what was found out about a subject.
fn about(subject: &str, observations: &Observations) -> (State, String) {
    let mut all = findings(observations).into_iter();
    let finding = all.find(|finding| finding.about == subject);
    let finding = finding.unwrap_or_else(|| panic!("nothing about {subject}"));
    (finding.state, finding.text)
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
        let expected = match finding.about {
            "CreateChatappMigrationInitiate" => State::Unknown,
            _ => State::Ok,
        };
        assert_eq!(finding.state, expected, "{finding:?}");
    }
}

#[test]
fn every_thing_that_can_be_wrong_is_found_and_says_what_to_do() {
    let denied = "Ram.PermissionDeny";
    let list = "QueryChatappPhoneNumbers";
    let table: Vec<(&str, Observations, State, &str)> = vec![
        (
            "credentials",
            changed(|all| all.credentials = None),
            State::Problem,
            "No usable credentials",
        ),
        (
            "credentials",
            changed(|all| {
                all.answers = Answers {
                    open_status: refused(ErrorKind::Credentials, "SignatureDoesNotMatch", 400),
                    ..Answers::default()
                };
            }),
            State::Problem,
            "Check that secret_key belongs to access_key",
        ),
        (
            "clock",
            changed(|all| all.clock_ahead = Some(-60)),
            State::Attention,
            "60 s behind",
        ),
        (
            "clock",
            changed(|all| all.clock_ahead = Some(3_600)),
            State::Attention,
            "3600 s ahead of",
        ),
        (
            "quota",
            changed(|all| all.quota_trouble = Some("it is full".to_owned())),
            State::Problem,
            "it is full. Make the directory usable",
        ),
        (
            "quota",
            changed(|all| all.quota_caveats.runs_unknown = true),
            State::Attention,
            "may not run INFO",
        ),
        (
            "quota",
            changed(|all| all.quota_caveats.eviction_policy = Some("allkeys-lru".to_owned())),
            State::Attention,
            "allkeys-lru",
        ),
        (
            "quota",
            changed(|all| all.account_trouble = Some("STS does not answer".to_owned())),
            State::Ok,
            "STS does not answer. Set ALIBABA_CLOUD_ACCOUNT_ID",
        ),
        (
            "product",
            changed(|all| all.answers.open_status = answered(Some(false))),
            State::Problem,
            "Activate it once",
        ),
        (
            "product",
            changed(|all| {
                all.answers.waba = refused(ErrorKind::NotSubscribed, "Product.Unsubscript", 400);
            }),
            State::Problem,
            "Activate it once",
        ),
        (
            "space",
            changed(|all| all.settings.space = None),
            State::Problem,
            "Set CAMS_CUST_SPACE_ID",
        ),
        (
            "waba",
            changed(|all| all.answers.waba = waba(false, None)),
            State::Problem,
            "Bind one",
        ),
        (
            "waba",
            changed(|all| all.answers.waba = waba(true, Some("REJECTED"))),
            State::Problem,
            "REJECTED",
        ),
        (
            "waba",
            changed(|all| all.answers.waba = waba(true, None)),
            State::Attention,
            "does not say",
        ),
        (
            list,
            changed(|all| all.answers.list = refused(ErrorKind::AccessDenied, denied, 400)),
            State::Problem,
            "cams:QueryChatappPhoneNumbers",
        ),
        (
            list,
            changed(|all| {
                let code = "Unknown.ResourceOwnerId";
                all.answers.list = refused(ErrorKind::ResourceOwner, code, 400);
            }),
            State::Problem,
            "cams-abc123",
        ),
        (
            "QueryChatappBindWaba",
            changed(|all| all.answers.waba = refused(ErrorKind::AccessDenied, denied, 400)),
            State::Attention,
            "does not need it",
        ),
    ];
    for (subject, mut observations, expected, words) in table {
        // The errors of the tests name no operation of their own.
        name_the_operation(&mut observations);
        let (state, text) = about(subject, &observations);
        assert_eq!(state, expected, "{subject}: {text}");
        assert!(text.contains(words), "{subject}: {text}");
    }
}

fn name_the_operation(observations: &mut Observations) {
    fn name<T>(asked: &mut Asked<T>, action: &'static str) {
        if let Some(Err(error)) = asked {
            error.action = action;
        }
    }
    let answers = &mut observations.answers;
    name(&mut answers.open_status, "GetChatappOpenStatus");
    name(&mut answers.waba, "QueryChatappBindWaba");
    name(&mut answers.list, "QueryChatappPhoneNumbers");
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
            // It is read from the environment, and nobody was asked.
            "space" => State::Ok,
            _ => State::Unknown,
        };
        assert_eq!(finding.state, expected, "{finding:?}");
    }
}

#[test]
fn a_list_proves_the_subscription_where_the_status_is_denied() {
    let observations = changed(|all| {
        all.answers.open_status = refused(ErrorKind::AccessDenied, "Ram.PermissionDeny", 400);
    });
    assert_eq!(about("product", &observations).0, State::Ok);
    let observations = changed(|all| {
        all.answers = Answers {
            open_status: answered(None),
            ..Answers::default()
        };
    });
    assert_eq!(about("product", &observations).0, State::Unknown);
}

#[test]
fn credentials_that_cannot_be_fetched_are_the_problem_and_not_the_service() {
    let observations = changed(|seen| {
        let mut open_status = refused(ErrorKind::CredentialsUnavailable, "", 0);
        if let Some(Err(error)) = &mut open_status {
            error.code = None;
        }
        seen.answers = Answers {
            open_status,
            ..Answers::default()
        };
    });
    let (state, text) = about("credentials", &observations);
    assert_eq!(state, State::Problem);
    assert!(
        text.contains("cannot be fetched. what the service said"),
        "{text}"
    );
    for subject in ["endpoint", "quota"] {
        assert_eq!(about(subject, &observations).0, State::Unknown, "{subject}");
    }
}
