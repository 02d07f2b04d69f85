//! What differs from one plugin to another, and who starts one.

/// What the plugin layer has to know of the provider that it serves.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The provider's type, which is its short name and the prefix of its resources, such as `aws`.
    /// The binary is called `terraform-provider-` and this name, and a variable for the log ends in
    /// it.
    pub name: &'static str,
    /// The provider's address in the registry: host, namespace and type, separated by `/`.
    pub address: &'static str,
    /// The version of the release, without a leading `v`.
    pub version: &'static str,
    /// The provider's crates, as the targets of events name them. Events of other crates are logged
    /// only as warnings and errors.
    pub crates: &'static [&'static str],
    /// Parts of the names of log fields whose values are secret, in lower case, besides the usual
    /// ones such as `password` and `token`.
    pub secret_fields: &'static [&'static str],
    /// The commands that the binary has besides serving. They appear in the help text; to run them
    /// is up to the binary.
    pub commands: &'static [Subcommand],
}

/// A command of the binary, as the help text describes it.
#[derive(Clone, Copy, Debug)]
pub struct Subcommand {
    /// The first argument, which selects the command.
    pub name: &'static str,
    /// The further arguments, as a line of usage writes them, such as `[--json] [--help]`.
    pub arguments: &'static str,
    /// What the command does, in a few words.
    pub about: &'static str,
}

/// Who started the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A person, to attach a debugger or a test. Such a process needs no cookie, serves without
    /// TLS, and stays until it is interrupted.
    Debug,
    /// Terraform or OpenTofu, as for every ordinary run.
    Terraform,
}

/// A plugin for tests.
#[cfg(test)]
pub(crate) mod testing {
    use super::{Plugin, Subcommand};

    /// The description of a provider that does not exist.
    pub(crate) const TOY: Plugin = Plugin {
        name: "toy",
        address: "registry.terraform.io/test/toy",
        version: "1.2.3",
        crates: &["toy_provider"],
        secret_fields: &["combination"],
        commands: &[Subcommand {
            name: "wind-up",
            arguments: "[--fast]",
            about: "Make the toy move",
        }],
    };
}
