//! Plans of creates, updates and destroys.

use super::*;

#[tokio::test]
async fn a_plan_has_defaults_unknowns_identity_and_private_data() {
    let config = thing("a", Value::Null, Value::Null);
    let response = plan(&Value::Null, &config, &config).await;
    assert_eq!(
        unwired(response.planned_state.as_ref()),
        thing("a", Value::Unknown, "none".into())
    );
    assert_eq!(response.planned_private, br#"{"planned":1,"replaces":1}"#);
    assert!(response.planned_identity.is_some());
    assert_eq!(response.requires_replace, []);
}

#[tokio::test]
async fn an_identity_is_planned_only_where_all_of_it_is_known() {
    let mut config = thing("a", Value::Null, Value::Null);
    if let Value::Map(values) = &mut config {
        values.insert("name".into(), Value::Unknown);
    }
    let response = plan(&Value::Null, &config, &config).await;
    assert_eq!(response.planned_identity, None);
}

#[tokio::test]
async fn a_change_that_replaces_says_so_and_a_plan_can_be_refused() {
    let prior = thing("a", "1".into(), "none".into());
    let response = plan(
        &prior,
        &thing("b", Value::Null, Value::Null),
        &thing("b", "1".into(), Value::Null),
    )
    .await;
    assert_eq!(
        response.requires_replace,
        [(&Path::root().attribute("name")).into()]
    );
    let config = thing("a", Value::Null, "forbidden".into());
    let response = plan(&Value::Null, &config, &config).await;
    assert_eq!(summaries(&response.diagnostics), ["Forbidden"]);
    assert!(response.diagnostics[0].attribute.is_some());
}

#[tokio::test]
async fn the_plan_of_a_destruction_is_null_and_may_warn() {
    let response = plan(
        &thing("a", "1".into(), "n".into()),
        &Value::Null,
        &Value::Null,
    )
    .await;
    assert_eq!(unwired(response.planned_state.as_ref()), Value::Null);
    assert_eq!(summaries(&response.diagnostics), ["Going"]);
}
