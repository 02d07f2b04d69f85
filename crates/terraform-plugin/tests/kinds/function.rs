//! Functions, which need no configured provider and have an error in the place of diagnostics.

use protocol_client::tfplugin6::call_function::{Request, Response};
use serde_json::{Value, json};

use crate::Core;
use crate::core::{decode, encode};

async fn call(name: &str, arguments: &[Value]) -> Response {
    let request = Request {
        name: name.to_owned(),
        arguments: arguments.iter().filter_map(encode).collect(),
    };
    let response = Core::start().await.provider.call_function(request).await;
    response.expect("a response").into_inner()
}

/// The position of the argument and the text of the error.
async fn error(name: &str, arguments: &[Value]) -> (Option<i64>, String) {
    let response = call(name, arguments).await;
    assert_eq!(response.result, None);
    let error = response.error.expect("an error");
    (error.function_argument, error.text)
}

#[tokio::test]
async fn a_function_gives_a_value_or_an_object() {
    let shouted = call("shout", &[json!("hey")]).await;
    assert_eq!(shouted.error, None);
    assert_eq!(decode(shouted.result.as_ref()), json!("HEY"));
    let joined = call("join", &[json!("a"), json!("b")]).await;
    assert_eq!(
        decode(joined.result.as_ref()),
        json!({ "joined": "a-b", "length": "3" })
    );
}

#[tokio::test]
async fn an_error_names_the_argument() {
    let refused = error("join", &[json!("a"), json!("")]).await;
    assert_eq!(
        refused,
        (Some(1), "Expected a text, such as \"b\".".to_owned())
    );
    for (arguments, position) in [
        (vec![json!("a"), Value::Null], 1),
        (vec![json!("unknown"), json!("b")], 0),
        (vec![json!("a")], 1),
        (vec![json!(true), json!("b")], 0),
    ] {
        let (argument, text) = error("join", &arguments).await;
        assert_eq!(argument, Some(position), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn a_panic_and_an_unknown_function_are_errors_of_the_call() {
    let (argument, text) = error("shout", &[json!("s3cr3t")]).await;
    assert!(
        argument.is_none() && text.starts_with("Provider Bug"),
        "{text}"
    );
    assert!(!text.contains("s3cr3t"), "{text}");
    let (argument, text) = error("whisper", &[]).await;
    assert!(
        argument.is_none() && text.contains("no function whisper"),
        "{text}"
    );
    let (_, text) = error("shout", &[json!("\u{1b}[2J")]).await;
    assert!(!text.contains('\u{1b}'), "{text:?}");
}
