//! The provider block as Terraform passes it: the texts of its attributes by name. `setting` reads
//! one of them, and `settings` declares all of them.

use std::collections::BTreeMap;

use base::secret::Secret;
use terraform_plugin::framework::model::Field;

/// The values of the provider block and of the blocks in it. An attribute of a nested block has a
/// name with a dot, such as `throttle.scope`; a block that is null or unknown has only its own name.
///
/// All values are kept as secrets, because some are: `Debug` does not show them, and their memory is
/// cleared when they are dropped.
#[derive(Clone, Debug, Default)]
pub struct Config(pub(crate) BTreeMap<String, Field<Secret>>);

impl Config {
    /// The attribute of this name, null if it is not set. It is unknown if all of its block is.
    pub(crate) fn attribute(&self, name: &str) -> &Field<Secret> {
        const NULL: &Field<Secret> = &Field::Null;
        let block = || self.0.get(name.split_once('.')?.0);
        self.0.get(name).or_else(block).unwrap_or(NULL)
    }

    /// The text of the attribute of this name, if it is known and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let text = self.attribute(name).known()?;
        (!text.is_empty()).then(|| text.expose())
    }

    /// A provider block with these attributes.
    #[cfg(test)]
    pub(crate) fn of<const N: usize>(attributes: [(&str, &str); N]) -> Self {
        Self(
            attributes
                .map(|(name, text)| (name.to_owned(), text.into()))
                .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use terraform_plugin::framework::model::FieldType;
    use terraform_plugin::framework::value::Value;

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
        let config = Config::from_known(value.clone()).expect("a provider block");
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
        assert_eq!(config.into_value(), value);
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
