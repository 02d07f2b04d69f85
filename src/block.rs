//! The provider block as Terraform passes it: texts under the names of their attributes. `setting`
//! says how one is read, and `settings` what each of them means.

use std::collections::BTreeMap;

use base::secret::Secret;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::value::Value;

/// The values of the provider block and of the blocks in it. An attribute of a nested block has a
/// name with a dot, such as `throttle.scope`.
///
/// All values are secrets here, because some are: no format shows them, and their memory is wiped.
#[derive(Clone, Debug, Default)]
pub struct Config {
    attributes: Attributes,
    blocks: BTreeMap<String, Attributes>,
}

type Attributes = BTreeMap<String, Field<Secret>>;

impl Config {
    /// The attribute of this name, null if it is not set. It is unknown if all of its block is.
    pub(crate) fn attribute(&self, name: &str) -> &Field<Secret> {
        const NULL: &Field<Secret> = &Field::Null;
        let (block, inner) = name.split_once('.').unwrap_or((name, name));
        let attribute = match self.blocks.get(block) {
            Some(attributes) => attributes.get(inner),
            None => self.attributes.get(block),
        };
        attribute.unwrap_or(NULL)
    }

    /// The text of the attribute of this name, if it is known and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.attribute(name).known()?;
        (!text.is_empty()).then(|| text.expose())
    }

    /// Whether the block of this name is present.
    pub(crate) fn has_block(&self, name: &str) -> bool {
        self.blocks.contains_key(name)
    }

    /// A provider block with these attributes.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(attributes: [(&str, &str); N]) -> Self {
        let mut config = Self::default();
        for (name, text) in attributes {
            let attributes = match name.split_once('.') {
                Some((block, _)) => config.blocks.entry(block.to_owned()).or_default(),
                None => &mut config.attributes,
            };
            let name = name.rsplit('.').next().unwrap_or_default();
            attributes.insert(name.to_owned(), text.into());
        }
        config
    }
}

impl Config {
    /// Reads the block from its value, `None` if the value is not one of the schema.
    pub(crate) fn from_object(value: Value) -> Option<Self> {
        let Value::Map(attributes) = value else {
            return None;
        };
        let mut config = Self::default();
        for (name, value) in attributes {
            match value {
                Value::Map(inner) => {
                    let inner = inner.into_iter();
                    let fields = inner.map(|(name, value)| Some((name, Field::from_value(value)?)));
                    config.blocks.insert(name, fields.collect::<Option<_>>()?);
                }
                value => {
                    config.attributes.insert(name, Field::from_value(value)?);
                }
            }
        }
        Some(config)
    }

    /// The value of the block.
    pub(crate) fn into_object(self) -> Value {
        fn values(fields: Attributes) -> BTreeMap<String, Value> {
            let fields = fields.into_iter();
            fields
                .map(|(name, field)| (name, field.into_value()))
                .collect()
        }
        let mut all = values(self.attributes);
        let blocks = self.blocks.into_iter();
        all.extend(blocks.map(|(name, block)| (name, Value::Map(values(block)))));
        Value::Map(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object<const N: usize>(attributes: [(&str, Value); N]) -> Value {
        Value::Map(
            attributes
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
        )
    }

    #[test]
    fn attributes_of_blocks_have_the_names_of_both() {
        let value = object([
            ("assume_role", Value::Null),
            ("assume_role_with_oidc", Value::Unknown),
            ("region", Value::String("r".to_owned())),
            (
                "throttle",
                object([
                    ("redis_url", Value::Unknown),
                    ("scope", Value::String(String::new())),
                ]),
            ),
        ]);
        let config = Config::from_object(value.clone()).expect("a provider block");
        assert_eq!(config.text("region"), Some("r"));
        assert!(config.attribute("assume_role.role_arn").is_null());
        assert!(
            config
                .attribute("assume_role_with_oidc.policy")
                .is_unknown()
        );
        assert!(config.attribute("throttle.redis_url").is_unknown());
        assert!(config.attribute("throttle.scope").known().is_some());
        assert_eq!(config.text("throttle.scope"), None);
        assert!(config.has_block("throttle") && !config.has_block("assume_role"));
        assert_eq!(config.into_object(), value);
    }

    #[test]
    fn no_format_of_the_block_shows_a_secret() {
        let config = Config::of([
            ("secret_key", "canary"),
            ("throttle.redis_url", "redis://:canary@localhost"),
        ]);
        let shown = format!("{config:?} {config:#?}");
        assert!(
            shown.contains("***") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
