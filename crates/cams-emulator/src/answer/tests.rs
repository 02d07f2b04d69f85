//! Replies as they are sent, untouched and spoilt.

use std::time::UNIX_EPOCH;

use super::super::fault::RetryHeader;
use super::super::operations::Fields;
use super::super::reply::retry_header;
use super::*;

fn reply() -> Reply {
    let data = json!({ "Id": "1" });
    Reply::success(
        "R",
        Fields::Ready(Map::from_iter([("Data".to_owned(), data)])),
    )
}

fn respond(kind: Option<&Kind>) -> Response {
    match reply().into_delivery(UNIX_EPOCH, kind) {
        Delivery::Respond(response) => response,
        other => panic!("{other:?}"),
    }
}

/// The bytes that arrive until the body or the connection ends.
fn sent(response: &Response) -> Vec<u8> {
    let sent = response.body.iter().filter_map(|step| match step {
        Step::Send(bytes) => Some(bytes.to_vec()),
        Step::Cut | Step::Pause(_) => None,
    });
    sent.flatten().collect()
}

fn parsed(response: &Response) -> Option<Value> {
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
    for kind in [
        Kind::EmptyBody {},
        Kind::MalformedJson {},
        Kind::TruncatedJson {},
    ] {
        let response = respond(Some(&kind));
        assert_eq!(parsed(&response), None);
        assert_eq!(response.length, sent(&response).len() as u64);
    }
}

#[test]
fn wrong_types_still_claim_success() {
    let body = parsed(&respond(Some(&Kind::WrongTypes {}))).expect("JSON");
    assert_eq!(body["Code"], "OK");
    assert!(body["Data"].is_array() && body["RequestId"].is_number());
}

#[test]
fn a_body_cut_in_the_middle_was_announced_whole() {
    let response = respond(Some(&Kind::ResetMidBody {}));
    assert!(response.length > sent(&response).len() as u64);
    assert_eq!(response.body.last(), Some(&Step::Cut));
}

#[test]
fn slow_and_huge_bodies_are_complete() {
    let slow = Kind::SlowBody {
        over: "1s".parse().expect("a period"),
    };
    for kind in [slow, Kind::HugeBody { bytes: 200_000 }] {
        let response = respond(Some(&kind));
        assert_eq!(parsed(&response), parsed(&respond(None)));
        assert_eq!(response.length, sent(&response).len() as u64);
    }
}

#[test]
fn waiting_times_are_rounded_up() {
    let wait = Duration::from_micros(700_100);
    let value = |header| retry_header(header, wait).1;
    assert_eq!(value(RetryHeader::RetryAfter), "1");
    assert_eq!(value(RetryHeader::XAcsRetryAfter), "701");
    assert!(value(RetryHeader::XRatelimitUserApi).contains("TimeLeft:701"));
}
