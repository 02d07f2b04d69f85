//! The environment variables as a value that is passed in, so that only `main` depends on those
//! of the process.

use std::collections::BTreeMap;
use std::fmt;

use crate::platform;

/// Environment variables as they were at one moment. Those whose name or value is not UTF-8 are
/// left out.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The variables of this process. Where `HOME` is not set, as for services that the system
    /// starts, it is the home directory that the system has for the user.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os();
        let mut variables: BTreeMap<String, String> = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        variables
            .entry("HOME".to_owned())
            .or_insert_with(|| platform::home().unwrap_or_default());
        Self(variables)
    }

    /// The value of the variable `name`. An empty variable counts as unset, as it does for
    /// Alibaba Cloud's SDKs.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.as_str();
        (!value.is_empty()).then_some(value)
    }

    /// The name and value of the first of these variables that is set.
    pub fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, &str)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        let texts = variables.map(|(name, value)| (name.into(), value.into()));
        Self(texts.collect())
    }
}

/// Shows only the names, because values may be credentials.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_is_unset_and_the_first_set_name_wins() {
        let environment: Environment = [("A", ""), ("B", "b"), ("C", "c")].into_iter().collect();
        assert_eq!(environment.get("A"), None);
        assert_eq!(environment.first(&["A", "B", "C"]), Some(("B", "b")));
        assert_eq!(environment.first(&["X"]), None);
    }

    /// Runs itself without the variable.
    #[test]
    fn who_has_no_home_has_the_one_that_the_system_knows() {
        const CHILD: &str = "ENVIRONMENT_TEST_CHILD";
        let environment = Environment::of_process();
        if environment.get(CHILD).is_some() {
            let home = environment.get("HOME").expect("a home");
            assert!(home.starts_with('/'), "{home}");
            return;
        }
        let output = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "environment::tests::who_has_no_home_has_the_one_that_the_system_knows",
            ])
            .env_remove("HOME")
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    #[test]
    fn debug_shows_no_value() {
        let environment: Environment = [("KEY", "s3cr3t")].into_iter().collect();
        assert_eq!(format!("{environment:?}"), r#"{"KEY"}"#);
    }
}
