//! Arbitrary types and values of them, for the codecs' property tests.

use proptest::prelude::*;

use super::number::Number;
use super::ty::Type;
use super::value::{Value, dedup};

/// A type and a value of it, unknown here and there if `unknowns`.
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
        Type::Dynamic => prop_oneof![Just(Type::String), Just(Type::List(Box::new(Type::Number)))]
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
        Type::Number => "-?[0-9]{1,30}(\\.[0-9]{1,30})?"
            .prop_map(|text| Value::Number(Number::parse(&text).expect("a number")))
            .boxed(),
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
