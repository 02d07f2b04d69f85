//! What is named as a source of credentials and has no effect, because something else goes before
//! it: whoever named it may believe that another account is in use.

use base::environment::Environment;

use super::configured::Configured;
use super::source::Way;
use super::variables::{CREDENTIALS_URI, ECS_METADATA_DISABLED, ECS_ROLE_NAME, PROFILE, is_true};

/// What leads to a step of the chain.
#[derive(Clone, Copy)]
pub(super) enum Names {
    /// These arguments of the provider block.
    Arguments(&'static [&'static str]),
    /// The access key of the environment.
    Key,
    /// The arguments and the variables for a profile.
    Profile,
    /// The first of these variables that is set.
    Variables(&'static [&'static str]),
    /// Nothing that is set for this step alone.
    Others,
}

/// Collects what is named without effect.
#[derive(Default)]
pub(super) struct PassedOver {
    /// Whether the access key of the environment is used.
    key_of_environment: bool,
    /// The variables for the same thing as the argument or the profile that is used: these go
    /// before their own variables, which needs no warning.
    own_variables: &'static [&'static str],
    arguments: Vec<&'static str>,
    variables: Vec<&'static str>,
}

impl PassedOver {
    /// Notes what led to the step that found credentials, and by which way.
    pub(super) fn won(&mut self, names: Names, way: Option<&Way>) {
        self.key_of_environment = matches!(names, Names::Key);
        let way = match way {
            Some(Way::Profile(profile)) => Some(&profile.way),
            other => other,
        };
        // A profile that says where to ask takes from these what it leaves open.
        self.own_variables = match way {
            Some(Way::Uri(_)) => CREDENTIALS_URI,
            Some(Way::Metadata(_)) => ECS_ROLE_NAME,
            _ => &[],
        };
    }

    /// Adds what is set of that which leads to a later step.
    pub(super) fn add(&mut self, names: Names, configured: &Configured, environment: &Environment) {
        let arguments = match names {
            Names::Arguments(arguments) => arguments,
            Names::Profile => &["profile", "shared_credentials_file"],
            Names::Key | Names::Variables(_) | Names::Others => &[],
        };
        let set = arguments.iter().filter(|name| is_set(configured, name));
        self.arguments.extend(set);
        let variables = match names {
            // What the provider block says goes before the profile of a shell, as is expected.
            Names::Profile if self.key_of_environment => PROFILE,
            Names::Variables(ECS_ROLE_NAME) if is_true(environment, ECS_METADATA_DISABLED) => &[],
            Names::Variables(variables) if variables != self.own_variables => variables,
            _ => &[],
        };
        let set = environment.first(variables);
        self.variables.extend(set.map(|(name, _)| name));
    }

    /// Says what has no effect. `description` is what goes before it.
    pub(super) fn sentences(&self, description: &str) -> Option<String> {
        let sentences = [
            sentence(
                &self.arguments,
                ["The provider's", "The provider's"],
                description,
            ),
            sentence(
                &self.variables,
                ["The environment variable", "The environment variables"],
                description,
            ),
        ];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

/// A sentence about one name or several, which are called `what`.
fn sentence(names: &[&str], what: [&str; 2], description: &str) -> Option<String> {
    let [one, many] = what;
    match names {
        [] => None,
        [name] => Some(format!(
            "{one} {name} has no effect: {description} goes before."
        )),
        names => {
            let names = names.join(" and ");
            Some(format!(
                "{many} {names} have no effect: {description} goes before."
            ))
        }
    }
}

fn is_set(configured: &Configured, argument: &str) -> bool {
    match argument {
        "access_key" => configured.access_key.is_some(),
        "secret_key" => configured.secret_key.is_some(),
        "security_token" => configured.security_token.is_some(),
        "profile" => configured.profile.is_some(),
        "shared_credentials_file" => configured.shared_credentials_file.is_some(),
        "credentials_uri" => configured.credentials_uri.is_some(),
        "ecs_role_name" => configured.ecs_role_name.is_some(),
        _ => false,
    }
}
