//! Answers written in every way.

use super::*;

fn body(text: &str) -> Json {
    Json(serde_json::from_str(text).expect("an object"))
}

#[test]
fn every_way_to_write_a_lookup_is_told_from_the_others() {
    for (data, expected) in [
        ("", LookupData::Missing),
        (r#""Data":null"#, LookupData::Null),
        (r#""Data":{}"#, LookupData::Empty),
        (r#""Data":"x""#, LookupData::Odd),
        (r#""Data":{"Id":"7"}"#, LookupData::WithId),
        (r#""Data":{"Id":7}"#, LookupData::WithId),
        (r#""Data":{"Id":""}"#, LookupData::WithoutId),
        (r#""Data":{"Id":"None"}"#, LookupData::WithoutId),
        (r#""Data":{"PhoneNumber":"861"}"#, LookupData::WithoutId),
    ] {
        assert_eq!(
            lookup_data(&body(&format!("{{{data}}}"))),
            expected,
            "{data}"
        );
    }
}

#[test]
fn ids_are_counted_by_their_types_wherever_they_are() {
    let full = r#"{"Message":"m","Data":{"Id":"1","BusinessId":2,"Name":"3"},
        "PhoneNumbers":[{"PhoneNumber":861,"Status":"X"},"odd",{"PhoneNumber":"862"}]}"#;
    let Inspected { form, .. } = inspected(&body(full), ());
    let expected = Form {
        has_message: true,
        text_ids: 2,
        number_ids: 2,
        absent: None,
    };
    assert_eq!(form, expected);
    for (written, absent, text_ids) in [
        ("null", Absent::Null, 0),
        (r#""""#, Absent::Empty, 0),
        (r#""None""#, Absent::None, 0),
    ] {
        let text = format!(r#"{{"AccessDeniedDetail":{written},"Data":{{"Id":{written}}}}}"#);
        let Inspected { form, .. } = inspected(&body(&text), ());
        assert_eq!(
            (form.absent, form.text_ids),
            (Some(absent), text_ids),
            "{text}"
        );
    }
    assert_eq!(inspected(&body("{}"), ()).form, Form::default());
}

#[test]
fn a_list_has_its_rows_its_columns_and_what_cannot_be_read() {
    let written = r#"{"PhoneNumbers":["odd",{"PhoneNumber":861},{"Status":"PENDING"}]}"#;
    let list = list(&body(written)).expect("a list");
    assert_eq!(list.unreadable, 1);
    assert_eq!(list.rows[0].phone_number.as_deref(), Some("861"));
    assert_eq!(list.rows[1].status.as_deref(), Some("PENDING"));
    let columns: Vec<_> = list.columns.iter().map(String::as_str).collect();
    assert_eq!(columns, ["PhoneNumber", "Status"]);
    assert_eq!(super::list(&body(r#"{"PhoneNumbers":7}"#)), None);
    assert_eq!(super::list(&body("{}")), Some(NumberList::default()));
}

#[test]
fn subscription_and_account_may_be_told_or_not() {
    for (written, expected) in [
        (r#"{"OpenStatus":true}"#, Some(true)),
        (r#"{"OpenStatus":"False"}"#, Some(false)),
        (r#"{"OpenStatus":null}"#, None),
        ("{}", None),
    ] {
        assert_eq!(open_status(&body(written)), expected, "{written}");
    }
    for (written, bound, status) in [
        (
            r#"{"Data":{"AccountReviewStatus":"PENDING"}}"#,
            true,
            Some("PENDING"),
        ),
        (r#"{"Data":{"Id":7}}"#, true, None),
        (r#"{"Data":{}}"#, false, None),
        (r#"{"Data":null}"#, false, None),
        ("{}", false, None),
    ] {
        let waba = waba(&body(written));
        assert_eq!(waba.bound, bound, "{written}");
        assert_eq!(waba.review_status.as_deref(), status, "{written}");
    }
}
