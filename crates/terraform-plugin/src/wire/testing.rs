//! Random types and values of them, for the property tests of the codecs.

use proptest::prelude::*;

use super::number::Number;
use super::ty::Type;
use super::value::{Value, dedup};

/// A type and a value of it. If `unknowns` is true, parts of the value are unknown.
pub(super) fn typed_values(unknowns: bool) -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(move |ty| {
        let values = values(&ty, unknowns);
        (Just(ty), values)
    })
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::Bool),
        Just(Type::Dynamic),
        Just(Type::Number),
        Just(Type::String),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            inner.clone().prop_map(|ty| Type::Set(Box::new(ty))),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Type::Tuple),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

fn values(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let known = known_values(ty, unknowns);
    let unknown = if unknowns {
        Value::Unknown
    } else {
        Value::Null
    };
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(unknown)].boxed()
}

fn known_values(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Dynamic => brought_types()
            .prop_flat_map(move |ty| {
                let values = values(&ty, unknowns);
                (Just(ty), values).prop_map(|typed| Value::Dynamic(Box::new(typed)))
            })
            .boxed(),
        Type::List(element) => prop::collection::vec(values(element, unknowns), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Map(element) => {
            prop::collection::btree_map(".{0,4}", values(element, unknowns), 0..4)
                .prop_map(Value::Map)
                .boxed()
        }
        Type::Number => numbers(unknowns).prop_map(Value::Number).boxed(),
        Type::Object(attributes) => attributes
            .iter()
            .fold(Just(Vec::new()).boxed(), |object, (name, ty)| {
                let name = name.clone();
                (object, values(ty, unknowns))
                    .prop_map(move |(mut object, value)| {
                        object.push((name.clone(), value));
                        object
                    })
                    .boxed()
            })
            .prop_map(|object| Value::Map(object.into_iter().collect()))
            .boxed(),
        Type::Set(element) => prop::collection::vec(values(element, unknowns), 0..4)
            .prop_map(|mut elements| {
                dedup(&mut elements);
                Value::List(elements)
            })
            .boxed(),
        Type::String => ".*".prop_map(Value::String).boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(|ty| values(ty, unknowns))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
    }
}

/// The type that a dynamic value may bring. It seldom has a dynamic part again, so that the nesting
/// ends.
fn brought_types() -> impl Strategy<Value = Type> {
    let object = [("a".to_owned(), Type::Number), ("b".to_owned(), Type::Bool)];
    prop_oneof![
        3 => Just(Type::String),
        2 => Just(Type::List(Box::new(Type::Number))),
        2 => Just(Type::Object(object.into())),
        1 => Just(Type::Set(Box::new(Type::String))),
        1 => Just(Type::Tuple(vec![Type::Dynamic, Type::Bool])),
    ]
}

/// Numbers of every form that the wire has for them. JSON has neither infinities nor unknown
/// values, so infinities are only for the other codec.
fn numbers(infinities: bool) -> impl Strategy<Value = Number> {
    let decimal = |text: String| Number::parse(&text).expect("a number");
    let float = if infinities {
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::INFINITE
    } else {
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL
    };
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        float.prop_map(|value| Number::from_f64(value).expect("a number")),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?".prop_map(decimal),
        "-?[1-9](\\.[0-9]{1,20})?e-?[0-9]{1,4}".prop_map(decimal),
    ]
}
