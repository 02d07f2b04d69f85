//! Responses as they are sent, untouched and spoilt.

use super::super::{Fault, parse_list};
use super::*;
use crate::reply::{Delivery, JSON};

const BODY: &str = r#"{"Code":"OK","Data":{"Id":"1"},"RequestId":"R"}"#;

/// The response under this fault, if there is one.
fn respond(fault: Option<Value>) -> OutgoingResponse {
    let (mut response, _) = LazyReply::text(200, JSON, BODY).into_response();
    if let Some(fault) = fault {
        let text = fault.to_string();
        let faults: Vec<Fault> = parse_list(text.as_bytes()).expect("a fault");
        let Delivery::Respond(spoilt) = faults[0].kind.deliver(response, &BODY.into()) else {
            panic!("{fault}");
        };
        response = spoilt;
    }
    response
}

/// The bytes that arrive until the body or the connection ends.
fn sent(response: &OutgoingResponse) -> Vec<u8> {
    let sent = response.body.iter().filter_map(|(_, bytes)| bytes.clone());
    sent.flatten().collect()
}

fn parsed(response: &OutgoingResponse) -> Option<Value> {
    serde_json::from_slice(&sent(response)).ok()
}

#[test]
fn an_untouched_reply_is_whole() {
    let response = respond(None);
    let body = parsed(&response).expect("JSON");
    assert_eq!(
        (&body["Code"], &body["Data"]["Id"]),
        (&json!("OK"), &json!("1"))
    );
    assert_eq!(response.length, sent(&response).len() as u64);
}

#[test]
fn spoilt_bodies_are_announced_as_long_as_they_are() {
    for kind in ["empty_body", "malformed_json", "truncated_json"] {
        let response = respond(Some(json!({ "kind": kind })));
        assert_eq!(parsed(&response), None);
        assert_eq!(response.length, sent(&response).len() as u64);
    }
}

#[test]
fn wrong_types_still_claim_success() {
    let body = parsed(&respond(Some(json!({ "kind": "wrong_types" })))).expect("JSON");
    assert_eq!(body["Code"], "OK");
    assert!(body["Data"].is_array() && body["RequestId"].is_number());
}

#[test]
fn a_body_cut_in_the_middle_was_announced_whole() {
    let response = respond(Some(json!({ "kind": "reset_mid_body" })));
    assert!(response.length > sent(&response).len() as u64);
    assert!(matches!(response.body.last(), Some((_, None))));
}

#[test]
fn slow_and_huge_bodies_are_complete() {
    let slow = json!({ "kind": "slow_body", "over": "1s" });
    for fault in [slow, json!({ "kind": "huge_body", "bytes": 200_000 })] {
        let response = respond(Some(fault));
        assert_eq!(parsed(&response), parsed(&respond(None)));
        assert_eq!(response.length, sent(&response).len() as u64);
    }
}
