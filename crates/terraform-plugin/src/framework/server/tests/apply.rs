//! Create, update and delete, and what is stored however they end.

use prost::Message;

use crate::wire::tfplugin6::diagnostic::Severity;

use super::*;

#[tokio::test]
async fn a_created_object_is_stored_with_identity_and_private_data() {
    let response = create("a").await;
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
    assert!(response.new_identity.is_some());
    assert_eq!(response.private, br#"{"created":1,"p":1}"#);
    assert_eq!(summaries(&response.diagnostics), [""; 0]);
}

#[tokio::test]
async fn a_failure_before_the_object_exists_stores_nothing() {
    let response = create("fails").await;
    assert_eq!(unwired(response.new_state.as_ref()), Value::Null);
    assert_eq!(summaries(&response.diagnostics), ["Failed"]);
}

#[tokio::test]
async fn a_failure_after_the_object_exists_stores_what_is_known() {
    let response = create("fails late").await;
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("fails late", "1".into(), Value::Null)
    );
    assert!(response.new_identity.is_some());
    assert_eq!(summaries(&response.diagnostics), ["Failed"]);
}

#[tokio::test]
async fn a_panic_after_the_object_exists_stores_what_is_known() {
    let response = create("panics late").await;
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("panics late", "1".into(), "n".into())
    );
    assert_eq!(summaries(&response.diagnostics), ["Provider Bug"]);
}

#[tokio::test]
async fn a_value_left_unknown_is_an_error_that_names_it_and_is_stored_as_null() {
    let response = create("forgets").await;
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("forgets", Value::Null, "n".into())
    );
    assert_eq!(
        summaries(&response.diagnostics),
        ["Unknown Value After Apply"]
    );
    assert!(response.diagnostics[0].detail.contains("id"));
}

#[tokio::test]
async fn an_answer_that_would_not_fit_loses_its_diagnostics_and_never_its_object() {
    for (name, severity) in [
        ("warns without end", Severity::Warning),
        ("fails without end", Severity::Error),
    ] {
        let response = create(name).await;
        assert!(response.encoded_len() < 40 << 20, "{name}");
        assert_eq!(
            unwired(response.new_state.as_ref()),
            thing(name, "1".into(), "n".into())
        );
        assert!(response.new_identity.is_some());
        assert_eq!(response.private, br#"{"created":1,"p":1}"#);
        assert_eq!(summaries(&response.diagnostics), ["Diagnostics Left Out"]);
        assert_eq!(response.diagnostics[0].severity(), severity, "{name}");
        if severity == Severity::Error {
            let detail = &response.diagnostics[0].detail;
            assert!(
                detail.contains("5001 diagnostics, 1 of them errors"),
                "{detail}"
            );
            assert!(detail.contains("\"Failed\""), "{detail}");
        }
    }
}

#[tokio::test]
async fn what_a_diagnostic_quotes_is_cut_and_does_not_steer_the_terminal() {
    let response = create("warns at length").await;
    let detail = &response.diagnostics[0].detail;
    assert!(detail.starts_with(" ]0;title \n   31m nnn"), "{detail:?}");
    assert!(detail.len() <= 16 << 10, "{}", detail.len());
}

#[tokio::test]
async fn stop_ends_what_is_under_way_and_not_what_comes_after() {
    let server = configured().await;
    let planned = thing("waits", Value::Unknown, "n".into());
    let (response, ()) = tokio::join!(apply(&server, &Value::Null, &planned), async {
        while server.operations().tracker().is_empty() {
            tokio::task::yield_now().await;
        }
        let _ = server
            .stop_provider(Request::new(wire::stop_provider::Request {}))
            .await;
    });
    assert_eq!(summaries(&response.diagnostics), ["Stopped"]);
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("waits", "1".into(), "n".into())
    );
    let next = apply(
        &server,
        &Value::Null,
        &thing("a", Value::Unknown, "n".into()),
    )
    .await;
    assert_eq!(summaries(&next.diagnostics), [""; 0]);
}

#[tokio::test]
async fn work_goes_on_when_its_caller_leaves() {
    let server = configured().await;
    let planned = thing("waits", Value::Unknown, "n".into());
    let mut call = Box::pin(apply(&server, &Value::Null, &planned));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(server.operations().tracker().len(), 1);
    server.operations().stop();
    server.operations().tracker().close();
    server.operations().tracker().wait().await;
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_one_that_could_not_be_deleted_stays() {
    let server = configured().await;
    let response = apply(&server, &thing("a", "1".into(), "n".into()), &Value::Null).await;
    assert_eq!(unwired(response.new_state.as_ref()), Value::Null);
    assert_eq!(summaries(&response.diagnostics), ["Deleted"]);
    let stays = thing("stays", "1".into(), "n".into());
    let response = apply(&server, &stays, &Value::Null).await;
    assert_eq!(unwired(response.new_state.as_ref()), stays);
    assert_eq!(summaries(&response.diagnostics), ["Failed", "Deleted"]);
}
