//! Models read from values and written to them, and compared with schemas.

use super::*;

crate::model! {
    struct Inner { on: bool }
}

crate::model! {
    struct Outer { name: String, inner: Inner, tags: Vec<Field<String>> }
}

#[test]
fn a_model_reads_and_writes_its_object() {
    let model = Outer {
        name: "a".into(),
        inner: Field::Known(Inner { on: Field::Unknown }),
        tags: Field::Known(vec!["x".into(), Field::Null]),
    };
    assert_eq!(Outer::from_known(model.clone().into_value()), Some(model));
}

#[test]
fn a_missing_or_mistyped_attribute_is_refused() {
    assert_eq!(Inner::from_known(Value::Map(BTreeMap::new())), None);
    let mistyped = [("on".to_owned(), Value::String("yes".into()))]
        .into_iter()
        .collect();
    assert_eq!(Inner::from_known(Value::Map(mistyped)), None);
}

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    let attributes = attributes.into_iter();
    Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).collect())
}

#[test]
fn a_schema_that_a_model_does_not_match_is_told_with_the_place() {
    let inner = object([("on", Type::Bool)]);
    let tags = Type::List(Box::new(Type::String));
    let outer = |name, inner, tags| object([("name", name), ("inner", inner), ("tags", tags)]);
    let of_outer = |schema: &Type| check_model(&Outer::ty(), schema);
    assert_eq!(
        of_outer(&outer(Type::String, inner.clone(), tags.clone())),
        Ok(())
    );
    let texts = [
        outer(Type::Bool, inner.clone(), tags.clone()),
        outer(Type::String, object([("on", Type::String)]), tags.clone()),
        outer(Type::String, object([]), tags.clone()),
        outer(Type::String, inner, Type::Map(Box::new(Type::String))),
        object([("extra", Type::String)]),
        Type::String,
    ]
    .map(|ty| of_outer(&ty).expect_err("a mismatch"));
    for (text, part) in texts.iter().zip([
        "name: the model has string where the schema has bool",
        "inner: on: the model has bool",
        "inner: on: the model has it",
        "tags: the model has list of string",
        "extra: the schema has it",
        "the model has object",
    ]) {
        assert!(text.starts_with(part), "{text}");
    }
}
